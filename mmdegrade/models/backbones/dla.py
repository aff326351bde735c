"""Deep Layer Aggregation (DLA) backbone: trees of residual units, joined level by level.

Paper: Yu, Wang, Shelhamer and Darrell, "Deep Layer Aggregation" (CVPR 2018), Secs. 3 and 4.1,
Figs. 2f and 3, Table 1. Module names and the points that the paper leaves open (how a unit's
shortcut is pooled and projected, order of a node's inputs) follow ucbdrive/dla, so that its
ImageNet weights load; the code is our own.

* Levels 0 and 1 are plain convolutions, at strides 1 and 2. Levels 2 to 5 are trees at strides
  4 to 32.
* Hierarchical aggregation: a tree of depth 1 is two residual units and a root, a 1x1
  convolution over the concatenated outputs of both. A tree of depth n is two trees of depth
  n - 1, the root of the second of which also sees the output of the first.
* Iterative aggregation: the last root of levels 3 to 5 also sees the level's own pooled input.
* ``residual_root`` adds the last unit's output to the root's (DLA-102 and larger).

Parameters with the authors' 1000-class 1x1 convolution: DLA-34 15,742,104, DLA-60 22,036,632,
DLA-102 33,268,888, DLA-169 53,389,720. The authors' own count is up to 1.4 % larger: trees deeper
than 1 hold a projection of their input there which no forward pass uses.

Deviations: those unused projections are left out (and dropped on loading); pooling rounds up,
so that any image size works (the original needs multiples of 32, where nothing changes).
"""

from collections.abc import Sequence

import torch
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from mmseg.registry import MODELS
from torch import Tensor, nn

# Depth -> (unit, depths of the trees of levels 2 to 5, widths of levels 0 to 5, residual root).
DLA_SETTINGS = {
    34: ('basic', (1, 2, 2, 1), (16, 32, 64, 128, 256, 512), False),
    60: ('bottleneck', (1, 2, 3, 1), (16, 32, 128, 256, 512, 1024), False),
    102: ('bottleneck', (1, 3, 4, 1), (16, 32, 128, 256, 512, 1024), True),
    169: ('bottleneck', (2, 3, 5, 1), (16, 32, 128, 256, 512, 1024), True),
}


class DLAUnit(nn.Module):
    """Residual unit: ``'basic'`` 3x3-3x3, ``'bottleneck'`` 1x1-3x3-1x1 of half the width inside.

    The first 3x3 convolution has the stride. The shortcut comes from outside, since the tree
    pools and projects it.
    """

    def __init__(self, kind: str, in_channels: int, channels: int, stride: int, norm_cfg: dict):
        super().__init__()
        kernels = (3, 3) if kind == 'basic' else (1, 3, 1)
        inner = channels if kind == 'basic' else channels // 2
        widths = (in_channels, *[inner] * (len(kernels) - 1), channels)
        self.depth = len(kernels)
        for i, kernel in enumerate(kernels):
            conv = nn.Conv2d(
                widths[i],
                widths[i + 1],
                kernel,
                stride=stride if i == kernels.index(3) else 1,
                padding=kernel // 2,
                bias=False,
            )
            self.add_module(f'conv{i + 1}', conv)
            self.add_module(f'bn{i + 1}', build_norm_layer(norm_cfg, widths[i + 1])[1])
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor, shortcut: Tensor) -> Tensor:
        for i in range(1, self.depth + 1):
            x = getattr(self, f'bn{i}')(getattr(self, f'conv{i}')(x))
            x = self.relu(x if i < self.depth else x + shortcut)
        return x


class DLARoot(nn.Module):
    """Aggregation node: 1x1 convolution over concatenated maps, the last unit's first."""

    def __init__(self, in_channels: int, channels: int, residual: bool, norm_cfg: dict):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, channels, 1, bias=False)
        self.bn = build_norm_layer(norm_cfg, channels)[1]
        self.relu = nn.ReLU(inplace=True)
        self.residual = residual

    def forward(self, *maps: Tensor) -> Tensor:
        x = self.bn(self.conv(torch.cat(maps, 1)))
        return self.relu(x + maps[0] if self.residual else x)


class DLATree(nn.Module):
    """Hierarchical aggregation of 2**depth residual units.

    Args:
        depth (int): >= 1.
        kind (str): Of the units: ``'basic'`` or ``'bottleneck'``.
        in_channels (int): Of the input.
        channels (int): Of everything inside and of the output.
        stride (int): Of the first unit.
        link_input (bool): The root also sees the pooled input (iterative aggregation).
        linked_channels (int): Summed widths of the maps that ``links`` brings in.
        residual_root (bool): See :class:`DLARoot`.
        norm_cfg (dict): Normalisation layers.
    """

    def __init__(
        self,
        depth: int,
        kind: str,
        in_channels: int,
        channels: int,
        stride: int = 1,
        link_input: bool = False,
        linked_channels: int = 0,
        residual_root: bool = False,
        norm_cfg: dict | None = None,
    ) -> None:
        super().__init__()
        norm_cfg = norm_cfg or dict(type='BN')
        self.depth = depth
        self.link_input = link_input
        linked_channels += in_channels if link_input else 0
        # Rounds up, as the strided convolution beside it does.
        self.downsample = nn.MaxPool2d(stride, ceil_mode=True) if stride > 1 else nn.Identity()
        if depth > 1:
            shared = dict(residual_root=residual_root, norm_cfg=norm_cfg)
            self.tree1 = DLATree(depth - 1, kind, in_channels, channels, stride, **shared)
            self.tree2 = DLATree(
                depth - 1,
                kind,
                channels,
                channels,
                linked_channels=linked_channels + channels,
                **shared,
            )
            return
        self.tree1 = DLAUnit(kind, in_channels, channels, stride, norm_cfg)
        self.tree2 = DLAUnit(kind, channels, channels, 1, norm_cfg)
        self.root = DLARoot(2 * channels + linked_channels, channels, residual_root, norm_cfg)
        self.project = nn.Identity()
        if in_channels != channels:
            self.project = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, bias=False),
                build_norm_layer(norm_cfg, channels)[1],
            )

    def forward(self, x: Tensor, links: tuple = ()) -> Tensor:
        """N x in_channels x H x W -> N x channels x ceil(H/stride) x ceil(W/stride)."""
        if self.link_input:
            links = (*links, self.downsample(x))
        if self.depth > 1:
            first = self.tree1(x)
            return self.tree2(first, (*links, first))
        first = self.tree1(x, self.project(self.downsample(x)))
        return self.root(self.tree2(first, first), first, *links)

    def _load_from_state_dict(self, state_dict, prefix, *args, **kwargs):
        """Drop the authors' unused projection from ``state_dict`` (a copy of the caller's)."""
        if self.depth > 1:
            for key in [key for key in state_dict if key.startswith(f'{prefix}project.')]:
                del state_dict[key]
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)


