"""GoogLeNet (Inception v1), which MMPretrain lacks, with its two auxiliary classifiers.

Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, Table 1 and Fig. 3; auxiliary losses
weigh 0.3. In the form of torchvision's published weights: batch normalisation (eps 1e-3) behind
every convolution, which has no bias; a 3×3 convolution where the paper has 5×5 in the third branch
(torchvision's known slip, kept: the weights are of that form); max-pools rounding up; images are
normalised as for the other networks (torchvision's ``transform_input`` undoes that: set
``transform_input=True`` with its weights).

Published weights: names are those of torchvision, whose whole state dict loads with prefix
``backbone.`` (``fc`` belongs to the head, and is renamed to ``head.head.fc`` or left aside).
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from torch import Tensor, nn

# Channels of Table 1: 1×1, 3×3 reduce, 3×3, 5×5 reduce, 5×5, pool projection.
_INCEPTIONS = {
    '3a': (192, 64, 96, 128, 16, 32, 32),
    '3b': (256, 128, 128, 192, 32, 96, 64),
    '4a': (480, 192, 96, 208, 16, 48, 64),
    '4b': (512, 160, 112, 224, 24, 64, 64),
    '4c': (512, 128, 128, 256, 24, 64, 64),
    '4d': (512, 112, 144, 288, 32, 64, 64),
    '4e': (528, 256, 160, 320, 32, 128, 128),
    '5a': (832, 256, 160, 320, 32, 128, 128),
    '5b': (832, 384, 192, 384, 48, 128, 128),
}
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class _Conv(nn.Module):
    """Convolution, BN, ReLU."""

    def __init__(self, before: int, after: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(after, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)


class _Inception(nn.Module):
    """Four branches beside each other, concatenated."""

    def __init__(self, before, one, reduce3, three, reduce5, five, pool) -> None:
        super().__init__()
        self.branch1 = _Conv(before, one, 1)
        self.branch2 = nn.Sequential(_Conv(before, reduce3, 1), _Conv(reduce3, three, 3))
        self.branch3 = nn.Sequential(_Conv(before, reduce5, 1), _Conv(reduce5, five, 3))
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1, ceil_mode=True), _Conv(before, pool, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        branches = (self.branch1, self.branch2, self.branch3, self.branch4)
        return torch.cat([branch(x) for branch in branches], 1)


class _Auxiliary(nn.Module):
    """An auxiliary classifier: N×C×h×w → N×K."""

    def __init__(self, before: int, num_classes: int) -> None:
        super().__init__()
        self.conv = _Conv(before, 128, 1)
        self.fc1 = nn.Linear(2048, 1024)
        self.fc2 = nn.Linear(1024, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(F.adaptive_avg_pool2d(x, 4)).flatten(1)
        return self.fc2(F.dropout(F.relu(self.fc1(x)), 0.7, self.training))


@MODELS.register_module()
class GoogLeNet(BaseModule):
    """The backbone up to and with its global pooling: N×3×H×W → (N×1024,).

    Args:
        num_classes (int, optional): Classes of the auxiliary classifiers; None leaves them out.
            While the network is trained they come first in the output, (N×K, N×K, N×1024), for
            ``AuxiliaryClsHead``.
        transform_input (bool): Turn images normalised by ImageNet's mean and std into those on
            [-1, 1] that torchvision's weights were trained on. Defaults to False.
    """

    def __init__(
        self,
        num_classes: int | None = None,
        transform_input: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.transform_input = transform_input
        pool = dict(stride=2, ceil_mode=True)
        self.conv1 = _Conv(3, 64, 7, 2)
        self.maxpool1 = nn.MaxPool2d(3, **pool)
        self.conv2 = _Conv(64, 64, 1)
        self.conv3 = _Conv(64, 192, 3)
        self.maxpool2 = nn.MaxPool2d(3, **pool)
        for name in ('3a', '3b'):
            self.add_module(f'inception{name}', _Inception(*_INCEPTIONS[name]))
        self.maxpool3 = nn.MaxPool2d(3, **pool)
        for name in ('4a', '4b', '4c', '4d', '4e'):
            self.add_module(f'inception{name}', _Inception(*_INCEPTIONS[name]))
        self.maxpool4 = nn.MaxPool2d(2, **pool)
        for name in ('5a', '5b'):
            self.add_module(f'inception{name}', _Inception(*_INCEPTIONS[name]))
        self.has_auxiliary = num_classes is not None
        if self.has_auxiliary:
            self.aux1 = _Auxiliary(512, num_classes)
            self.aux2 = _Auxiliary(528, num_classes)
        self.avgpool = nn.AdaptiveAvgPool2d(1)

    def _transformed(self, x: Tensor) -> Tensor:
        mean, std = (x.new_tensor(values).view(1, 3, 1, 1) for values in (_MEAN, _STD))
        return (x * std + mean - 0.5) / 0.5

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Features, and auxiliary scores before them in training."""
        if self.transform_input:
            x = self._transformed(x)
        x = self.maxpool1(self.conv1(x))
        x = self.maxpool2(self.conv3(self.conv2(x)))
        x = self.maxpool3(self.inception3b(self.inception3a(x)))
        x4a = self.inception4a(x)
        x4d = self.inception4d(self.inception4c(self.inception4b(x4a)))
        x = self.maxpool4(self.inception4e(x4d))
        x = self.avgpool(self.inception5b(self.inception5a(x))).flatten(1)
        if self.training and self.has_auxiliary:
            return self.aux1(x4a), self.aux2(x4d), x
        return (x,)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        """Take torchvision's whole state dict: its ``fc`` is no part of a backbone."""
        for name in ('fc.weight', 'fc.bias'):
            state_dict.pop(prefix + name, None)
        if not self.has_auxiliary:
            unused = f'{prefix}aux1.', f'{prefix}aux2.'
            for key in [key for key in state_dict if key.startswith(unused)]:
                state_dict.pop(key)
        super()._load_from_state_dict(state_dict, prefix, *args)


@MODELS.register_module()
class AuxiliaryClsHead(BaseModule):
    """Any head of MMPretrain, with the losses of auxiliary scores that come before its features.

    Args:
        head (dict): Config of the head.
        loss_weight (float): Of each auxiliary loss. Defaults to the paper's 0.3.
    """

    def __init__(self, head: dict, loss_weight: float = 0.3, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.head = MODELS.build(ConfigDict(head, _scope_=head.get('_scope_', 'mmpretrain')))
        self.loss_weight = loss_weight

    @property
    def in_channels(self) -> int:
        """Width of the features."""
        return self.head.in_channels

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Scores N×K of the last entry."""
        return self.head(tuple(features[-1:]))

    def loss(self, features: Sequence[Tensor], data_samples: list, **kwargs) -> dict:
        """Losses of the head, and ``loss_aux1``, … of what comes before."""
        out = self.head.loss(tuple(features[-1:]), data_samples, **kwargs)
        if 'gt_score' in data_samples[0]:  # labels that were mixed or smoothed
            target = torch.stack([sample.gt_score for sample in data_samples])
        else:
            target = torch.cat([sample.gt_label for sample in data_samples])
        for number, scores in enumerate(features[:-1], 1):
            loss = self.head.loss_module(scores, target, avg_factor=len(scores), **kwargs)
            out[f'loss_aux{number}'] = self.loss_weight * loss
        return out

    def predict(self, features: Sequence[Tensor], data_samples: list | None = None) -> list:
        """Predictions of the head."""
        return self.head.predict(tuple(features[-1:]), data_samples)
