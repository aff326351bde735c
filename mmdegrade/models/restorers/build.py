"""Build restorers from configs, and fill them from checkpoints."""

from mmengine.config import ConfigDict
from mmengine.registry import MODELS

from ..clean_checkpoint import part_state, require_checkpoint
from .base import Restorer


def build_restorer(cfg: dict, key: str = 'model.restorer') -> Restorer:
    """Build a restorer.

    Args:
        cfg (dict): Its config.
        key (str): Config key named in errors.

    Raises:
        TypeError: It is not a ``Restorer``.
    """
    restorer = MODELS.build(ConfigDict(cfg))
    if not isinstance(restorer, Restorer):
        raise TypeError(
            f'{key}.type={type(restorer).__name__!r} is not a Restorer; inherit '
            'from mmdegrade.models.restorers.Restorer'
        )
    return restorer


def load_restorer(
    restorer: Restorer,
    checkpoint: str,
    key: str = 'model.restorer_checkpoint',
    part: str = 'restorer.',
) -> None:
    """Load trained weights into a restorer; every key must fit.

    Args:
        restorer (Restorer): Filled in place.
        checkpoint (str): Its own weights, or a checkpoint of a model that holds it: as ``restorer``
            (``RestorationModel``, ``RestoreThenSegment``), or by another name, if one network in
            it fits (``derain`` of ``UBCNSegmentor``).
        key (str): Config key named in errors.
        part (str): Below which name to look first.

    Raises:
        FileNotFoundError: The file is not there.
        ValueError: Keys are missing, unexpected or misshapen; or several networks would fit.
    """
    state, _ = part_state(require_checkpoint(checkpoint, key), part)
    try:
        restorer.load_state_dict(state)
    except RuntimeError as error:
        own = restorer.state_dict()
        fitting = _prefixes_that_fit(own, state)
        if len(fitting) != 1:
            raise ValueError(
                f'{key}={checkpoint!r} does not fit {type(restorer).__name__}: '
                + (f'it holds several that do, {fitting}' if fitting else _differences(own, state))
            ) from error
        restorer.load_state_dict({name: state[fitting[0] + name] for name in own})


def _prefixes_that_fit(own: dict, state: dict) -> list[str]:
    """Names below which ``state`` holds every tensor of ``own``, in its shape."""
    first = '.' + next(iter(own))
    prefixes = [name[: 1 - len(first)] for name in state if name.endswith(first)]
    return [
        prefix
        for prefix in prefixes
        if all(
            prefix + name in state and state[prefix + name].shape == tensor.shape
            for name, tensor in own.items()
        )
    ]


def _differences(own: dict, state: dict) -> str:
    """How many tensors differ, and the first of each kind."""
    shapes = [name for name in own if name in state and state[name].shape != own[name].shape]
    found = dict(
        missing=[name for name in own if name not in state],
        unexpected=[name for name in state if name not in own],
        misshapen=[
            f'{name} ({tuple(state[name].shape)} instead of {tuple(own[name].shape)})'
            for name in shapes
        ],
    )
    return '; '.join(
        f'{len(names)} {what}, first {names[0]}' for what, names in found.items() if names
    )