def dla_unit_patterns(depth: int, prefix: str = 'backbone.') -> dict:
    """Patterns of the names of all residual units, by level.

    Returns:
        dict[str, list[str]]: e.g. ``{'level3': ['backbone.level3.tree?.tree?'], ...}``, levels 2
        to 5. The units of a level share width and size.
    """
    depths = DLA_SETTINGS[depth][1]
    return {f'level{i}': [f'{prefix}level{i}' + '.tree?' * n] for i, n in enumerate(depths, 2)}


@MODELS.register_module()
class DLA(BaseModule):
    """DLA-34, -60, -102 and -169.

    The authors' ImageNet weights load as they are (``fc`` and unused projections are dropped):
    ``dict(type='Pretrained', checkpoint='http://dl.yf.io/dla/models/imagenet/dla34-ba72cf86.pth')``,
    ``dla60-24839fc4.pth``, ``dla102-d94d9790.pth``, ``dla169-0914e092.pth``. timm's have the same
    names.

    Args:
        depth (int): 34, 60, 102 or 169.
        channels (Sequence[int], optional): Widths of levels 0 to 5, in place of the published
            ones.
        residual_root (bool, optional): Roots add the last unit's output. Defaults to what is
            published: off for 34 and 60, on for 102 and 169.
        out_indices (Sequence[int]): Levels to return, 0 to 5. Segmentation uses 1 to 5 (or 2
            to 5).
        norm_cfg (dict): Normalisation layers.
        init_cfg (dict, optional): MMEngine initialisation. Default: the authors', Kaiming normal
            by fan out, BN 1 and 0.

    Shape:
        - Input: (N, 3, H, W), any size >= 1.
        - Output: tuple of (N, channels[i], ceil(H / 2**i), ceil(W / 2**i)), i in out_indices.

    Raises:
        ValueError: an argument out of range.
    """

    def __init__(
        self,
        depth: int = 34,
        channels: Sequence | None = None,
        residual_root: bool | None = None,
        out_indices: Sequence = (1, 2, 3, 4, 5),
        norm_cfg: dict | None = None,
        init_cfg=None,
    ):
        super().__init__(
            init_cfg
            or [
                dict(type='Kaiming', layer='Conv2d', mode='fan_out', nonlinearity='relu'),
                dict(type='Constant', val=1, layer=['_BatchNorm', 'GroupNorm']),
            ]
        )
        if depth not in DLA_SETTINGS:
            raise ValueError(f'depth={depth!r} is not known; allowed: {list(DLA_SETTINGS)}')
        kind, depths, published, published_root = DLA_SETTINGS[depth]
        channels = tuple(channels or published)
        if len(channels) != 6:
            raise ValueError(f'channels={channels!r} must be six widths, of levels 0 to 5')
        if not out_indices or any(i not in range(6) for i in out_indices):
            raise ValueError(f'out_indices={out_indices!r} must be levels from 0 to 5')
        norm_cfg = norm_cfg or dict(type='BN')
        self.depth = depth
        self.out_indices = tuple(out_indices)
        self.out_channels = tuple(channels[i] for i in self.out_indices)

        def plain(in_width: int, width: int, kernel: int, stride: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Conv2d(in_width, width, kernel, stride, kernel // 2, bias=False),
                build_norm_layer(norm_cfg, width)[1],
                nn.ReLU(inplace=True),
            )

        self.base_layer = plain(3, channels[0], 7, 1)
        self.level0 = plain(channels[0], channels[0], 3, 1)
        self.level1 = plain(channels[0], channels[1], 3, 2)
        for level, tree_depth in enumerate(depths, start=2):
            tree = DLATree(
                tree_depth,
                kind,
                channels[level - 1],
                channels[level],
                stride=2,
                link_input=level > 2,
                residual_root=published_root if residual_root is None else residual_root,
                norm_cfg=norm_cfg,
            )
            self.add_module(f'level{level}', tree)

    def forward(self, x: Tensor) -> tuple:
        """(N, 3, H, W) -> the chosen levels; see the class docstring."""
        x = self.base_layer(x)
        outputs = []
        for level in range(max(self.out_indices) + 1):
            x = getattr(self, f'level{level}')(x)
            if level in self.out_indices:
                outputs.append(x)
        return tuple(outputs)

    def _load_from_state_dict(self, state_dict, prefix, *args, **kwargs):
        """Drop the ImageNet classifier from ``state_dict`` (a copy of the caller's)."""
        for kind in ('weight', 'bias'):
            state_dict.pop(f'{prefix}fc.{kind}', None)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
