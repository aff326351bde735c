"""Networks that tell two sources of images or features apart."""

from .feature import FeatureDiscriminator
from .patch import PatchDiscriminator

__all__ = ['FeatureDiscriminator', 'PatchDiscriminator']
