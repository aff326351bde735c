"""The contract of everything that losses read features with."""

from mmengine.config import ConfigDict
from mmengine.registry import MODELS
from torch import Tensor

from ..frozen import FrozenNetwork


class FeatureExtractor(FrozenNetwork):
    """Base class of fixed networks between an image and a loss: images in, feature maps out.

    A user's own network needs no more than to inherit from this class, be registered in
    ``mmengine.registry.MODELS``, and keep to :meth:`forward`.
    """

    def forward(self, images: Tensor) -> list[Tensor]:
        """Feature maps, differentiable in the images.

        Args:
            images (Tensor): N×3×H×W RGB, nominally on [0, 1]; the extractor normalises.

        Returns:
            list[Tensor]: N×C×h×w, one for each layer read.

        Raises:
            RuntimeError: The weights are not loaded.
        """
        raise NotImplementedError


def build_feature_extractor(cfg: dict, key: str = 'feature_extractor') -> FeatureExtractor:
    """Build an extractor; its weights come with ``init_weights()``.

    Args:
        cfg (dict): Its config.
        key (str): Config key named in errors.

    Raises:
        TypeError: It is not a ``FeatureExtractor``.
    """
    extractor = MODELS.build(ConfigDict(cfg))
    if not isinstance(extractor, FeatureExtractor):
        raise TypeError(
            f'{key}.type={type(extractor).__name__!r} is not a FeatureExtractor; inherit from '
            'mmdegrade.models.feature_extractors.FeatureExtractor, or wrap a network in '
            "dict(type='BackboneFeatures', …)"
        )
    return extractor
