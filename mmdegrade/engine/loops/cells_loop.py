"""What testing and validating under several degradations share."""

import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DATASETS
from mmengine.runner.amp import autocast

from mmdegrade.datasets.degradation_cells import DegradationCells, flatten_cells


class CellsLoop:
    """A mixin before ``TestLoop`` or ``ValLoop``: one evaluator for each degradation.

    The subclass names itself by ``phase`` ('test' or 'val'), after which the hooks, the key of the
    config (``test_cfg``) and the model's step (``test_step``) are called.
    """

    phase: str

    def __init__(self, runner, dataloader, evaluator, cells=None, fp16: bool = False) -> None:
        if not isinstance(dataloader, dict) or not isinstance(evaluator, (dict, list)):
            raise TypeError(f'{type(self).__name__} needs the configs of dataloader and evaluator')
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

    def _default_cells(self, cfg) -> list[dict]:
        chosen = {
            key: value for key, value in (cfg.get('degradation') or {}).items() if key != 'train'
        }
        if not chosen:
            key = f'{self.phase}_cfg.cells'
            raise ValueError(
                f'{type(self).__name__}: {key} is not set and the config has no degradation; '
                f"set {key}=[dict(kind='clean'), dict(kind='gblur', degree=5)]"
            )
        clean = dict(kind='clean')
        return [clean] if chosen['kind'] == 'clean' else [chosen, clean]

    def run(self) -> dict:
        """Predict everything; returns the metrics of all cells."""
        self.runner.call_hook(f'before_{self.phase}')
        self.runner.call_hook(f'before_{self.phase}_epoch')
        self.runner.model.train(False)
        for index, images in enumerate(self.dataloader):
            self.run_iter(index, images)
        metrics = {}
        for name, evaluator in zip(self.names, self.evaluators, strict=True):
            results = evaluator.evaluate(len(self.dataloader.dataset))
            metrics.update({f'{name}/{key}': value for key, value in results.items()})
        self.runner.call_hook(f'after_{self.phase}_epoch', metrics=metrics)
        self.runner.call_hook(f'after_{self.phase}')
        return metrics

    @torch.no_grad()
    def run_iter(self, idx: int, data_batch: list[list[dict]]) -> None:
        """Predict every cell of the images of a batch."""
        hook = f'{self.phase}_iter'
        self.runner.call_hook(f'before_{hook}', batch_idx=idx, data_batch=data_batch)
        predict = getattr(self.runner.model, f'{self.phase}_step')
        merged = dict(inputs=[], data_samples=[])
        for cell, (name, evaluator) in enumerate(zip(self.names, self.evaluators, strict=True)):
            batch = pseudo_collate([items[cell] for items in data_batch])
            merged['inputs'] += list(batch['inputs'])
            with autocast(enabled=self.fp16):
                predicted = predict(batch)
            evaluator.process(data_samples=predicted, data_batch=batch)
            for sample in predicted:
                sample.set_metainfo(dict(cell=name))
            merged['data_samples'] += predicted
        outputs = merged['data_samples']
        self.runner.call_hook(f'after_{hook}', batch_idx=idx, data_batch=merged, outputs=outputs)
