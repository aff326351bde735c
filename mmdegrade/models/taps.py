"""Feature taps: read inner feature maps of any network by module name, without touching it."""

import difflib
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from torch import Tensor, nn

from .default_taps import default_taps

#: ``taps='default'``: what DGN matches in a network of this kind.
DEFAULT = 'default'
#: ``taps='out_indices'``: what the backbone returns, one block per map.
OUT_INDICES = 'out_indices'
_OUT = re.compile(r'^out_indices\.(\d+)$')


class ForwardStopped(Exception):
    """Raised inside a forward pass when the last tap has been read; the caller catches it."""


def _matches(pattern: str, names: Sequence[str]) -> list[str]:
    """Module names matching ``pattern``; ``*`` does not cross a dot."""
    depth = pattern.count('.')
    found = [name for name in names if name.count('.') == depth and fnmatchcase(name, pattern)]
    if not found:
        close = difflib.get_close_matches(pattern, names, n=3, cutoff=0.5)
        hint = f'; did you mean {", ".join(close)}?' if close else ''
        raise ValueError(
            f'taps: {pattern!r} matches no module of the segmentor{hint} List the names with '
            '`print([n for n, _ in model.named_modules()])`'
        )
    return found


def _patterns(given) -> list[str]:
    """A name or several, as a list; anything else is a mistake in the config."""
    patterns = [given] if isinstance(given, str) else given
    if not isinstance(patterns, Sequence) or not all(isinstance(one, str) for one in patterns):
        raise ValueError(f'taps: {given!r} must be the name of a module or a list of names')
    return list(patterns)


def resolve_taps(model: nn.Module, taps) -> dict[str, list[str]]:
    """Turn a ``taps`` config into module names by block.

    Args:
        model (nn.Module): The network, with a ``backbone`` child where ``out_indices`` or
            ``default`` is used.
        taps: ``'default'`` (by the class of the backbone: :func:`default_taps`);
            ``'out_indices'``; a sequence of names or patterns (``'backbone.layer3.*'``; the
            block is named after the parent module, ``layer3``); or a mapping from block name to
            such a sequence. ``'out_indices.2'`` means the backbone's third output. Patterns are
            those of ``fnmatch``, and ``*`` stays within one part of the name.

    Returns:
        dict[str, list[str]]: Block name to module names, in the order of the network.

    Raises:
        ValueError: A pattern matches nothing, ``taps`` is empty or not made of names, or
            ``'default'`` does not know the backbone.
    """
    if taps == DEFAULT:
        taps = default_taps(model)
    names = [name for name, _ in model.named_modules() if name]
    if taps == OUT_INDICES:
        if 'backbone' not in names:
            raise ValueError("taps='out_indices' needs a segmentor with a backbone")
        return {OUT_INDICES: [OUT_INDICES]}
    blocks: dict[str, list[str]] = {}
    if isinstance(taps, Mapping):
        for block, patterns in taps.items():
            blocks[block] = [
                name
                for pattern in _patterns(patterns)
                for name in ([pattern] if _OUT.match(pattern) else _matches(pattern, names))
            ]
    else:
        for pattern in _patterns(taps or ()):
            if _OUT.match(pattern):
                blocks[pattern.replace('.', '')] = [pattern]
                continue
            for name in _matches(pattern, names):
                parent = name.rpartition('.')[0].rpartition('.')[2] or name
                blocks.setdefault(parent, []).append(name)
    if not blocks or not all(blocks.values()):
        raise ValueError(
            f'taps={taps!r} names no layer; allowed: {DEFAULT!r}, {OUT_INDICES!r} or module names'
        )
    order = {name: place for place, name in enumerate(names)}
    return {
        block: sorted(dict.fromkeys(members), key=lambda name: order.get(name, len(order)))
        for block, members in blocks.items()
    }


def _as_map(output: Tensor) -> Tensor:
    """N×L×C tokens of a transformer block -> N×C×L×1, a view; N×C×H×W as it is.

    Gram matrices, means and the other distances between maps do not ask where a position lies.
    """
    return output.mT[..., None] if output.ndim == 3 else output


