"""Torchvision's weights for MMPretrain's AlexNet and VGG, whose layers are called otherwise.

Both are chains: the convolutions of ``features``, then the fully connected layers of
``classifier``. They are matched in order; the last layer, whose classes differ, is left alone.
"""

import torch
from mmengine.logging import print_log
from mmengine.runner import CheckpointLoader
from torch import nn


def load_torchvision(model: nn.Module, checkpoint: str) -> int:
    """Fill the backbone and all but the last fully connected layer of the head.

    Args:
        model (nn.Module): An ``ImageClassifier``, filled in place.
        checkpoint (str): E.g. ``'torchvision://alexnet'``, or a file.

    Returns:
        int: Number of layers that were filled.

    Raises:
        ValueError: The layers of the two differ in number or shape.
    """
    state = CheckpointLoader.load_checkpoint(checkpoint, map_location='cpu')
    state = state.get('state_dict', state)
    count = 0
    for part, name, kind in (
        (model.backbone, 'features', (nn.Conv2d, nn.BatchNorm2d)),
        (model.head, 'classifier', nn.Linear),
    ):
        ours = [module for module in part.modules() if isinstance(module, kind)]
        theirs = list(
            dict.fromkeys(key.rpartition('.')[0] for key in state if key.startswith(f'{name}.'))
        )
        if len(ours) != len(theirs):
            raise ValueError(
                f'model.torchvision_checkpoint={checkpoint!r} has {len(theirs)} layers in {name}, '
                f'the classifier {len(ours)}; allowed: weights of the same network'
            )
        pairs = list(zip(ours, theirs, strict=True))
        for module, prefix in pairs[:-1] if name == 'classifier' else pairs:
            values = {key: state[f'{prefix}.{key}'] for key in module.state_dict()}
            for key, own in module.state_dict().items():
                if own.shape != values[key].shape:
                    raise ValueError(
                        f'model.torchvision_checkpoint={checkpoint!r}: {prefix}.{key} is '
                        f'{tuple(values[key].shape)}, the classifier has {tuple(own.shape)}'
                    )
            with torch.no_grad():
                module.load_state_dict(values)
            count += 1
    print_log(f'{checkpoint}: {count} layers loaded', logger='current')
    return count
