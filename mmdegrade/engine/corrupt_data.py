"""One place in a config that says how many corrupt files a training goes on without."""

import copy
import difflib

from mmdegrade.datasets.corrupt_files import checked_limit

_SETTINGS = ('max_files',)


def _train_loaders(cfg):
    """The training loader and what stages change of it."""
    yield cfg.get('train_dataloader') or {}
    for stage in (cfg.get('train_cfg') or {}).get('stages') or ():
        yield stage.get('dataloader') or {}


def fill_corrupt_data(cfg):
    """Hand the config's ``corrupt_data = dict(max_files=…)`` on to its ``KeyedSampler``.

    Without ``corrupt_data`` the sampler's own default counts.

    Args:
        cfg (Config): Not changed.

    Returns:
        Config: A copy in which every ``KeyedSampler`` has ``max_corrupt``; the config itself where
            there is nothing to hand on.

    Raises:
        ValueError: An unknown setting, a number that is no limit, or a training loader whose
            sampler replaces nothing.
    """
    chosen = cfg.get('corrupt_data')
    if chosen is None:
        return cfg
    if not isinstance(chosen, dict) or set(chosen) != set(_SETTINGS):
        given = list(chosen) if isinstance(chosen, dict) else []
        near = [one for name in given for one in difflib.get_close_matches(name, _SETTINGS, n=1)]
        hint = f'; did you mean {near[0]!r}?' if near and near[0] not in given else ''
        raise ValueError(f'corrupt_data={chosen!r}; allowed: dict(max_files=10){hint}')
    limit = checked_limit(chosen['max_files'])
    cfg = copy.deepcopy(cfg)
    samplers = [loader['sampler'] for loader in _train_loaders(cfg) if loader.get('sampler')]
    keyed = [one for one in samplers if str(one.get('type')).endswith('KeyedSampler')]
    if samplers and not keyed:
        raise ValueError(
            f"corrupt_data={chosen!r} needs train_dataloader.sampler=dict(type='KeyedSampler'), "
            f'which replaces samples with corrupt files; it is {samplers[0].get("type")!r}'
        )
    for sampler in keyed:
        sampler.setdefault('max_corrupt', limit)
    return cfg
