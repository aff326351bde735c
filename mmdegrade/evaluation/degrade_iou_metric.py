"""mIoU by what was done to each image, where one dataset holds several degradations."""

from mmengine.logging import print_log
from mmengine.registry import METRICS
from mmseg.evaluation import IoUMetric

from mmdegrade.datasets.degradation_cells import cell_name


def degradation_name(records) -> str:
    """``gblur_5``, ``clean``, ``rain_1+low_light_2``: what a chain of degradations is called.

    Records without a degree are called by their kind: parameters that were drawn differ from image
    to image.
    """
    return '+'.join(
        cell_name({key: record.get(key) for key in ('kind', 'degree', 'preset')})
        for record in records
    )


@METRICS.register_module()
class DegradeIoUMetric(IoUMetric):
    """mmseg's ``IoUMetric``, also for each degradation by itself.

    For a pipeline in which ``Degrade`` or ``RandomDegrade`` draws for each image: reports
    ``mIoU`` over all images, and ``gblur_5/mIoU``, ``clean/mIoU`` and so on, by the record that
    ``PackDegradeInputs`` keeps. To measure every image under every degradation, use
    ``DegradationTestLoop`` and ``DegradationValLoop``, which take any metric.

    Arguments are those of ``IoUMetric``.

    Raises:
        ValueError: A sample says nothing of its degradation.
    """

    def process(self, data_batch: dict, data_samples) -> None:
        """Keep the areas of each image under the name of its degradation."""
        for sample in data_samples:
            if 'degradations' not in sample:
                raise ValueError(
                    'DegradeIoUMetric: a sample has no degradations; end the pipeline with '
                    'PackDegradeInputs, and put Degrade before it'
                )
            before = len(self.results)
            super().process(data_batch, [sample])
            name = degradation_name(sample['degradations'])
            self.results[before:] = [(name, areas) for areas in self.results[before:]]

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Metrics of all images, then of each degradation."""
        metrics = super().compute_metrics([areas for _, areas in results])
        for name in sorted({name for name, _ in results}):
            print_log(f'{name}:', logger='current')
            own = super().compute_metrics([areas for other, areas in results if other == name])
            metrics.update({f'{name}/{key}': value for key, value in own.items()})
        return metrics
