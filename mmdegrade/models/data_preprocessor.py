"""Normalise and pad the degraded image, the clean image and the mask alike."""

import warnings

import torch
from mmengine.structures import PixelData
from mmseg.models import SegDataPreProcessor
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample


@MODELS.register_module()
class DegradeDataPreprocessor(SegDataPreProcessor):
    """mmseg's ``SegDataPreProcessor`` that also prepares ``data_sample.clean_img``.

    The stock one pads image and mask only. Here a clean image that came along is turned to the
    same channel order, normalised by the same mean and std and padded by the same amounts as the
    degraded one: ``data_sample.clean_img.data`` becomes 3×H×W float32, aligned with ``inputs``.
    Without clean images the two are the same. Arguments are those of ``SegDataPreProcessor``.

    Raises:
        ValueError: Some samples of the batch have a clean image and others do not.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._warned = False

    def forward(self, data: dict, training: bool = False) -> dict:
        samples = data.get('data_samples') or []
        clean = [sample.clean_img.data for sample in samples if 'clean_img' in sample]
        if clean and len(clean) != len(samples):
            raise ValueError(
                f'{len(clean)} of {len(samples)} samples have a clean image: every Degrade of the '
                'pipeline needs the same keep_clean'
            )
        if training:
            self._warn_frozen_noise(samples)
        out = super().forward(data, training)
        if clean:
            # The clean batch goes through the very same code, with empty samples for the mask.
            blank = [SegDataSample() for _ in clean]
            pair = super().forward(dict(inputs=clean, data_samples=blank), training)
            for sample, image in zip(out['data_samples'], pair['inputs'], strict=True):
                sample.clean_img = PixelData(data=image)
        return out

    def _warn_frozen_noise(self, samples) -> None:
        """Training without draw numbers repeats each image's noise in every epoch: say so once."""
        if self._warned or not samples:
            return
        records = samples[0].metainfo.get('degradations', ())
        if any(record['draw'] is None for record in records):
            self._warned = True
            warnings.warn(
                'train_dataloader.sampler gives no draw numbers: an image is degraded in the same '
                "way in every epoch. Set train_dataloader.sampler=dict(type='KeyedSampler').",
                stacklevel=2,
            )


def stack_clean(data_samples) -> torch.Tensor:
    """Stack the prepared clean images of a batch: N×3×H×W float32, normalised.

    Raises:
        ValueError: A sample has no clean image.
    """
    if any('clean_img' not in sample for sample in data_samples):
        raise ValueError(
            "source_input='clean' needs clean images: set Degrade(keep_clean=True), end the "
            "pipeline with PackDegradeInputs, and use data_preprocessor type "
            "'DegradeDataPreprocessor'"
        )
    return torch.stack([sample.clean_img.data for sample in data_samples])
