"""mIoU by degradation: each group is what IoUMetric finds on its images alone."""

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.evaluation import IoUMetric
from mmseg.registry import METRICS
from mmseg.structures import SegDataSample

from mmdegrade.evaluation.degrade_iou_metric import degradation_name

CLASSES = ('a', 'b', 'c')
BLUR = [dict(kind='gblur', degree=5, params=dict(sigma=5.0))]
CLEAN = [dict(kind='clean', degree=None, params={})]


def sample(seed: int, records) -> dict:
    rng = np.random.default_rng(seed)
    masks = [torch.from_numpy(rng.integers(0, 3, (1, 6, 7))) for _ in range(2)]
    meta = {} if records is None else dict(degradations=records)
    found = SegDataSample(metainfo=meta)
    found.gt_sem_seg, found.pred_sem_seg = (PixelData(data=mask) for mask in masks)
    return found.to_dict()


def evaluate(metric, samples) -> dict:
    metric.dataset_meta = dict(classes=CLASSES)
    metric.process({}, samples)
    return metric.evaluate(len(samples))


def test_groups():
    records = [BLUR, CLEAN, BLUR, CLEAN, BLUR]
    samples = [sample(seed, record) for seed, record in enumerate(records)]
    found = evaluate(METRICS.build(dict(type='DegradeIoUMetric', iou_metrics=['mIoU'])), samples)
    expected = evaluate(IoUMetric(), samples)
    for name, group in (('gblur_5', samples[::2]), ('clean', samples[1::2])):
        alone = evaluate(IoUMetric(), group)
        expected.update({f'{name}/{key}': value for key, value in alone.items()})
    assert found == expected and len(found) == 9
    assert len({found['mIoU'], found['gblur_5/mIoU'], found['clean/mIoU']}) == 3


def test_names():
    assert degradation_name(CLEAN) == 'clean'
    assert degradation_name([dict(kind='awgn', degree=None, params=dict(sigma=7.3))]) == 'awgn'
    chain = [dict(kind='rain', degree=1, preset='ubcn'), dict(kind='low_light', degree=2)]
    assert degradation_name(chain) == 'ubcn:rain_1+low_light_2'


def test_a_sample_that_says_nothing():
    metric = METRICS.build(dict(type='DegradeIoUMetric'))
    with pytest.raises(ValueError, match='end the pipeline with PackDegradeInputs'):
        evaluate(metric, [sample(0, None)])