class FeatureTap:
    """Forward hooks that keep the latest output of named layers.

    Layers give N×C×H×W maps, or the N×L×C tokens of a transformer, read as N×C×L×1.

    Args:
        model (nn.Module): The network to watch. It is not changed.
        taps: See :func:`resolve_taps`.
        stop_after_last (bool): Raise :class:`ForwardStopped` out of the forward pass as soon as
            every tap has been reached, so that a teacher skips what nobody reads. Defaults to
            False.

    Raises:
        ValueError: A tap matches nothing.
    """

    def __init__(self, model: nn.Module, taps, stop_after_last: bool = False) -> None:
        self.blocks = resolve_taps(model, taps)
        self.stop_after_last = stop_after_last
        self._maps: dict[str, tuple[Tensor, int | None]] = {}
        self._wanted = {name for members in self.blocks.values() for name in members}
        modules = dict(model.named_modules())
        self._handles = []
        for name in sorted(self._wanted):
            if name == OUT_INDICES or _OUT.match(name):
                continue
            self._handles.append(modules[name].register_forward_hook(self._recorder(name)))
        if any(name == OUT_INDICES or _OUT.match(name) for name in self._wanted):
            self._handles.append(model.backbone.register_forward_hook(self._record_outputs))

    def _recorder(self, name: str):
        def record(module, args, output):
            self._keep(name, output)
            self._maybe_stop()

        return record

    def _record_outputs(self, module, args, output) -> None:
        outputs = [output] if isinstance(output, Tensor) else list(output)
        if OUT_INDICES in self._wanted:
            self.blocks.pop(OUT_INDICES, None)
            for index, feature in enumerate(outputs):
                name = f'{OUT_INDICES}.{index}'
                self.blocks[f'out{index}'] = [name]
                self._keep(name, feature)
        else:
            for name in self._wanted:
                match = _OUT.match(name)
                if not match:
                    continue
                if int(match[1]) >= len(outputs):
                    raise ValueError(
                        f'taps: {name!r} does not exist, the backbone returns {len(outputs)} maps'
                    )
                self._keep(name, outputs[int(match[1])])
        self._maybe_stop()

    def _keep(self, name: str, output) -> None:
        if not isinstance(output, Tensor) or output.ndim not in (3, 4):
            what = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
            raise ValueError(
                f'taps: {name!r} gives {what}, not an N×C×H×W map (or N×L×C tokens); tap a layer '
                "inside it, or 'out_indices'"
            )
        # Inference tensors carry no version counter; nothing can be trained through them anyway.
        self._maps[name] = (output, None if output.is_inference() else output._version)

    def _maybe_stop(self) -> None:
        members = [name for names in self.blocks.values() for name in names]
        if self.stop_after_last and all(name in self._maps for name in members):
            raise ForwardStopped

    def read(self) -> dict[str, list[Tensor]]:
        """Give the maps of the last forward pass by block, and forget them.

        Returns:
            dict[str, list[Tensor]]: Block name to N×C×H×W maps of one shape.

        Raises:
            RuntimeError: A layer did not run, or an in-place operation overwrote its output.
            ValueError: The maps of a block differ in shape.
        """
        maps, self._maps = self._maps, {}
        result = {}
        for block, members in self.blocks.items():
            absent = [name for name in members if name not in maps]
            if absent:
                raise RuntimeError(f'taps: {", ".join(absent)} did not run in the forward pass')
            for name in members:
                output, version = maps[name]
                if version is not None and output._version != version:
                    raise RuntimeError(
                        f'taps: the output of {name!r} was overwritten by an in-place operation '
                        'after it (often ReLU(inplace=True)); tap that later layer instead'
                    )
            shapes = {tuple(maps[name][0].shape) for name in members}
            if len(shapes) > 1:
                listing = ', '.join(f'{name} {tuple(maps[name][0].shape)}' for name in members)
                raise ValueError(
                    f'taps: block {block!r} mixes shapes ({listing}); put layers of different '
                    'shape into different blocks: taps=dict(a=[…], b=[…])'
                )
            result[block] = [_as_map(maps[name][0]) for name in members]
        return result

    def clear(self) -> None:
        """Forget what was recorded."""
        self._maps = {}

    def remove(self) -> None:
        """Take the hooks off the network."""
        for handle in self._handles:
            handle.remove()
        self._handles = []
        self.clear()
