"""Draw predictions over what the network saw, not over the clean file on disk."""

import os.path as osp
import warnings

import cv2
import numpy as np
from mmengine import fileio
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.visualization import Visualizer
from torch import Tensor

from mmdegrade.visualization import prediction_sheet
from mmdegrade.visualization.restored import picture, png_names


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
    This one draws on the network's input. For networks that restore, ``draw_restored`` puts input,
    restored image, truth and prediction side by side, and ``restored_dir`` writes what they made::

        python tools/test.py CONFIG CHECKPOINT --cfg-options \\
            default_hooks.visualization.restored_dir=restored

    Args:
        draw (bool): Draw at all; ``--show`` and ``--show-dir`` set it. Defaults to False.
        interval (int): Validation images between two drawn ones. Defaults to 50.
        show (bool): Open a window instead of writing files. Defaults to False.
        wait_time (float): Seconds a window stays open. Defaults to 0, until a key is pressed.
        draw_restored (bool): Draw the sheet of pictures described above. Models that segment
            nothing (``RestorationModel``) are always drawn so. Defaults to False.
        restored_dir (str, optional): Folder for the restored images of a test, as 8-bit PNG,
            clipped to [0, 1]; the folders of the data set are kept, and a loop over several
            degradations writes a folder for each. Independent of ``draw``.

    Raises:
        ValueError: ``interval`` is not positive; restored images of a model that makes none.
        OSError: A file cannot be written.
    """

    priority = 'NORMAL'

    def __init__(
        self,
        draw: bool = False,
        interval: int = 50,
        show: bool = False,
        wait_time: float = 0.0,
        draw_restored: bool = False,
        restored_dir: str | None = None,
    ) -> None:
        if interval < 1:
            raise ValueError(f'DegradedVisualizationHook: interval={interval}; allowed: 1 or more')
        self.draw = draw
        self.interval = interval
        self.show = show
        self.wait_time = wait_time
        self.draw_restored = draw_restored
        self.restored_dir = restored_dir
        self._drawn = 0
        self._names: dict[str, str] = {}
        for name in ('show', 'draw_restored'):
            if getattr(self, name) and not draw:
                warnings.warn(
                    f'DegradedVisualizationHook: {name}=True needs draw=True', stacklevel=2
                )

    def _draw(self, prefix: str, inputs: Tensor, sample, step: int) -> None:
        cell = [sample.cell] if 'cell' in sample else []  # of a DegradationTestLoop
        name = '_'.join([prefix, *cell, osp.basename(sample.get('img_path', str(step)))])
        visualizer = Visualizer.get_current_instance()
        if not self.draw_restored and 'pred_sem_seg' in sample:
            visualizer.add_datasample(
                name,
                shown_image(inputs, tuple(sample.pred_sem_seg.shape[-2:])),
                data_sample=sample,
                show=self.show,
                wait_time=self.wait_time,
                step=step,
            )
            return
        sheet = restored_sheet(inputs, sample, visualizer.dataset_meta or {})[..., ::-1]
        if self.show:
            visualizer.show(sheet, win_name=name, wait_time=self.wait_time)
        visualizer.add_image(name, sheet, step)

    def before_test(self, runner) -> None:
        if self.restored_dir is None:
            return
        dataset = runner.test_dataloader.dataset
        dataset = getattr(dataset, 'dataset', dataset)  # of a DegradationTestLoop
        paths = [dataset.get_data_info(index)['img_path'] for index in range(len(dataset))]
        self._names = png_names(paths)

    def _write(self, sample) -> None:
        folders = [self.restored_dir, *([sample.cell] if 'cell' in sample else [])]
        _, png = cv2.imencode('.png', picture(_restored(sample)))
        fileio.put(png.tobytes(), osp.join(*folders, self._names[sample.img_path]))

    def after_val_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        step = runner.iter + batch_idx
        if self.draw and step % self.interval == 0:
            self._draw('val', data_batch['inputs'][0], outputs[0], step)

    def after_test_iter(self, runner, batch_idx: int, data_batch=None, outputs=None) -> None:
        if self.restored_dir is not None:
            for sample in outputs:
                self._write(sample)
        if not self.draw:
            return
        for inputs, sample in zip(data_batch['inputs'], outputs, strict=True):
            self._drawn += 1
            self._draw('test', inputs, sample, self._drawn)


def _restored(sample) -> np.ndarray:
    """3×H×W RGB on [0, 1]."""
    if 'restored_img' not in sample:
        raise ValueError(
            'DegradedVisualizationHook: the model makes no restored images; leave draw_restored '
            'and restored_dir out, or use RestorationModel, RestoreThenSegment, …'
        )
    return sample.restored_img.data.detach().float().cpu().numpy()


def restored_sheet(inputs: Tensor, sample, meta: dict) -> np.ndarray:
    """Input, restored image and, where there are any, truth and prediction: one BGR picture.

    Args:
        inputs (Tensor): 3×H×W, BGR on 0-255.
        sample (SegDataSample): The prediction.
        meta (dict): ``classes`` and ``palette`` of the data set.

    Raises:
        ValueError: There is no restored image.
    """
    restored = _restored(sample)
    masks = {
        title: sample.get(field).data[0].cpu().numpy()
        for title, field in (('truth', 'gt_sem_seg'), ('prediction', 'pred_sem_seg'))
        if field in sample
    }
    size = next(iter(masks.values())).shape if masks else restored.shape[-2:]
    cells = [shown_image(inputs, size)[..., ::-1], picture(restored, size), *masks.values()]
    return prediction_sheet(
        ('input', 'restored', *masks),
        [('', cells)],
        meta.get('classes') or (),
        meta.get('palette') or (),
    )
