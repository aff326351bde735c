"""Fixed networks whose features losses compare."""

from .backbone import BackboneFeatures
from .base import FeatureExtractor, build_feature_extractor
from .vgg import VGGFeatures

__all__ = ['BackboneFeatures', 'FeatureExtractor', 'VGGFeatures', 'build_feature_extractor']
