"""How good restored images are: PSNR, SSIM and LPIPS against the clean ones.

Protocols of two papers, whose numbers differ by how pixels are counted:

- ``'sdabn'`` (segmentation–denoising alternate boosting): the network's output as it is, not
  clipped, without a border of 1 pixel. Their SSIM code is not public; ours is the usual one.
- ``'d2sm'`` (semantic statistics matching): clipped to [0, 1], without a border of 64 pixels (the
  released script shaves 32 pixels twice).

Each number is computed for each image and averaged over the images. How PSNR of identical images
and colour are treated: :mod:`mmdegrade.models.image_quality`.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.registry import METRICS
from torch import Tensor

from mmdegrade.degradations.parameters import is_integer
from mmdegrade.models.image_quality import psnr, shave, ssim
from mmdegrade.models.lpips import load_lpips

NAMES = ('psnr', 'ssim', 'lpips')
#: Below that the networks of LPIPS pool their maps away.
LPIPS_SIDE = 32
IMAGES = ('restored_img', 'input')
PROTOCOLS = {
    None: dict(border=0, clip=True, round=False),
    'sdabn': dict(border=1, clip=False, round=False),
    'd2sm': dict(border=64, clip=True, round=False),
}


@METRICS.register_module()
class RestorationMetric(BaseMetric):
    """Compare restored images with the clean ones of the data batch.

    Results: ``PSNR`` (dB), ``SSIM``, ``LPIPS``. It stands beside mmseg's metrics::

        test_evaluator = [
            dict(type='IoUMetric', iou_metrics=['mIoU']),
            dict(type='RestorationMetric', protocol='sdabn'),
            dict(type='RestorationMetric', protocol='sdabn', image='input'),  # input/PSNR, …
        ]

    The clean image comes from the pipeline: ``Degrade(keep_clean=True)`` or ``LoadCleanImage``, and
    ``PackDegradeInputs`` at its end.

    Args:
        metrics (str | Sequence[str]): Of 'psnr', 'ssim' and 'lpips'. Defaults to the first two.
        image (str): What is compared: ``'restored_img'`` of the prediction, or ``'input'``, the
            degraded picture as the pipeline made it (``Restore`` included).
        protocol (str, optional): ``'sdabn'`` or ``'d2sm'``: sets the next three.
        border (int, optional): Pixels shaved off each side before comparing. Defaults to 0.
        clip (bool, optional): Clip to [0, 1], as storing would. Defaults to True.
        round (bool, optional): Round to 8 bits. Defaults to False.
        lpips (dict, optional): Files of LPIPS, see :func:`mmdegrade.models.lpips.load_lpips`:
            ``dict(net='alex', backbone=PATH)``. Its images are always clipped, as it is not defined
            outside [0, 1].
        collect_device (str): Where results of several processes are collected.
        prefix (str, optional): Prefix of the names. Defaults to none, and to 'input' for the input.

    Raises:
        ValueError: Unknown names; LPIPS without weights. While testing: no clean or restored
            image, sizes that differ, a border that leaves nothing.
        FileNotFoundError: A file of LPIPS is not there.
    """

    def __init__(
        self,
        metrics: str | Sequence[str] = ('psnr', 'ssim'),
        image: str = 'restored_img',
        protocol: str | None = None,
        border: int | None = None,
        clip: bool | None = None,
        round: bool | None = None,
        lpips: dict | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        self.metrics = (metrics,) if isinstance(metrics, str) else tuple(metrics)
        if not self.metrics or not set(self.metrics) <= set(NAMES):
            raise ValueError(f'RestorationMetric: metrics={metrics!r}; allowed: some of {NAMES}')
        if image not in IMAGES:
            raise ValueError(f'RestorationMetric: image={image!r}; allowed: {IMAGES}')
        if protocol not in PROTOCOLS:
            allowed = ', '.join(map(repr, PROTOCOLS))
            raise ValueError(f'RestorationMetric: protocol={protocol!r}; allowed: {allowed}')
        preset = PROTOCOLS[protocol]
        self.border = preset['border'] if border is None else border
        if not is_integer(self.border, 0):
            raise ValueError(f'RestorationMetric: border={border!r}; allowed: 0 or more pixels')
        self.clip = preset['clip'] if clip is None else clip
        self.round = preset['round'] if round is None else round
        self.image = image
        if lpips is not None and 'lpips' not in self.metrics:
            raise ValueError("RestorationMetric: lpips is set, but metrics does not have 'lpips'")
        self._lpips = load_lpips(**(lpips or {})) if 'lpips' in self.metrics else None
        prefix = prefix or ('input' if image == 'input' else None)
        super().__init__(collect_device, prefix, collect_dir)

    def process(self, data_batch: Mapping, data_samples: Sequence[Mapping]) -> None:
        """Measure every image of a batch.

        Args:
            data_batch (Mapping): As the data loader gave it: ``inputs`` and ``data_samples``, BGR
                on 0–255.
            data_samples (Sequence[Mapping]): Predictions as dicts.
        """
        for index, predicted in enumerate(data_samples):
            given = data_batch['data_samples'][index]
            image = (
                _restored(predicted)
                if self.image == 'restored_img'
                else _degraded(data_batch['inputs'][index], given)
            )
            clean = _clean(given).to(image.device)
            if image.shape != clean.shape:
                raise ValueError(
                    f'{_path(given)}: {self.image} is {tuple(image.shape)}, the clean image '
                    f'{tuple(clean.shape)}; image and clean image must go through the same '
                    'geometry (StackPair, …, SplitPair)'
                )
            try:
                self.results.append(self._measure(image[None], clean[None]))
            except ValueError as error:
                raise ValueError(f'RestorationMetric: {_path(given)}: {error}') from error

    @torch.no_grad()
    def _measure(self, image: Tensor, clean: Tensor) -> dict[str, float]:
        """Numbers of one pair, 1×3×H×W RGB on [0, 1]."""
        pair = [shave(x, self.border) for x in (image, clean)]
        if self.clip:
            pair = [x.clamp(0, 1) for x in pair]
        if self.round:
            pair = [(x * 255).round() / 255 for x in pair]
        values = {}
        if 'psnr' in self.metrics:
            values['PSNR'] = float(psnr(*pair))
        if 'ssim' in self.metrics:
            values['SSIM'] = float(ssim(*pair))
        if self._lpips is not None:
            if min(pair[0].shape[-2:]) < LPIPS_SIDE:
                raise ValueError(f'LPIPS needs {LPIPS_SIDE} pixels a side (without the border)')
            network = self._lpips.to(image.device)
            values['LPIPS'] = float(network(*(x.clamp(0, 1) for x in pair), normalize=True))
        return values

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Mean of each number over the images."""
        names = [name.upper() for name in NAMES if name in self.metrics]
        if not results:
            return {name: float('nan') for name in names}
        return {name: float(np.mean([one[name] for one in results])) for name in names}


