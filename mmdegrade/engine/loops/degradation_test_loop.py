"""Test one model under several degradations in one run, each image decoded once."""

import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DATASETS, LOOPS
from mmengine.runner import TestLoop
from mmengine.runner.amp import autocast

from mmdegrade.datasets.degradation_cells import DegradationCells, flatten_cells


@LOOPS.register_module()
class DegradationTestLoop(TestLoop):
    """MMEngine's test loop over a list of degradations.

    Results are prefixed with the cell: ``clean/mIoU``, ``gblur_5/mIoU``. The numbers are those of
    one test run for each cell.

    Example::

        test_cfg = dict(type='DegradationTestLoop')                  # the config's own, and clean
        test_cfg = dict(type='DegradationTestLoop', cells=[
            dict(kind='clean'), dict(kind='gblur', degree=1), dict(kind='gblur', degree=5)])

    Args:
        runner (Runner): The runner.
        dataloader (dict): Config of the test loader.
        evaluator (dict or list[dict]): Metrics; each cell gets its own.
        cells (list[dict], optional): Arguments of ``Degrade``, one dict for each cell. Defaults to
            the top-level ``degradation`` of the config, then clean.
        fp16 (bool): Autocast. Defaults to False.

    Raises:
        ValueError: No cells and no ``degradation``, or what ``DegradationCells`` refuses.
        TypeError: A loader or metrics that are built already.
    """

    def __init__(self, runner, dataloader, evaluator, cells=None, fp16: bool = False) -> None:
        if not isinstance(dataloader, dict) or not isinstance(evaluator, (dict, list)):
            raise TypeError('DegradationTestLoop needs the configs of dataloader and evaluator')
        cells = [dict(cell) for cell in cells or self._default_cells(runner.cfg)]
        dataset = dataloader['dataset']
        if isinstance(dataset, dict):
            dataset = DATASETS.build(dataset)
        dataset = DegradationCells(dataset, cells)
        loader = {**dataloader, 'dataset': dataset, 'collate_fn': flatten_cells}
        super().__init__(runner, loader, evaluator, fp16)
        self.names = dataset.names
        # One evaluator a cell; that of the base class serves the first.
        rest = [runner.build_evaluator(evaluator) for _ in self.names[1:]]
        self.evaluators = [self.evaluator, *rest]
        for one in rest:
            one.dataset_meta = dataset.metainfo

    @staticmethod
    def _default_cells(cfg) -> list[dict]:
        chosen = {
            key: value for key, value in (cfg.get('degradation') or {}).items() if key != 'train'
        }
        if not chosen:
            raise ValueError(
                'DegradationTestLoop: test_cfg.cells is not set and the config has no degradation; '
                "set test_cfg.cells=[dict(kind='clean'), dict(kind='gblur', degree=5)]"
            )
        clean = dict(kind='clean')
        return [clean] if chosen['kind'] == 'clean' else [chosen, clean]

    def run(self) -> dict:
        """Test; returns the metrics of all cells."""
        self.runner.call_hook('before_test')
        self.runner.call_hook('before_test_epoch')
        self.runner.model.train(False)
        for index, images in enumerate(self.dataloader):
            self.run_iter(index, images)
        metrics = {}
        for name, evaluator in zip(self.names, self.evaluators, strict=True):
            results = evaluator.evaluate(len(self.dataloader.dataset))
            metrics.update({f'{name}/{key}': value for key, value in results.items()})
        self.runner.call_hook('after_test_epoch', metrics=metrics)
        self.runner.call_hook('after_test')
        return metrics

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: list[list[dict]]) -> None:
        """Predict every cell of the images of a batch."""
        self.runner.call_hook('before_test_iter', batch_idx=idx, data_batch=data_batch)
        merged = dict(inputs=[], data_samples=[])
        outputs = []
        for cell, (name, evaluator) in enumerate(zip(self.names, self.evaluators, strict=True)):
            batch = pseudo_collate([items[cell] for items in data_batch])
            merged['inputs'] += list(batch['inputs'])
            with autocast(enabled=self.fp16):
                predicted = self.runner.model.test_step(batch)
            evaluator.process(data_samples=predicted, data_batch=batch)
            for sample in predicted:
                sample.set_metainfo(dict(cell=name))
            outputs += predicted
        merged['data_samples'] = outputs
        self.runner.call_hook('after_test_iter', batch_idx=idx, data_batch=merged, outputs=outputs)
