"""Features of VGG16 and VGG19 trained on ImageNet.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR
2015, configurations D and E, in torchvision's numbering. D2SM (semantic statistics matching) reads
conv5_4 of VGG19 before its ReLU, which is torchvision's ``features[:35]``, from RGB images minus
(0.4488, 0.4371, 0.4040), not divided by anything; those are the defaults. Perceptual losses often
subtract (0.485, 0.456, 0.406) and divide by (0.229, 0.224, 0.225), as the network was trained.

Nothing behind the last layer asked for is built.
"""

import difflib
import os.path as osp
from collections.abc import Sequence

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn

from ..clean_checkpoint import part_state
from .base import FeatureExtractor

#: Convolutions in each of the five blocks.
CONVS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
WIDTHS = (64, 128, 256, 512, 512)
#: Weights of nothing: seeded noise, for tests and for comparing with trained ones.
RANDOM = 'random'


def layer_names(depth: int = 19) -> list[str]:
    """``conv1_1``, ``relu1_1``, …, ``pool5``, in the order of torchvision's ``features``."""
    names = []
    for block, count in enumerate(CONVS[depth], 1):
        for conv in range(1, count + 1):
            names += [f'conv{block}_{conv}', f'relu{block}_{conv}']
        names.append(f'pool{block}')
    return names


def _layers(names: Sequence[str], wanted: Sequence[str]) -> nn.Sequential:
    layers: list[nn.Module] = []
    width = 3
    for place, name in enumerate(names):
        if name.startswith('conv'):
            before, width = width, WIDTHS[int(name[4]) - 1]
            layers.append(nn.Conv2d(before, width, 3, padding=1))
        elif name.startswith('relu'):
            # Not in place where it would overwrite what is read.
            layers.append(nn.ReLU(inplace=names[place - 1] not in wanted))
        else:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


@MODELS.register_module()
class VGGFeatures(FeatureExtractor):
    """Layers of a VGG, frozen.

    Args:
        layers (str | Sequence[str]): ``'conv5_4'`` (default), ``'relu3_3'``, ``'pool4'``, …: one or
            several. ``conv…`` is before its ReLU.
        weights (str, optional): A file of torchvision's weights, a URL, or a key
            (``'torchvision://vgg19'``, the default for that depth), which is downloaded;
            ``'random'`` for untrained ones, always the same.
        depth (int): 19 (default) or 16.
        mean (Sequence[float]): Subtracted from RGB on [0, 1]. Defaults to D2SM's.
        std (Sequence[float]): Divided by. Defaults to ones.

    Raises:
        ValueError: Unknown layer or depth; images too small for the layers.
        FileNotFoundError, ValueError: No weights, or others; on ``init_weights()``.
    """

    def __init__(
        self,
        layers: str | Sequence[str] = 'conv5_4',
        weights: str | None = None,
        depth: int = 19,
        mean: Sequence[float] = (0.4488, 0.4371, 0.4040),
        std: Sequence[float] = (1.0, 1.0, 1.0),
    ) -> None:
        super().__init__()
        if depth not in CONVS:
            raise ValueError(f'VGGFeatures: depth={depth}; allowed: {", ".join(map(str, CONVS))}')
        self.layers = (layers,) if isinstance(layers, str) else tuple(layers)
        names = layer_names(depth)
        for name in self.layers or ('',):
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f'; did you mean {near[0]!r}?' if near else ''
                raise ValueError(
                    f'VGGFeatures: layers={layers!r} has {name!r}, which VGG{depth} has not{hint} '
                    f'Allowed: {", ".join(names)}'
                )
        self.names = names[: max(names.index(name) for name in self.layers) + 1]
        self.features = _layers(self.names, self.layers)
        self.weights = f'torchvision://vgg{depth}' if weights is None else weights
        self.depth = depth
        for name, values in (('mean', mean), ('std', std)):
            tensor = torch.tensor(values, dtype=torch.float32).view(3, 1, 1)
            self.register_buffer(name, tensor, persistent=False)
        self.freeze()

    def load(self) -> None:
        """Read the weights."""
        if self.weights == RANDOM:
            self._randomise()
            return
        if '://' not in self.weights and not osp.isfile(osp.expanduser(self.weights)):
            raise FileNotFoundError(self._absent('no such file'))
        try:
            state, _ = part_state(self.weights, 'features.')
        except (OSError, ModuleNotFoundError) as error:
            raise FileNotFoundError(self._absent(f'cannot be had ({error})')) from error
        try:
            self.features.load_state_dict({key: state[key] for key in self.features.state_dict()})
        except (KeyError, RuntimeError) as error:
            raise ValueError(
                f'feature_extractor.weights={self.weights!r} are not those of VGG{self.depth}: '
                f'{error}'
            ) from error

    def _absent(self, what: str) -> str:
        return (
            f'feature_extractor.weights={self.weights!r}: {what}. Get the ImageNet weights of '
            f'VGG{self.depth} (https://download.pytorch.org/models, vgg{self.depth}-….pth; '
            "torchvision.models names the file) and set feature_extractor.weights=PATH; 'random' "
            'are untrained ones'
        )

    def _randomise(self) -> None:
        """He's rule; a seed of its own, since these weights are in no checkpoint."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            for layer in self.features:
                if isinstance(layer, nn.Conv2d):
                    weight = torch.empty(layer.weight.shape)
                    nn.init.kaiming_normal_(weight, nonlinearity='relu')
                    with torch.no_grad():
                        layer.weight.copy_(weight)
                        layer.bias.zero_()

    def forward(self, images: Tensor) -> list[Tensor]:
        """See :class:`FeatureExtractor`; maps in the order of ``layers``."""
        self.require_weights()
        least = 2 ** sum(name.startswith('pool') for name in self.names)
        if min(images.shape[-2:]) < least:
            raise ValueError(
                f'VGGFeatures: images of {images.shape[-2]}x{images.shape[-1]} are too small for '
                f'{self.names[-1]}; allowed: from {least}x{least}'
            )
        x, found = (images - self.mean) / self.std, {}
        for name, layer in zip(self.names, self.features, strict=True):
            x = layer(x)
            if name in self.layers:
                found[name] = x
        return [found[name] for name in self.layers]
