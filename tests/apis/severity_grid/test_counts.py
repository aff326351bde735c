"""Pixel counts against IoUMetric and plain loops, and its arithmetic to the last digit."""

import numpy as np
import pytest
import torch
from mmseg.evaluation import IoUMetric

from mmdegrade.apis.severity_grid.counts import count_pixels, dense, image_scores, metrics_of

CLASSES = 11


def pair(seed: int, size=(17, 23), classes=CLASSES):
    """Random prediction and label; labels hold 255 (ignored) and 11 (no class, not ignored)."""
    rng = np.random.default_rng(seed)
    label = rng.choice([*range(classes), classes, 255], size).astype(np.int64)
    prediction = rng.integers(0, classes - 2, size)  # two classes are never predicted
    prediction[rng.random(size) < 0.5] = np.minimum(label, classes - 3)[0, 0]
    return torch.from_numpy(prediction), torch.from_numpy(label)


@pytest.mark.parametrize('ignore_index', [255, 3])
def test_counts_are_those_of_iou_metric(ignore_index):
    for seed in range(5):
        prediction, label = pair(seed)
        ours = dense([count_pixels(prediction, label, CLASSES, ignore_index)], CLASSES)[0]
        theirs = IoUMetric.intersect_and_union(prediction, label, CLASSES, ignore_index)
        agree, union, predicted, labelled = (area.numpy() for area in theirs)
        assert np.array_equal(ours, [agree, predicted, labelled])
        assert np.array_equal(ours[1] + ours[2] - ours[0], union)


def test_counts_in_a_loop():
    prediction = torch.tensor([[0, 1, 1], [2, 2, 0]])
    label = torch.tensor([[0, 1, 2], [2, 255, 9]])
    rows = count_pixels(prediction, label, 4)
    # class: agree, predicted (the ignored pixel left out), labelled
    assert rows.tolist() == [[0, 1, 2, 1], [1, 1, 2, 1], [2, 1, 1, 2]]
    assert rows.dtype == np.int32


def test_nothing_to_count():
    everything_ignored = torch.full((3, 4), 255)
    rows = count_pixels(torch.zeros(3, 4, dtype=torch.long), everything_ignored, CLASSES)
    assert rows.shape == (0, 4)
    found = metrics_of(dense([rows], CLASSES))
    assert np.isnan(found['mIoU']) and np.isnan(found['aAcc'])
    assert np.isnan(image_scores(dense([rows], CLASSES))).all()


@pytest.mark.parametrize('nan_to_num', [None, 0])
def test_metrics_are_those_of_iou_metric(nan_to_num, capsys):
    pairs = [pair(seed) for seed in range(6)]
    metric = IoUMetric(nan_to_num=nan_to_num)
    metric.dataset_meta = dict(classes=[str(i) for i in range(CLASSES)])
    theirs = metric.compute_metrics(
        [IoUMetric.intersect_and_union(*one, CLASSES, 255) for one in pairs]
    )
    ours = metrics_of(dense([count_pixels(*one, CLASSES) for one in pairs], CLASSES), nan_to_num)
    for key, value in theirs.items():
        assert np.round(np.float32(ours[key]), 2) == value


def test_the_same_rounding_of_large_sums():
    """More pixels than float32 counts exactly: the sums are rounded where IoUMetric rounds them."""
    rng = np.random.default_rng(0)
    table = np.zeros((60, 3, 2), np.int64)
    table[:, 1:] = rng.integers(2_000_000, 2_097_152, (60, 2, 2))
    table[:, 0] = table[:, 1:].min(1) // 2 + 1
    areas = torch.from_numpy(table.astype(np.float32))
    sums = [sum(areas[:, place]) for place in range(3)]
    iou = (sums[0] / sum(a[1] + a[2] - a[0] for a in areas)).numpy()
    exact = table.sum(0)[0] / (table.sum(0)[1] + table.sum(0)[2] - table.sum(0)[0])
    ours = metrics_of(table)
    assert np.array_equal(ours['IoU'], iou.astype(np.float64) * 100)
    assert ours['IoU'] == pytest.approx(exact * 100, rel=1e-5)
    assert not np.array_equal(ours['IoU'], exact * 100)


def test_scores_of_single_images():
    counts = dense([count_pixels(*pair(seed), CLASSES) for seed in range(3)], CLASSES)
    for one, score in zip(counts, image_scores(counts), strict=True):
        shares = [a / (p + t - a) for a, p, t in zip(*one.tolist(), strict=True) if p + t - a]
        assert score == pytest.approx(100 * np.mean(shares))


def test_errors():
    with pytest.raises(ValueError, match=r'prediction \(2, 3\) and label \(3, 2\)'):
        count_pixels(torch.zeros(2, 3), torch.zeros(3, 2), 4)
    with pytest.raises(ValueError, match='predicts class 7, the dataset has 4 classes'):
        count_pixels(torch.tensor([[7]]), torch.tensor([[0]]), 4)
