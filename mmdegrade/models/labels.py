"""The labels of a batch, as one tensor that is checked."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def check_labels(name: str, labels: Tensor, classes: int, ignore_index: int = 255) -> Tensor:
    """Refuse labels out of range: on a GPU they would end the process without naming one.

    Args:
        name (str): What holds the labels, for the error.
        labels (Tensor): Integers of any shape.
        classes (int): Number of classes.
        ignore_index (int): The one label beyond 0 to ``classes`` − 1.

    Returns:
        Tensor: bool of the same shape, False where a pixel is ignored.

    Raises:
        ValueError: Names a label that is out of range.
    """
    valid = labels != ignore_index
    wrong = valid & ((labels < 0) | (labels >= classes))
    if wrong.any():
        raise ValueError(
            f'{name} holds label {int(labels[wrong][0])}; allowed: 0 to '
            f'{classes - 1} and ignore_index={ignore_index}'
        )
    return valid


def stack_labels(
    name: str, data_samples: Sequence | None, size: Sequence[int], ignore_index: int = 255
) -> Tensor:
    """Stack ``gt_sem_seg`` of a batch, padded as the images are.

    mmseg pads images and labels alike in training; in testing it pads images only.

    Args:
        name (str): Who asks, for the errors.
        data_samples (Sequence[SegDataSample]): With ``gt_sem_seg``, 1×H×W.
        size (Sequence[int]): Height and width of the network's input.
        ignore_index (int): Label of what is added.

    Returns:
        Tensor: N×H×W int64 on the device of the labels.

    Raises:
        ValueError: A sample has no labels, or labels of another size.
    """
    if data_samples is None or any('gt_sem_seg' not in sample for sample in data_samples):
        raise ValueError(
            f'{name} needs the labels of every image: put LoadMask into the pipeline, before '
            'PackDegradeInputs, and use a dataset that has masks'
        )
    stacked = []
    for sample in data_samples:
        labels = sample.gt_sem_seg.data.squeeze(0)
        if tuple(labels.shape) != tuple(size):
            padded = F.pad(labels, sample.metainfo.get('img_padding_size', (0,) * 4), 'constant',
                           ignore_index)  # fmt: skip
            if tuple(padded.shape) != tuple(size):
                raise ValueError(
                    f'{name}: {sample.get("img_path")} has labels of '
                    f'{"x".join(map(str, labels.shape))}, the network sees '
                    f'{"x".join(map(str, size))} (height x width): resize image and mask alike'
                )
            labels = padded
        stacked.append(labels)
    return torch.stack(stacked).long()
