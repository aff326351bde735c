"""Test one model under several degradations in one run, each image decoded once."""

from mmengine.registry import LOOPS
from mmengine.runner import TestLoop

from .cells_loop import CellsLoop


@LOOPS.register_module()
class DegradationTestLoop(CellsLoop, TestLoop):
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

    phase = 'test'
