"""Load clean-trained weights into a segmentor, strictly, with errors that say what to do."""

import os.path as osp

from mmengine.runner import CheckpointLoader
from torch import nn


def find_command(checkpoint: str) -> str:
    """The command that makes ``work_dirs/NAME/….pth``: training the config called NAME."""
    name = osp.basename(osp.dirname(checkpoint))
    return f'python tools/train.py configs/*/{name}.py' if name else 'python tools/train.py CONFIG'


def checkpoint_is_there(checkpoint: str | None) -> bool:
    """Whether a file is there; what is remote (``https://…``) is not looked for."""
    return bool(checkpoint) and ('://' in checkpoint or osp.isfile(osp.expanduser(checkpoint)))


def how_to_get_checkpoint(checkpoint: str | None, key: str) -> str:
    """What to do about a checkpoint that is not there; ``key`` is that of the config."""
    return (
        f'Train it with `{find_command(checkpoint or "")}`, or name another with '
        f'`--cfg-options {key}=PATH`'
    )


def require_checkpoint(checkpoint: str | None, key: str = 'clean_checkpoint') -> str:
    """Return ``checkpoint`` if it is there (or is remote, e.g. ``https://…``).

    Raises:
        FileNotFoundError: Names the config key, the path and the command that produces it.
    """
    if checkpoint_is_there(checkpoint):
        return checkpoint
    raise FileNotFoundError(
        f'{key}={checkpoint!r}: no such checkpoint. {how_to_get_checkpoint(checkpoint, key)}'
    )


def part_state(checkpoint: str, part: str) -> tuple[dict, tuple | None]:
    """Read the weights of one network, and its class names where they are recorded.

    Checkpoints of our wrappers hold it below ``part`` ('segmentor.'); those of itself do not.
    """
    loaded = CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu')
    state = loaded.get('state_dict', loaded)
    inner = {key.removeprefix(part): value for key, value in state.items() if key.startswith(part)}
    meta = loaded.get('meta') or {}
    classes = (meta.get('dataset_meta') or {}).get('classes')
    return inner or dict(state), tuple(classes) if classes else None


def load_clean_checkpoint(
    model: nn.Module, checkpoint: str, key: str = 'model.clean_checkpoint'
) -> None:
    """Load a clean-trained segmentor; every key must fit.

    Args:
        model (nn.Module): The segmentor to fill.
        checkpoint (str): File, or anything MMEngine loads (``https://…``).
        key (str): Config key named in errors.

    Raises:
        FileNotFoundError: The file is not there.
        ValueError: The number of classes differs, or keys are missing, unexpected or misshapen.
    """
    state, classes = part_state(require_checkpoint(checkpoint, key), 'segmentor.')
    own = model.state_dict()
    wanted = getattr(getattr(model, 'decode_head', None), 'num_classes', None)
    if wanted and classes and len(classes) != wanted:
        raise ValueError(
            f'{key}={checkpoint!r} was trained on {len(classes)} classes ({", ".join(classes)}), '
            f'the config has num_classes={wanted}: set num_classes of its heads, or use a '
            'checkpoint of the same dataset'
        )
    shapes = {
        name: (tuple(state[name].shape), tuple(own[name].shape))
        for name in own
        if name in state and state[name].shape != own[name].shape
    }
    if shapes:
        name, (theirs, ours) = next(iter(shapes.items()))
        classifier = next((name for name in shapes if 'conv_seg' in name), None)
        reason = (
            f' (classes: {shapes[classifier][0][0]} in the checkpoint, '
            f'{shapes[classifier][1][0]} in the config)'
            if classifier
            else ''
        )
        raise ValueError(
            f'{key}={checkpoint!r} does not fit model.segmentor{reason}: {len(shapes)} tensors '
            f'differ in shape, first {name}: {theirs} in the checkpoint, {ours} in the config'
        )
    missing = [name for name in own if name not in state and 'num_batches_tracked' not in name]
    unexpected = [name for name in state if name not in own]
    if missing or unexpected:
        raise ValueError(
            f'{key}={checkpoint!r} does not fit model.segmentor: missing {missing[:5]} '
            f'({len(missing)} in all), unexpected {unexpected[:5]} ({len(unexpected)} in all)'
        )
    model.load_state_dict(state, strict=False)
