"""Load the weights of a checkpoint into a model, and see that model and dataset fit each other.

``tools/test.py`` goes on with random weights where a checkpoint lacks some; a table of robustness
must not.
"""

import copy
import re
from pickle import UnpicklingError
from zipfile import BadZipFile

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from torch import nn

from mmdegrade.engine.launch import check_checkpoint

_UNREADABLE = (RuntimeError, EOFError, OSError, KeyError, UnpicklingError, BadZipFile)


def load_network(cfg: Config, checkpoint: str, name: str) -> tuple[nn.Module, tuple | None]:
    """Build the model of any config, with the weights of a checkpoint.

    Args:
        cfg: The config; its top-level ``data_preprocessor`` holds where the model names none.
        checkpoint: File or URL; 'none': the weights that training would start from.
        name: Named in errors.

    Returns:
        tuple: The model, in evaluation mode on the CPU, and the classes that it was trained on, if
        recorded.

    Raises:
        FileNotFoundError, ValueError: As :func:`load_weights`.
    """
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    model = copy.deepcopy(cfg.model)
    if cfg.get('data_preprocessor') is not None:  # as the runner does
        model.setdefault('data_preprocessor', cfg.data_preprocessor)
    checkpoint = check_checkpoint(checkpoint)
    network = MODELS.build(model)
    trained_on = None
    if checkpoint is None:
        network.init_weights()
    else:
        trained_on = load_weights(network, checkpoint, name)
    network.train(False)
    return network, trained_on


def load_weights(network: nn.Module, checkpoint: str, name: str) -> tuple[str, ...] | None:
    """Fill a network.

    Args:
        network: The network.
        checkpoint: File or URL.
        name: Named in errors.

    Returns:
        tuple[str] or None: Names of the classes that it was trained on, if recorded.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It cannot be read, holds no weights, lacks some of the network's, or has them
            in other shapes.
    """
    where = f'{name}: checkpoint {checkpoint!r}'
    try:
        loaded = CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu')
    except FileNotFoundError:
        raise
    except ValueError as error:  # says which file, and what is wrong with it
        raise ValueError(f'{name}: {error}') from error
    except _UNREADABLE as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(
            f'{where} cannot be read ({reason[0]}): is the file complete? Copy it again, or name '
            'another'
        ) from error
    state = loaded.get('state_dict', loaded) if isinstance(loaded, dict) else {}
    if not isinstance(state, dict) or not any(isinstance(v, torch.Tensor) for v in state.values()):
        raise ValueError(f'{where} holds no weights (no state_dict)')
    metadata = getattr(state, '_metadata', None)
    state = type(state)((re.sub(r'^module\.', '', key), value) for key, value in state.items())
    if metadata is not None:
        state._metadata = metadata
    try:
        missing, unexpected = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        first = next((line for line in str(error).splitlines() if 'size mismatch' in line), error)
        raise ValueError(f'{where} does not fit the config: {str(first).strip()}') from error
    missing = [key for key in missing if 'num_batches_tracked' not in key]
    if missing:
        raise ValueError(
            f'{where} does not fit the config: it lacks {len(missing)} of the weights, first '
            f'{missing[:3]}'
            + (f'; it has others, e.g. {unexpected[:3]}' if unexpected else '')
            + '. Which config trained it?'
        )
    meta = (loaded.get('meta') or {}) if 'state_dict' in loaded else {}
    classes = (meta.get('dataset_meta') or {}).get('classes') or meta.get('CLASSES')
    return tuple(classes) if classes else None


def check_classes(network: nn.Module, trained_on, classes, name: str) -> None:
    """Raise unless a model predicts the dataset's classes.

    Args:
        network: The network.
        trained_on: Names of the classes of its checkpoint; None: unknown, or not to be compared.
        classes: Names of the dataset's.
        name: Named in errors.

    Raises:
        ValueError: Other numbers or, apart from case and punctuation, other names of classes.
    """
    heads = {
        module.num_classes for module in network.modules() if isinstance(module, BaseDecodeHead)
    }
    if heads and len(classes) not in heads:
        raise ValueError(
            f'{name} predicts {", ".join(map(str, sorted(heads)))} classes, the dataset has '
            f'{len(classes)} ({", ".join(classes[:5])}, …): choose the dataset it was trained for '
            '(--data)'
        )
    if trained_on is None:
        return
    if len(trained_on) != len(classes):
        raise ValueError(
            f'{name} was trained on {len(trained_on)} classes, the dataset has {len(classes)}'
        )
    differing = [
        f'{index}: {theirs!r} is {ours!r} in the dataset'
        for index, (theirs, ours) in enumerate(zip(trained_on, classes, strict=True))
        if _bare(theirs) != _bare(ours)
    ]
    if differing:
        raise ValueError(
            f'{name} was trained on classes of other names ({"; ".join(differing[:3])}'
            f'{f"; {len(differing)} in all" if len(differing) > 3 else ""}). If they mean the '
            'same, say so by --any-class-names (same_names=False)'
        )


def _bare(name: str) -> str:
    return re.sub(r'[\W_]+', '', str(name).lower())
