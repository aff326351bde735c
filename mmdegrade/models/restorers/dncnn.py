"""DnCNN: a plain network that estimates the noise.

Zhang et al., "Beyond a Gaussian Denoiser: Residual Learning of Deep CNN for Image Denoising", IEEE
TIP 2017: 3×3 convolutions of 64 channels with ReLU between them, the noise n(y) as output, y - n(y)
as restored image. By default as the fidelity method has it (repository IVRL/FG-NIC): 20 layers,
colour, no batch normalisation, 668,227 parameters. The paper's DnCNN-S is ``depth=17,
batch_norm=True`` (BN behind every convolution but the first and the last, which then has no bias).

Published weights: ``load_state_dict`` (so also ``restorer_checkpoint`` of a config) takes those of
https://github.com/SaoYan/DnCNN-PyTorch (folder ``logs``; GPL-3.0; grey, no biases): DnCNN-S-15,
-25, -50 are ``channels=1, depth=17``, DnCNN-B is ``channels=1, depth=20``. So it does files laid
out as `network_dncnn.py` of https://github.com/cszn/KAIR does: another prefix, the same order. In a
network without BN, the file's BN is folded into the convolutions.

Initialisation: Kaiming normal (fan in), biases 0.
"""

import re

import torch
import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from .base import Restorer
from .memory_format import channels_last_on_cpu

# Layers of one nn.Sequential, by their number in it: SaoYan's, KAIR's.
_PUBLISHED = re.compile(r'(?:module\.)?(?:dncnn|model)\.(\d+)\.(\w+)')
_EPS = 1e-5  # of their BN, and of ours


@MODELS.register_module()
class DnCNN(Restorer):
    """y - n(y), n being convolutions with ReLU between them.

    Args:
        channels (int): 3 for colour. A network of 1 channel works on each channel of an image by
            itself, so that grey networks serve colour images (and grey ones, N×1×H×W).
        depth (int): Number of convolutions, 2 or more. Defaults to 20.
        width (int): Channels between them. Defaults to 64.
        batch_norm (bool): BN behind all convolutions but the first and the last. Defaults to False.

    Raises:
        ValueError: A number out of range; on loading, published weights of another depth.
    """

    def __init__(
        self,
        channels: int = 3,
        depth: int = 20,
        width: int = 64,
        batch_norm: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        for name, value, least in (('depth', depth, 2), ('width', width, 1)):
            if not isinstance(value, int) or value < least:
                raise ValueError(f'DnCNN: {name}={value!r}; allowed: an integer from {least} on')
        if channels not in (1, 3):
            raise ValueError(f'DnCNN: channels={channels!r}; allowed: 1, 3')
        self.channels, self.depth, self.receptive_radius = channels, depth, depth
        widths = [channels, *[width] * (depth - 1), channels]
        self.convs = nn.ModuleList(
            nn.Conv2d(before, after, 3, padding=1, bias=not batch_norm or i in (0, depth - 1))
            for i, (before, after) in enumerate(zip(widths[:-1], widths[1:], strict=True))
        )
        for conv in self.convs:
            nn.init.kaiming_normal_(conv.weight)
            if conv.bias is not None:
                nn.init.zeros_(conv.bias)
        norms = depth - 2 if batch_norm else 0
        self.norms = nn.ModuleList(nn.BatchNorm2d(width, eps=_EPS) for _ in range(norms))
        self._register_load_state_dict_pre_hook(self._accept_published)

    def residual(self, images: Tensor) -> Tensor:
        """The noise n(y): N×C×H×W → the same, not clipped, without activation.

        Raises:
            ValueError: Images of other channels than a network of 3 channels takes.
        """
        if self.channels != 1 and images.shape[1] != self.channels:
            raise ValueError(
                f'DnCNN: images of shape {tuple(images.shape)}, but channels={self.channels}'
            )
        x = channels_last_on_cpu(images.reshape(-1, self.channels, *images.shape[-2:]))
        for i, conv in enumerate(self.convs[:-1]):
            x = conv(x)
            if i and self.norms:
                x = self.norms[i - 1](x)
            x = F.relu_(x)
        return self.convs[-1](x).reshape(images.shape).contiguous()

    def forward(self, images: Tensor, condition: Tensor | None = None) -> Tensor:
        """N×3×H×W RGB on [0, 1] → the same, restored, not clipped."""
        return images - self.residual(images)

    def _accept_published(self, state_dict: dict, prefix: str, *_) -> None:
        """Rename the keys of published weights to ours, and fold their BN or fill in biases."""
        layers: dict[int, dict[str, Tensor]] = {}
        for key in [key for key in state_dict if key.startswith(prefix)]:
            published = _PUBLISHED.fullmatch(key[len(prefix) :])
            if published:
                number, name = published.groups()
                layers.setdefault(int(number), {})[name] = state_dict.pop(key)
        if layers:
            ours = self._from_published([layers[number] for number in sorted(layers)])
            state_dict.update({prefix + key: value for key, value in ours.items()})

    def _from_published(self, layers: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        # A convolution, and the BN behind it where there is one.
        pairs = []
        for layer in layers:
            if 'running_mean' in layer:
                pairs[-1][1].update(layer)
            else:
                pairs.append((layer, {}))
        if len(pairs) != self.depth:
            raise ValueError(
                f'DnCNN: depth={self.depth}, but the published weights have {len(pairs)} '
                f'convolutions: set depth={len(pairs)}'
            )
        state = {}
        for i, (conv, norm) in enumerate(pairs):
            weight, bias = conv['weight'], conv.get('bias')
            if norm and not self.norms:
                statistics = (norm[key] for key in ('running_mean', 'running_var'))
                affine = norm['weight'], norm['bias']
                weight, bias = fuse_conv_bn_weights(weight, bias, *statistics, _EPS, *affine)
            state.update({f'norms.{i - 1}.{key}': norm[key] for key in norm if self.norms})
            state[f'convs.{i}.weight'] = weight.detach()
            if bias is None and self.convs[i].bias is not None:
                bias = torch.zeros(len(weight))
            if bias is not None:
                state[f'convs.{i}.bias'] = bias.detach()
        return state
