"""Let a model that wraps a network load checkpoints of the plain network as well.

The one mechanism behind ``test.py CONFIG CLEAN``: a checkpoint without the names of the model's
parts is read as that of one part, and the other parts keep what they have: their own checkpoint,
if the config names one.
"""

from functools import partial

from torch import nn

from .restorers import load_restorer


def accept_plain_checkpoint(model: nn.Module, part: str, others: tuple[str, ...] = ()) -> None:
    """Make ``model.load_state_dict`` take the weights of its child ``part`` alone.

    Args:
        model (nn.Module): Its state dict names children; ``restorer_checkpoint`` is read from it.
        part (str): The child that a plain checkpoint is for.
        others (tuple[str, ...]): The other children with weights. A name that the model does not
            have, or one that is None, is passed over.
    """
    hook = partial(_read_as_part, part=part, others=others)
    # Handed the module instead of bound to it: a deep copy then fills itself, not the original.
    model._register_load_state_dict_pre_hook(hook, with_module=True)


def _read_as_part(
    model: nn.Module, state_dict: dict, prefix: str, *_, part: str, others: tuple[str, ...]
) -> None:
    own = [key for key in state_dict if key.startswith(prefix)]
    names = tuple(f'{prefix}{name}.' for name in (part, *others, 'data_preprocessor'))
    if not own or any(key.startswith(names) for key in own):
        return
    for key in own:
        state_dict[f'{prefix}{part}.{key[len(prefix) :]}'] = state_dict.pop(key)
    kept = {name: getattr(model, name, None) for name in others}
    if kept.get('restorer') is not None and model.restorer_checkpoint is not None:
        load_restorer(kept['restorer'], model.restorer_checkpoint)
    for name, child in kept.items():
        for key, value in child.state_dict().items() if child is not None else ():
            state_dict[f'{prefix}{name}.{key}'] = value
