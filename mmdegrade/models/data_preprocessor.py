"""Normalise and pad the degraded image, the clean image and the mask alike."""

import warnings

import torch
from mmengine.structures import PixelData
from mmseg.models import SegDataPreProcessor
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmdegrade.degradations import KINDS

from .device_degradations import degrade_on_device


@MODELS.register_module()
class DegradeDataPreprocessor(SegDataPreProcessor):
    """mmseg's ``SegDataPreProcessor`` that also prepares ``data_sample.clean_img``.

    The stock one pads image and mask only. Here a clean image that came along is turned to the
    same channel order, normalised by the same mean and std and padded by the same amounts as the
    degraded one: ``data_sample.clean_img.data`` becomes 3×H×W float32, aligned with ``inputs``.
    Without clean images the two are the same. What ``Degrade(on_device=True)`` drew is applied
    here first, on the device of the model. Arguments are those of ``SegDataPreProcessor``;
    with neither ``size`` nor ``size_divisor``, a batch is padded to its largest image.

    Raises:
        ValueError: Some samples of the batch have a clean image and others do not;
            ``batch_augments`` with clean images, which it would mix in another way.
    """

    def __init__(self, *args, size=None, size_divisor: int | None = None, **kwargs) -> None:
        if size is None and size_divisor is None:
            size_divisor = 1  # the stock one stops at the first training batch without either
        super().__init__(*args, size=size, size_divisor=size_divisor, **kwargs)
        self._undrawn: set[str] | None = set()  # kinds met without draw number; None: warned

    def forward(self, data: dict, training: bool = False) -> dict:
        samples = data.get('data_samples') or []
        if any(_pending(sample) for sample in samples):
            data = self.cast_data(data)
            samples = data['data_samples']
            data['inputs'] = [
                self._degrade(img, sample)
                for img, sample in zip(data['inputs'], samples, strict=True)
            ]
        clean = [sample.clean_img.data for sample in samples if 'clean_img' in sample]
        if clean and len(clean) != len(samples):
            raise ValueError(
                f'{len(clean)} of {len(samples)} samples have a clean image: every Degrade of the '
                'pipeline needs the same keep_clean'
            )
        if clean and training and self.batch_augments is not None:
            raise ValueError(
                'data_preprocessor.batch_augments would mix degraded and clean images differently; '
                'leave it out, or keep_clean'
            )
        if training and self._undrawn is not None:
            self._warn_frozen_draws(samples)
        out = super().forward(data, training)
        if clean:
            # The clean batch goes through the very same code, with empty samples for the mask.
            blank = [SegDataSample() for _ in clean]
            pair = super().forward(dict(inputs=clean, data_samples=blank), training)
            for sample, image in zip(out['data_samples'], pair['inputs'], strict=True):
                sample.clean_img = PixelData(data=image)
        return out

    def _degrade(self, img: torch.Tensor, sample) -> torch.Tensor:
        """Apply what the pipeline drew for the device, in its order, once."""
        records = [dict(record) for record in sample.metainfo['degradations']]
        for record in records:
            if 'device_seed' in record:
                img = degrade_on_device(img, record)
                del record['device_seed']
        sample.set_metainfo(dict(degradations=records))
        return img

    def _warn_frozen_draws(self, samples) -> None:
        """Training without draw numbers repeats each image's draw in every epoch: say so once.

        Only where something is drawn: noise, or a mixture of clean and degraded images.
        """
        for sample in samples:
            for record in sample.metainfo.get('degradations', ()):
                if record['draw'] is None:
                    self._undrawn.add(record['kind'])
        noise = any(kind in KINDS and KINDS[kind].needs_rng for kind in self._undrawn)
        if noise or ('clean' in self._undrawn and len(self._undrawn) > 1):
            self._undrawn = None
            warnings.warn(
                'train_dataloader.sampler gives no draw numbers: an image is degraded in the same '
                "way in every epoch. Set train_dataloader.sampler=dict(type='KeyedSampler').",
                stacklevel=2,
            )


def _pending(sample) -> bool:
    """Whether a sample waits for a degradation on the device."""
    return any('device_seed' in record for record in sample.metainfo.get('degradations', ()))


def paired_preprocessor(segmentor: dict, given=None):
    """Config of the preprocessor of a wrapper of ``segmentor``, able to carry a clean image too.

    The ``_base_/models`` files of mmseg also set ``data_preprocessor`` at the top level, which the
    runner hands to the outermost model: ``data_preprocessor = dict(size=…)`` in a config works,
    and where it names no size, that of the segmentor holds. A segmentor that is a wrapper itself
    speaks for the one inside.
    """
    own = segmentor.get('data_preprocessor')
    while own is None and 'segmentor' in segmentor:
        segmentor = segmentor['segmentor']
        own = segmentor.get('data_preprocessor')
    cfg = given or own
    if not isinstance(cfg, dict) or cfg.get('type') != 'SegDataPreProcessor':
        return cfg
    sizes = ('size', 'size_divisor')
    if own and not any(cfg.get(key) for key in sizes):
        cfg = dict(cfg, **{key: own[key] for key in sizes if key in own})
    return dict(cfg, type='DegradeDataPreprocessor')


def stack_clean(data_samples, needed_by: str = "source_input='clean'") -> torch.Tensor:
    """Stack the prepared clean images of a batch: N×3×H×W float32, normalised.

    ``needed_by`` is named in the error.

    Raises:
        ValueError: A sample has no clean image.
    """
    if any('clean_img' not in sample for sample in data_samples):
        raise ValueError(
            f'{needed_by} needs clean images: set Degrade(keep_clean=True) (or LoadCleanImage, for '
            'paired folders), end the pipeline with PackDegradeInputs, and use data_preprocessor '
            "type 'DegradeDataPreprocessor'"
        )
    return torch.stack([sample.clean_img.data for sample in data_samples])
