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
        checkpoint (str): Its own weights, or a checkpoint of a model that holds it as ``restorer``
            (``RestorationModel``, ``RestoreThenSegment``).
        key (str): Config key named in errors.
        part (str): Below which name the model holds it.

    Raises:
        FileNotFoundError: The file is not there.
        ValueError: Keys are missing, unexpected or misshapen.
    """
    state, _ = part_state(require_checkpoint(checkpoint, key), part)
    try:
        restorer.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(
            f'{key}={checkpoint!r} does not fit {type(restorer).__name__}: {error}'
        ) from error
