"""Hand restored images out with the predictions, without the padding that the network needed."""

from collections.abc import Sequence

from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import Tensor


def without_padding(image: Tensor, sample) -> Tensor:
    """Cut off what the preprocessor added to one image.

    Args:
        image (Tensor): …×H×W, of the padded input's size.
        sample (SegDataSample): Its meta information says how much was added on the left, right,
            top and bottom: ``img_padding_size`` (testing) or ``padding_size`` (training).

    Returns:
        Tensor: A view of the pipeline's image size.
    """
    meta = sample.metainfo
    padding = meta.get('img_padding_size', meta.get('padding_size', (0, 0, 0, 0)))
    left, right, top, bottom = padding
    height, width = image.shape[-2:]
    return image[..., top : height - bottom, left : width - right]


def attach_restored(samples: Sequence[SegDataSample] | None, images: Tensor) -> list:
    """Give every sample its restored image as ``restored_img``.

    The image has the size that the pipeline made, as ``inputs`` and ``clean_img`` of the data
    batch: neither resized to the original size nor flipped back, so that they can be compared
    pixel by pixel.

    Args:
        samples (Sequence[SegDataSample], optional): Changed in place. None makes empty ones.
        images (Tensor): N×3×H×W RGB on [0, 1], of the padded inputs' size.

    Returns:
        list[SegDataSample]: The samples.
    """
    if samples is None:
        samples = [SegDataSample() for _ in images]
    for sample, image in zip(samples, images, strict=True):
        sample.set_data(dict(restored_img=PixelData(data=without_padding(image, sample))))
    return list(samples)
