"""A feature extractor small enough for tests; double precision where the images have it."""

import torch
import torch.nn.functional as F
from mmengine.registry import MODELS

from mmdegrade.models.feature_extractors import FeatureExtractor


@MODELS.register_module(force=True)
class TinyFeatures(FeatureExtractor):
    """One or two smooth layers of seeded weights: N×4×h×w at half and a quarter of the size."""

    def __init__(self, layers: int = 1) -> None:
        super().__init__()
        self.layers = layers
        generator = torch.Generator().manual_seed(5)
        weights = [torch.randn((4, width, 3, 3), generator=generator) / 3 for width in (3, 4)]
        self.weights = torch.nn.ParameterList(weights[:layers])
        self.freeze()

    def load(self) -> None:
        pass

    def forward(self, images):
        self.require_weights()
        maps, x = [], images - 0.5
        for weight in self.weights:
            x = F.conv2d(x, weight.to(x.dtype), stride=2, padding=1).tanh()
            maps.append(x)
        return maps
