"""imagecorruptions, which knows no parameters but the published severities."""

from mmdegrade.degradations import PRESETS

from .registry import peer


def _severity(levels, params: dict) -> int:
    """The published severity whose parameters are nearest to ``params``."""

    def distance(level):
        pairs = [(v, params[name]) for name, v in level.items() if isinstance(v, (int, float))]
        return sum(abs(a - b) / max(abs(a), abs(b), 1e-9) for a, b in pairs)

    return 1 + min(range(len(levels)), key=lambda i: distance(levels[i]))


for _name, _series in PRESETS['imagenet-c'].series.items():

    @peer('imagecorruptions', _name, _series.kind)
    def _(lib, p, img, name=_name, levels=_series.levels):
        severity = _severity(levels, p)
        return lambda x: lib.corrupt(x, severity=severity, corruption_name=name)
