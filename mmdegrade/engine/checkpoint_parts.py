"""See that a checkpoint which is to be tested holds every part that the model tests with.

MMEngine only warns of missing weights. A cascade of two blocks that is given a checkpoint of one
block would be tested with random networks, and its poor numbers believed.
"""

from collections.abc import Mapping

from torch import nn


def require_parts(model: nn.Module, checkpoint: Mapping, path: str) -> None:
    """Compare parts of a cascade with those in a checkpoint.

    Args:
        model (nn.Module): Looked at if it has ``tested_parts()``: names of the children that
            predictions are made with, in order.
        checkpoint (Mapping): As it was loaded. One that holds no part at all is MMEngine's to
            report.
        path (str): Its file, named in the error.

    Raises:
        ValueError: Parts are missing.
    """
    if not hasattr(model, 'tested_parts'):
        return
    state = checkpoint.get('state_dict', checkpoint)
    held = [part for part in model.part_names if any(key.startswith(f'{part}.') for key in state)]
    tested = list(model.tested_parts())
    missing = [part for part in tested if part not in held]
    if not held or not missing:
        return
    before = tested[: tested.index(missing[0])]
    stop = f', or stop before them by --cfg-options model.stop_after={before[-1]}' if before else ''
    raise ValueError(
        f'checkpoint {path!r} holds the parts {", ".join(held)}, and {type(model).__name__} tests '
        f'{", ".join(tested)}: {", ".join(missing)} would be random. Test the config that the '
        f'checkpoint was trained with{stop}'
    )
