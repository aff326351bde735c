"""LPIPS from files: nothing is downloaded behind the user's back.

Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018.
The distance needs two sets of weights: a classifier trained on ImageNet, which torchvision
publishes, and one linear layer for each of its depths (version 0.1), which torchmetrics brings.
torchmetrics does the arithmetic, but its public constructor always downloads the classifier; the
class inside it takes weights that are there already.
"""

import os.path as osp
import re

from torch import nn

from mmdegrade.compat.checkpoint_loading import load_checkpoint_safely

#: LPIPS name -> (torchvision's model, where its ImageNet weights are).
BACKBONES = dict(
    alex=('alexnet', 'https://download.pytorch.org/models/alexnet-owt-7be5be79.pth'),
    vgg=('vgg16', 'https://download.pytorch.org/models/vgg16-397923af.pth'),
    squeeze=('squeezenet1_1', 'https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth'),
)


def build_lpips(net: str = 'alex', key: str = 'lpips') -> nn.Module:
    """Build LPIPS with the linear layers that torchmetrics brings, over an untrained classifier.

    Args:
        net (str): ``'alex'`` (the authors' choice for comparing images), ``'vgg'``, ``'squeeze'``.
        key (str): Config key named in errors.

    Returns:
        nn.Module: ``net(first, second, normalize=True)`` of N×3×H×W RGB on [0, 1] gives N×1×1×1;
        frozen, in evaluation mode.

    Raises:
        ValueError: Unknown ``net``.
    """
    if net not in BACKBONES:
        raise ValueError(f'{key}.net={net!r}; allowed: {", ".join(map(repr, BACKBONES))}')
    from torchmetrics.functional.image.lpips import _LPIPS

    return _LPIPS(net=net, pnet_rand=True).requires_grad_(False).train(False)


def fill_lpips(
    lpips: nn.Module,
    net: str = 'alex',
    backbone: str | None = None,
    heads: str | None = None,
    key: str = 'lpips',
) -> None:
    """Load the weights of :func:`build_lpips`, in place.

    Args:
        lpips (nn.Module): What was built with the same ``net``.
        net (str): As there.
        backbone (str): File of torchvision's ImageNet weights of that network.
        heads (str, optional): File of the linear layers (``alex.pth`` of the package lpips 0.1).
            Defaults to the copy inside torchmetrics.
        key (str): Config key named in errors.

    Raises:
        ValueError: No ``backbone``, or a file with other weights.
        FileNotFoundError: A file is not there; says which of the two sets, and where it comes from.
    """
    model, url = BACKBONES[net]
    get = f'get {url} and set {key}=dict(net={net!r}, backbone=PATH)'
    if backbone is None:
        raise ValueError(
            f'{key}.backbone is not set. The linear layers are there, the ImageNet weights of '
            f'{model} are not: {get}'
        )
    if not osp.isfile(backbone):
        raise FileNotFoundError(
            f'{key}.backbone={backbone!r}: no such file. LPIPS needs the ImageNet weights of '
            f'{model}: {get}'
        )
    if heads is not None and not osp.isfile(heads):
        raise FileNotFoundError(
            f'{key}.heads={heads!r}: no such file. Leave it out to use the linear layers that '
            'torchmetrics brings'
        )
    if heads is not None:
        _fill(lpips.lins, heads, f'{key}.heads', lambda name: f'lin{name}')
    # 'slice2.3.weight' (SqueezeNet: 'slices.1.3.weight') is torchvision's 'features.3.weight'.
    _fill(
        lpips.net,
        backbone,
        f'{key}.backbone',
        lambda name: re.sub(r'^(slices[.])?[^.]+[.]', 'features.', name),
    )


def load_lpips(
    net: str = 'alex', backbone: str | None = None, heads: str | None = None, key: str = 'lpips'
) -> nn.Module:
    """:func:`build_lpips` and :func:`fill_lpips` in one."""
    lpips = build_lpips(net, key)
    fill_lpips(lpips, net, backbone, heads, key)
    return lpips


def _fill(module: nn.Module, path: str, option: str, name_in_file) -> None:
    """Load a file whose keys are named otherwise; keys that nobody asks for are left alone."""
    stored = load_checkpoint_safely(path)
    own = module.state_dict()
    missing = [
        name_in_file(key)
        for key, value in own.items()
        if getattr(stored.get(name_in_file(key)), 'shape', None) != value.shape
    ]
    if missing:
        raise ValueError(
            f'{option}={path!r} holds other weights: {len(missing)} of {len(own)} tensors are '
            f'missing or of another shape, first {missing[0]!r}'
        )
    module.load_state_dict({key: stored[name_in_file(key)] for key in own})
