"""Fold batch normalisation in evaluation mode into the convolution before it.

For a network that never trains again (a frozen teacher) BN is a scale and a shift per channel,
which the convolution can do itself. Which BN follows which convolution is read off a real
forward pass, not off the order of the children, since networks concatenate or add in between.
"""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_weights


def conv_bn_pairs(model: nn.Module, run: Callable[[nn.Module], None]) -> list[tuple[str, str]]:
    """Find (convolution, BN) names where the BN's input is just the convolution's output."""
    made: dict[int, tuple[Tensor, str]] = {}
    calls: dict[str, int] = {}
    pairs: list[tuple[str, str]] = []

    def record(name):
        def hook(module, args, output):
            calls[name] = calls.get(name, 0) + 1
            if isinstance(module, nn.Conv2d):
                made[id(output)] = (output, name)  # holding the tensor keeps its id unique
            else:
                tensor, conv = made.get(id(args[0]), (None, ''))
                if tensor is args[0]:
                    pairs.append((conv, name))

        return hook

    handles = [
        module.register_forward_hook(record(name))
        for name, module in model.named_modules()
        if type(module) is nn.Conv2d or isinstance(module, _BatchNorm)
    ]
    try:
        run(model)
    finally:
        for handle in handles:
            handle.remove()
    heads = [conv for conv, _ in pairs]
    return [
        (conv, norm)
        for conv, norm in pairs
        if heads.count(conv) == 1 and calls[conv] == 1 and calls[norm] == 1
    ]


@torch.no_grad()
def fold_batchnorm(
    model: nn.Module, run: Callable[[nn.Module], list[Tensor]], tolerance: float = 1e-4
) -> tuple[nn.Module, int]:
    """Fold every foldable BN of a frozen model and check that the outputs still agree.

    Args:
        model (nn.Module): Network in evaluation mode. Not changed.
        run (Callable): ``run(model)`` does a forward pass and returns the tensors that matter.
        tolerance (float): Largest accepted difference, relative to the largest output.

    Returns:
        tuple: The folded copy and the number of BN layers folded; or the model itself and 0
        where nothing can be folded or the outputs do not agree (a convolution whose raw output
        is also used elsewhere).
    """
    pairs = conv_bn_pairs(model, run)
    if not pairs:
        return model, 0
    folded = copy.deepcopy(model)
    modules = dict(folded.named_modules())
    for conv_name, norm_name in pairs:
        conv, norm = modules[conv_name], modules[norm_name]
        if norm.running_mean is None:
            continue
        conv.weight, conv.bias = fuse_conv_bn_weights(
            conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps,
            norm.weight, norm.bias,
        )  # fmt: skip
        parent, _, child = norm_name.rpartition('.')
        setattr(folded.get_submodule(parent), child, nn.Identity())
    folded.requires_grad_(False)
    for before, after in zip(run(model), run(folded), strict=True):
        if not torch.allclose(before, after, rtol=0, atol=tolerance * float(before.abs().max())):
            return model, 0
    return folded, len(pairs)
