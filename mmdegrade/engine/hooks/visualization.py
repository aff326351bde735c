"""Draw predictions over what the network saw, not over the clean file on disk."""

import os.path as osp
import warnings

import cv2
import numpy as np
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.visualization import Visualizer
from torch import Tensor


def shown_image(inputs: Tensor, size: tuple[int, int]) -> np.ndarray:
    """A pipeline's 3×H×W BGR image (0-255) as the RGB uint8 picture of ``size`` (h, w)."""
    image = inputs.detach().cpu().float().clamp(0, 255).round().byte()
    image = np.ascontiguousarray(image.numpy().transpose(1, 2, 0)[..., ::-1])
    if image.shape[:2] != tuple(size):  # predictions come back at the original size
        image = cv2.resize(image, size[::-1], interpolation=cv2.INTER_LINEAR)
    return image


@HOOKS.register_module()
class DegradedVisualizationHook(Hook):
    """mmseg's ``SegVisualizationHook`` for degraded images.

    The stock hook reads the image from disk again, and so shows predictions on a clean picture.
    This one draws on the network's input.

    Args:
        draw (bool): Draw at all; ``--show`` and ``--show-dir`` set it. Defaults to False.
        interval (int): Validation images between two drawn ones. Defaults to 50.
        show (bool): Open a window instead of writing files. Defaults to False.
        wait_time (float): Seconds a window stays open. Defaults to 0, until a key is pressed.

    Raises:
        ValueError: ``interval`` is not positive.
    """

    priority = 'NORMAL'

    def __init__(
        self, draw: bool = False, interval: int = 50, show: bool = False, wait_time: float = 0.0
    ) -> None:
        if interval < 1:
            raise ValueError(f'DegradedVisualizationHook: interval={interval}; allowed: 1 or more')
        self.draw = draw
        self.interval = interval
        self.show = show
        self.wait_time = wait_time
        self._drawn = 0
        if show and not draw:
            warnings.warn('DegradedVisualizationHook: show=True needs draw=True', stacklevel=2)

    def _draw(self, prefix: str, inputs: Tensor, sample, step: int) -> None:
        cell = [sample.cell] if 'cell' in sample else []  # of a DegradationTestLoop
        Visualizer.get_current_instance().add_datasample(
            '_'.join([prefix, *cell, osp.basename(sample.get('img_path', str(step)))]),
            shown_image(inputs, tuple(sample.pred_sem_seg.shape[-2:])),
            data_sample=sample,
            show=self.show,
            wait_time=self.wait_time,
            step=step,
        )

    def after_val_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        step = runner.iter + batch_idx
        if self.draw and step % self.interval == 0:
            self._draw('val', data_batch['inputs'][0], outputs[0], step)

    def after_test_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        if not self.draw:
            return
        for inputs, sample in zip(data_batch['inputs'], outputs, strict=True):
            self._drawn += 1
            self._draw('test', inputs, sample, self._drawn)
