"""One place in a config that says which degradation is studied."""

import copy

from mmdegrade.degradations import KINDS, Request, get_series

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def transforms_in(node):
    """Every dict with a ``type`` below ``node``: transforms inside datasets inside wrappers."""
    if isinstance(node, dict):
        if 'type' in node:
            yield node
        node = list(node.values())
    if isinstance(node, (list, tuple)):
        for child in node:
            yield from transforms_in(child)


def _is_degrade(kind) -> bool:
    """Whether a transform's ``type`` means ``Degrade``: its name, with scope or not, or itself."""
    return getattr(kind, '__name__', str(kind)).rpartition('.')[2] == 'Degrade'


def _check(chosen: dict) -> None:
    if 'kind' not in chosen:
        allowed = ', '.join(('clean', *KINDS))
        raise ValueError(f'degradation={chosen}: kind is not set; allowed: {allowed}')
    named = {name: chosen.get(name) for name in ('kind', 'degree', 'preset')}
    params = {name: value for name, value in chosen.items() if name not in named}
    try:
        request = Request(**named, params=params)
    except (TypeError, ValueError) as error:
        raise ValueError(f'degradation={chosen}: {error}') from error
    # dict(kind='awgn', sigma=25) overridden by kind=gblur degree=5 would blur with sigma 25.
    if isinstance(request.degree, int):
        published = get_series(request.kind, request.preset).params(request.degree)
        for name in published.keys() & params.keys():
            raise ValueError(
                f'degradation={chosen}: degree={request.degree} means '
                f'{name}={published[name]}, and {name}={params[name]} is given too; give one'
            )


def chosen_degradation(cfg, loader: str) -> dict | None:
    """Arguments that the top-level ``degradation`` means for a ``Degrade`` of ``loader``.

    ``degradation = dict(kind='gblur', degree=5, train=dict(prob=0.5))``: what stands under
    ``train`` goes to the training pipeline only (``prob``, ``keep_clean``).

    Raises:
        ValueError: The kind or degree is unknown, or a parameter contradicts the degree.
    """
    if cfg.get('degradation') is None:
        return None
    chosen = dict(cfg['degradation'])
    extra = chosen.pop('train', {})
    if chosen.get('kind') == 'clean':
        chosen = dict(kind='clean')
    else:
        _check(chosen)
    return {**chosen, **extra} if loader == 'train_dataloader' else chosen


def fill_degradation(cfg):
    """Give every ``Degrade`` without a kind the config's top-level ``degradation``.

    Args:
        cfg (Config): Not changed.

    Returns:
        Config: A copy in which no ``Degrade`` lacks a kind.

    Raises:
        ValueError: The kind or degree is unknown, a parameter contradicts the degree, or there is
            no ``degradation`` for a ``Degrade`` without a kind.
    """
    cfg = copy.deepcopy(cfg)
    for loader in LOADERS:
        chosen = chosen_degradation(cfg, loader)
        used = [cfg.get(loader)]
        if loader == 'train_dataloader':
            used += [
                stage.get('dataloader') for stage in (cfg.get('train_cfg') or {}).get('stages', ())
            ]
        for transform in transforms_in(used):
            if _is_degrade(transform['type']) and transform.get('kind') is None:
                if chosen is None:
                    raise ValueError(
                        f'{loader}: a Degrade has no kind, and the config has no degradation; set '
                        "`degradation = dict(kind='gblur', degree=5)` at its top level"
                    )
                transform.update(chosen)
    return cfg
