"""Pixel counts of predictions, and the IoU of their sums exactly as ``tools/test.py`` prints it.

A prediction is kept as four counts for each class: pixels that agree, predicted pixels, labelled
pixels, all by one histogram of (label, prediction) pairs where mmseg's ``IoUMetric`` takes three
histograms of masked copies. Counts of single images are whole numbers, so nothing is lost by
keeping them, in a file or from another process; the sums over images and the ratios are then taken
by ``IoUMetric``'s own arithmetic, in its order and precision (float32): its numbers, not close
ones.
"""

from collections.abc import Sequence

import numpy as np
import torch
from mmseg.evaluation import IoUMetric


def count_pixels(
    prediction: torch.Tensor, label: torch.Tensor, num_classes: int, ignore_index: int = 255
) -> np.ndarray:
    """Count the pixels of one image by class.

    Args:
        prediction (Tensor): H×W, whole numbers, classes.
        label (Tensor): H×W, whole numbers. ``ignore_index`` leaves a pixel out; another label
            that is no class counts for what was predicted there, as in ``IoUMetric``.
        num_classes (int): Number of classes.
        ignore_index (int): Label of pixels that do not count.

    Returns:
        np.ndarray: K×4 int32, one row for each class that occurs: class, pixels that agree,
        predicted, labelled.

    Raises:
        ValueError: The sizes differ, or a predicted class is not one of ``num_classes``.
    """
    if prediction.shape != label.shape:
        raise ValueError(
            f'prediction {tuple(prediction.shape)} and label {tuple(label.shape)} differ in size'
        )
    n = num_classes
    prediction = prediction.long()
    if prediction.numel() and not 0 <= int(prediction.min()) <= int(prediction.max()) < n:
        raise ValueError(
            f'the model predicts class {int(prediction.max())}, the dataset has {n} classes: '
            f'0 to {n - 1}'
        )
    label = label.to(prediction.device)
    # One row of the histogram for each class, one for other labels, one for what does not count.
    row = torch.where((label >= 0) & (label < n), label, n)
    row = torch.where(label == ignore_index, n + 1, row)
    pairs = torch.bincount((row * n).add_(prediction).flatten(), minlength=(n + 2) * n)
    pairs = pairs.reshape(n + 2, n)[: n + 1].cpu().numpy()
    table = np.stack([np.diagonal(pairs), pairs.sum(0), pairs[:n].sum(1)], axis=1)
    rows = table.any(1).nonzero()[0]
    return np.column_stack([rows, table[rows]]).astype(np.int32)


def dense(counts: Sequence[np.ndarray], num_classes: int) -> np.ndarray:
    """Counts of several images as one N×3×C int64 array: agree, predicted, labelled."""
    table = np.zeros((len(counts), 3, num_classes), np.int64)
    for image, rows in enumerate(counts):
        table[image][:, rows[:, 0]] = rows[:, 1:].T
    return table


def metrics_of(counts: np.ndarray, nan_to_num: float | None = None) -> dict:
    """IoU and accuracy of counts, in percent, not rounded.

    Args:
        counts (np.ndarray): N×3×C, from :func:`dense`, in the order of the dataset.
        nan_to_num (float, optional): ``IoUMetric``'s argument, for classes that do not occur.

    Returns:
        dict: aAcc, mIoU, mAcc (float; rounded to two decimals these are what ``tools/test.py``
        prints), and IoU, Acc (C float64 each; NaN for a class that does not occur).
    """
    agree, predicted, labelled = torch.from_numpy(counts.astype(np.float32)).unbind(1)
    areas = (agree, predicted + labelled - agree, predicted, labelled)
    sums = [sum(area) for area in areas]  # one image after the other, as IoUMetric does
    found = IoUMetric.total_area_to_metrics(*sums, ['mIoU'], nan_to_num)
    return dict(
        aAcc=_mean(found['aAcc']),
        mIoU=_mean(found['IoU']),
        mAcc=_mean(found['Acc']),
        IoU=found['IoU'].astype(np.float64) * 100,
        Acc=found['Acc'].astype(np.float64) * 100,
    )


def _mean(values: np.ndarray) -> float:
    """``np.nanmean`` as ``IoUMetric`` takes it, without its warning where nothing occurs."""
    return float(np.nanmean(values) * 100) if not np.isnan(values).all() else float('nan')


def image_scores(counts: np.ndarray) -> np.ndarray:
    """mIoU of each image by itself, in percent, over the classes that occur in it: N float64."""
    agree, predicted, labelled = counts.astype(np.float64).swapaxes(0, 1)
    union = predicted + labelled - agree
    occurs = union > 0
    iou = np.divide(agree, union, out=np.zeros_like(agree), where=occurs)
    number = occurs.sum(1)
    return np.where(number > 0, 100 * iou.sum(1) / np.maximum(number, 1), np.nan)