def _field(sample, name: str) -> Tensor | None:
    """A picture of a data sample, or of the dict it was turned into."""
    if sample is None or name not in sample:
        return None
    value = sample.get(name)
    if isinstance(value, Tensor):
        return value
    return value['data'] if isinstance(value, Mapping) else value.data


def _path(sample) -> str:
    return str(sample.get('img_path') or 'an image without img_path')


def _unit_rgb(image: Tensor) -> Tensor:
    """BGR on 0–255, as pipelines load it → RGB on [0, 1], float32."""
    return image.float().flip(0) / 255


def _clean(given) -> Tensor:
    image = _field(given, 'clean_img')
    if image is None:
        raise ValueError(
            f'RestorationMetric: {_path(given)} has no clean image to compare with: set '
            'Degrade(keep_clean=True) in the test pipeline (or LoadCleanImage, for paired folders) '
            'and end the pipeline with PackDegradeInputs'
        )
    return _unit_rgb(image)


def _restored(predicted) -> Tensor:
    image = _field(predicted, 'restored_img')
    if image is None:
        raise ValueError(
            f'RestorationMetric: the prediction for {_path(predicted)} has no restored_img: the '
            'model must restore (RestorationModel, RestoreThenSegment, …); to measure the degraded '
            "image itself set image='input'"
        )
    return image.detach().float()


def _degraded(inputs: Tensor, given) -> Tensor:
    records = given.get('degradations') or ()
    if any('device_seed' in record for record in records):
        raise ValueError(
            f"RestorationMetric(image='input'): {_path(given)} is still clean in the data batch, "
            'as Degrade(on_device=True) leaves the pixels to the data preprocessor; set '
            'on_device=False in the test pipeline'
        )
    return _unit_rgb(inputs)
