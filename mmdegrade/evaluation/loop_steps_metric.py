"""Any metric on what a model that works in a loop made at each of its steps."""

from collections.abc import Mapping, Sequence

from mmengine.evaluator import BaseMetric
from mmengine.registry import METRICS

#: What a prediction holds for each step t, as ``<name>_<t>``, and metrics read as ``<name>``.
RECORDS = ('restored_img', 'pred_sem_seg')


@METRICS.register_module()
class LoopStepsMetric(BaseMetric):
    """Another metric, of every step of ``UBCNSegmentor``: ``step_0/mIoU``, ``step_1/mIoU``, …

    One test run then tells what each turn of the loop adds::

        test_evaluator = [
            dict(type='LoopStepsMetric', metric=dict(type='IoUMetric', iou_metrics=['mIoU'])),
            dict(type='LoopStepsMetric', metric=dict(type='RestorationMetric')),
        ]

    Args:
        metric (dict): Config of a metric that reads ``pred_sem_seg`` or ``restored_img``.
        prefix (str): What the numbers of step t are called: ``<prefix>_<t>/…``.

    Raises:
        ValueError: While testing: predictions without steps, or not as many as others.
    """

    def __init__(self, metric: dict, prefix: str = 'step') -> None:
        super().__init__(prefix=prefix)
        METRICS.build(metric)  # a mistake in it is said now, not after the first prediction
        self.metric = metric
        self.steps: list[BaseMetric] = []

    def process(self, data_batch: Mapping, data_samples: Sequence[Mapping]) -> None:
        """Hand the predictions to each step's metric, its records in the usual places."""
        for sample in data_samples:
            found = _steps(sample)
            if not self.steps:
                self.steps = [METRICS.build(self.metric) for _ in range(found)]
                for metric in self.steps:
                    metric.dataset_meta = self.dataset_meta
            if not found or found != len(self.steps):
                raise ValueError(
                    f'LoopStepsMetric: a prediction has {found} steps '
                    f'({RECORDS[0]}_0, …), expected {len(self.steps) or "one or more"}; the model '
                    'must work in a loop (UBCNSegmentor)'
                )
        for t, metric in enumerate(self.steps):
            metric.process(data_batch, [_of_step(sample, t) for sample in data_samples])

    def evaluate(self, size: int) -> dict:
        """Numbers of every step, each collected from all processes by the metric itself."""
        numbers = {}
        for t, metric in enumerate(self.steps):
            for key, value in metric.evaluate(size).items():
                numbers[f'{self.prefix}_{t}/{key}'] = value
        self.steps = []  # the next evaluation may run another number of steps
        return numbers

    def compute_metrics(self, results: list) -> dict:
        """Not used: the metrics of the steps hold the results."""
        raise NotImplementedError('LoopStepsMetric has no results of its own; call evaluate')


def _steps(sample: Mapping) -> int:
    """How many steps a prediction holds."""
    count = 0
    while any(f'{name}_{count}' in sample for name in RECORDS):
        count += 1
    return count


def _of_step(sample: Mapping, t: int) -> dict:
    """A copy of a prediction in which step t's records are those that metrics read."""
    records = {name: sample[f'{name}_{t}'] for name in RECORDS if f'{name}_{t}' in sample}
    return {**sample, **records}
