"""Validate a model under several degradations while it trains, each image decoded once."""

from mmengine.registry import LOOPS
from mmengine.runner import ValLoop

from .cells_loop import CellsLoop


@LOOPS.register_module()
class DegradationValLoop(CellsLoop, ValLoop):
    """MMEngine's validation loop over a list of degradations; see ``DegradationTestLoop``.

    Every validation of a training then reports each cell, ``gblur_5/mIoU`` and the like, and
    ``CheckpointHook(save_best='gblur_5/mIoU')`` keeps the best checkpoint under one of them.

    Example::

        val_cfg = dict(type='DegradationValLoop', cells=[
            dict(kind='clean'), dict(kind='gblur', degree=5), dict(kind='awgn', sigma=25)])

    Arguments and errors are those of ``DegradationTestLoop``, for ``val_dataloader``.
    """

    phase = 'val'
