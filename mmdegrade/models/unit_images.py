"""Between the two scales: restorers see RGB on [0, 1], a segmentor sees its own mean and std."""

from mmseg.models import SegDataPreProcessor
from torch import Tensor


class UnitImages:
    """Convert the inputs of a segmentor to RGB images on [0, 1], and back.

    Args:
        preprocessor (SegDataPreProcessor): The one that made the inputs from BGR images on 0-255,
            as pipelines load them; or mmpretrain's ClsDataPreprocessor. Its buffers are read at
            every call, so it may move between devices.

    Raises:
        TypeError: Another kind of preprocessor, whose arithmetic is not known here.
    """

    def __init__(self, preprocessor: SegDataPreProcessor) -> None:
        kinds = {kind.__name__ for kind in type(preprocessor).__mro__}
        if not kinds & {'SegDataPreProcessor', 'ClsDataPreprocessor'}:
            raise TypeError(
                f'model.data_preprocessor.type={type(preprocessor).__name__!r}: restoring needs '
                "to undo its normalisation; allowed: 'DegradeDataPreprocessor', "
                "'SegDataPreProcessor', 'ClsDataPreprocessor'"
            )
        self.preprocessor = preprocessor
        # What the two packages call "turns BGR to RGB"; by name, since mmpretrain is optional.
        self._conversion = 'to_rgb' if 'ClsDataPreprocessor' in kinds else '_channel_conversion'

    def _scale(self) -> tuple:
        if not self.preprocessor._enable_normalize:
            return 0.0, 1.0
        return self.preprocessor.mean, self.preprocessor.std

    def _swap(self, images: Tensor) -> Tensor:
        """Between RGB and the channel order of the inputs; its own inverse."""
        return images if getattr(self.preprocessor, self._conversion) else images.flip(1)

    def from_inputs(self, inputs: Tensor) -> Tensor:
        """N×3×H×W normalised inputs → RGB on [0, 1], not clipped."""
        mean, std = self._scale()
        return self._swap((inputs * std + mean) / 255)

    def to_inputs(self, images: Tensor) -> Tensor:
        """N×3×H×W RGB on [0, 1] → inputs as the preprocessor makes them."""
        mean, std = self._scale()
        return (self._swap(images) * 255 - mean) / std
