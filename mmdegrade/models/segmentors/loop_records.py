"""What a model that works in a loop made at each step, beside its prediction."""

from collections.abc import Sequence

from mmengine.structures import PixelData
from mmseg.models import BaseSegmentor
from mmseg.structures import SegDataSample
from torch import Tensor

from ..restored import without_padding


def attach_steps(
    samples: Sequence[SegDataSample],
    images: Sequence[Tensor],
    logits: Sequence[Tensor],
    segmentor: BaseSegmentor,
) -> None:
    """Give every sample ``restored_img_<t>`` and ``pred_sem_seg_<t>`` for each step t.

    Args:
        samples (Sequence[SegDataSample]): Changed in place; those of the prediction.
        images (Sequence[Tensor]): N×3×H×W RGB on [0, 1] of each step, of the padded size.
        logits (Sequence[Tensor]): N×K×H×W of each step.
        segmentor (BaseSegmentor): Turns logits into predictions of the original image's size.
    """
    for t, (step, scores) in enumerate(zip(images, logits, strict=True)):
        # Samples of their own, whose meta information says what to cut off and how to resize.
        blank = [SegDataSample(metainfo=sample.metainfo) for sample in samples]
        known = all('img_shape' in sample.metainfo for sample in samples)
        for sample, image, made in zip(
            samples, step, segmentor.postprocess_result(scores, blank if known else None),
            strict=True,
        ):  # fmt: skip
            restored = PixelData(data=without_padding(image, sample))
            sample.set_data({f'restored_img_{t}': restored, f'pred_sem_seg_{t}': made.pred_sem_seg})
