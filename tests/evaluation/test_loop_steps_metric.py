"""A metric of each step: what the metric finds when that step's records are the prediction."""

import pytest
import torch
from mmengine.registry import METRICS
from mmengine.structures import PixelData
from mmseg.evaluation import IoUMetric
from mmseg.structures import SegDataSample

from mmdegrade.evaluation import RestorationMetric

META = dict(classes=('a', 'b', 'c'))
GENERATOR = torch.Generator().manual_seed(0)


def mask() -> PixelData:
    return PixelData(data=torch.randint(0, 3, (1, 6, 7), generator=GENERATOR))


def image() -> PixelData:
    return PixelData(data=torch.rand(3, 16, 16, generator=GENERATOR))


def evaluate(metric, batch: dict, samples: list) -> dict:
    metric.dataset_meta = META
    metric.process(batch, samples)
    return metric.evaluate(len(samples))


@pytest.fixture
def predictions() -> list:
    samples = []
    for _ in range(3):
        sample = SegDataSample(metainfo=dict(img_path='x.png'))
        sample.gt_sem_seg = mask()
        for t in range(3):
            sample.set_data({f'pred_sem_seg_{t}': mask(), f'restored_img_{t}': image()})
        sample.pred_sem_seg, sample.restored_img = sample.pred_sem_seg_2, sample.restored_img_2
        samples.append(sample.to_dict())
    return samples


def test_each_step_is_measured_as_if_it_were_the_last(predictions):
    clean = [SegDataSample(metainfo=dict(img_path='x.png')) for _ in predictions]
    for sample in clean:
        sample.clean_img = PixelData(data=torch.randint(0, 256, (3, 16, 16), generator=GENERATOR))
    batch = dict(inputs=[None] * len(clean), data_samples=clean)
    for kind, plain in (('IoUMetric', IoUMetric), ('RestorationMetric', RestorationMetric)):
        metric = METRICS.build(
            dict(type='LoopStepsMetric', metric=dict(type=kind, _scope_='mmseg'))
        )
        expected = {}
        for t in range(3):
            alone = [
                dict(s, pred_sem_seg=s[f'pred_sem_seg_{t}'], restored_img=s[f'restored_img_{t}'])
                for s in predictions
            ]
            numbers = evaluate(plain(), batch, alone)
            expected.update({f'step_{t}/{key}': value for key, value in numbers.items()})
        assert evaluate(metric, batch, predictions) == expected
        assert len(set(expected.values())) == len(expected) >= 6
        assert evaluate(metric, batch, predictions) == expected  # nothing is left of the first


def test_predictions_stay_as_they_were(predictions):
    before = predictions[0]['pred_sem_seg']['data'].clone()
    evaluate(build(), {}, predictions)
    assert torch.equal(predictions[0]['pred_sem_seg']['data'], before)


def test_a_shorter_loop_afterwards(predictions):
    metric = build()
    evaluate(metric, {}, predictions)
    for sample in predictions:
        del sample['pred_sem_seg_2'], sample['restored_img_2']
    assert {key.split('/')[0] for key in evaluate(metric, {}, predictions)} == {'step_0', 'step_1'}


def test_predictions_without_steps(predictions):
    plain = SegDataSample(pred_sem_seg=mask(), gt_sem_seg=mask()).to_dict()
    with pytest.raises(ValueError, match='has 0 steps .*expected one or more'):
        evaluate(build(), {}, [plain])
    with pytest.raises(ValueError, match='has 0 steps .*expected 3'):
        evaluate(build(), {}, [predictions[0], plain])


def build(kind: str = 'IoUMetric'):
    return METRICS.build(dict(type='LoopStepsMetric', metric=dict(type=kind, _scope_='mmseg')))
