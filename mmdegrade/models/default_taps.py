"""Which layers DGN matches by default, by the class of the backbone (``taps='default'``).

Paper: Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram Networks", TIP 2020:
start "at the block in the middle of the network". Our reading of it for networks other
than VGG16: a block is a stage, the second half of the stages counts (of an odd number the middle
one too), and its layers are the outputs of all residual units (transformer blocks, HRNet's units
branch by branch), the only tensors of a stage that share width and size. A unit that changes
stride is included: its output has the stage's shape.

Rules are found by class name, base classes included, so that subclasses (ResNetV1c, ResNeXt, SVT)
and networks of packages that are not imported (mmpretrain's ConvNeXt) are known. A layer that a
rule names must exist, and the layers of a block must share one shape, or the tap raises.
"""

import re
from collections.abc import Callable

from torch import nn

from .backbones import dla_unit_patterns, vgg16_deeplab_taps, vgg16_fcn_taps

Rule = Callable[[nn.Module], dict]


def _stages(pattern: str, block: str) -> Rule:
    """Rule for a backbone whose units' names match ``pattern`` with groups named stage, branch.

    ``block`` names the blocks, by ``str.format`` with the same groups.
    """

    def rule(backbone: nn.Module) -> dict:
        units = [m for name, _ in backbone.named_modules() if (m := re.fullmatch(pattern, name))]
        stages = sorted({int(unit['stage']) for unit in units})
        blocks: dict[str, list[str]] = {}
        for unit in units:
            if int(unit['stage']) in stages[len(stages) // 2 :]:
                blocks.setdefault(block.format(**unit.groupdict()), []).append(
                    f'backbone.{unit[0]}'
                )
        return blocks

    return rule


def _dla(backbone: nn.Module) -> dict:
    levels = dla_unit_patterns(backbone.depth)  # levels 2 to 5; with 0 and 1 there are six
    return {level: levels[level] for level in ('level3', 'level4', 'level5')}


_RULES: dict[str, Rule] = {
    'CGNet': _stages(r'level(?P<stage>\d)\.\d+', 'level{stage}'),
    'ConvNeXt': _stages(r'stages\.(?P<stage>\d+)\.\d+', 'stages{stage}'),
    'DLA': _dla,
    # Stage 1 of HRNet has one branch and another kind of unit: layer1, not a stage here.
    'HRNet': _stages(
        r'stage(?P<stage>\d)\.\d+\.branches\.(?P<branch>\d)\.\d+', 'stage{stage}_branch{branch}'
    ),
    'MSCAN': _stages(r'block(?P<stage>\d+)\.\d+', 'block{stage}'),
    'MixVisionTransformer': _stages(r'layers\.(?P<stage>\d+)\.1\.\d+', 'layers{stage}'),
    'PCPVT': _stages(r'layers\.(?P<stage>\d+)\.\d+', 'layers{stage}'),
    'ResNet': _stages(r'layer(?P<stage>\d)\.\d+', 'layer{stage}'),
    'SwinTransformer': _stages(r'stages\.(?P<stage>\d+)\.blocks\.\d+', 'stages{stage}'),
    'VGG16DeepLab': lambda backbone: vgg16_deeplab_taps(branches=len(backbone.dilations)),
    'VGG16FCN': lambda backbone: vgg16_fcn_taps(),
}


def default_taps(model: nn.Module) -> dict:
    """DGN's default taps for a segmentor.

    Args:
        model (nn.Module): A segmentor with a ``backbone`` child.

    Returns:
        dict[str, list[str]]: Block to names or patterns of modules of ``model``.

    Raises:
        ValueError: No backbone, a backbone whose class has no rule, or one that is not built as
            its class name says.
    """
    backbone = getattr(model, 'backbone', None)
    if not isinstance(backbone, nn.Module):
        raise ValueError(f"taps='default': {type(model).__name__} has no backbone")
    name = type(backbone).__name__
    rule = next((_RULES[c.__name__] for c in type(backbone).__mro__ if c.__name__ in _RULES), None)
    blocks = rule(backbone) if rule else None
    if blocks:
        return blocks
    problem = 'finds no layer in' if rule else 'knows no rule for'
    raise ValueError(
        f"taps='default' {problem} the backbone {name}; known: {', '.join(_RULES)} and their "
        "subclasses. Name the layers instead, e.g. taps=['backbone.layer3.*', "
        "'backbone.layer4.*'] (blocks whose layers share one shape), or take the backbone's "
        "outputs: taps='out_indices'. List the names with "
        '`print([n for n, _ in model.named_modules()])`'
    )
