"""Dense-Gram loss (DGN): match every target Gram matrix of a block to every source one.

Paper: Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram Networks", TIP 2020,
Eqs. 1, 3 and 5. For the L layers of a block, feature maps F of shape c × m (m = H·W):

    G = F Fᵀ,    L_b = 1 / (4 c² m²) · Σ_l Σ_l' ‖Gs^l − Gt^l'‖_F²

Here the double sum is evaluated in O(L): with Ḡs the mean source Gram matrix,

    Σ_l Σ_l' ‖Gs^l − Gt^l'‖² = L Σ_l' ‖Gt^l' − Ḡs‖² + L Σ_l ‖Gs^l − Ḡs‖²,

whose last term does not depend on the target. Where pixels are fewer than channels (m < c, as in
FCN-8s' b6), the c×c matrices are not formed at all: ⟨F Fᵀ, E Eᵀ⟩ = ‖Fᵀ E‖², an m×m product, so

    Σ_l Σ_l' ‖Gs^l − Gt^l'‖² = L Σ_l' ‖Ftᵀ Ft‖² − 2 Σ_l Σ_l' ‖Fsᵀ Ft‖² + L Σ_l ‖Fsᵀ Fs‖²,

in float64, since large terms cancel. Deviations: the paper trains with batch 1; for a batch the
Gram matrices are taken per image and the loss is averaged over the images.
"""

from collections.abc import Sequence

import torch
from mmengine.registry import MODELS
from torch import Tensor

from .block_loss import BlockLoss, as_float, check_block


class _ByChannels(torch.autograd.Function):
    """Sum of ‖F Fᵀ / m − Ḡ‖² for F: N×c×m and a constant Ḡ: N×c×c.

    Written out because autograd would form the c×c gradient twice and multiply twice: both
    factors of F Fᵀ get the same gradient, so one product 4 (F Fᵀ / m − Ḡ) F / m is enough.
    """

    @staticmethod
    def forward(ctx, flat: Tensor, mean_gram: Tensor) -> Tensor:
        scale = 1 / flat.shape[-1]
        difference = torch.baddbmm(mean_gram, flat, flat.mT, beta=-1, alpha=scale)
        ctx.save_for_backward(flat, difference)
        return difference.square().sum()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad: Tensor):
        flat, difference = ctx.saved_tensors
        return torch.bmm(difference, flat).mul_(4 * grad / flat.shape[-1]), None


class _ByPixels(torch.autograd.Function):
    """The whole double sum, Σ ‖Fs Fsᵀ − Ft Ftᵀ‖² / m², from m×m products.

    The sources are constants; they may be inference tensors, which only targets must not be.
    """

    @staticmethod
    def forward(ctx, sources: list[Tensor], *targets: Tensor) -> Tensor:
        scale = 1 / targets[0].shape[-1]
        wide = [source.double() for source in sources]
        total, products = 0, []
        for target in targets:
            double = target.double()
            for other, weight in ((double, len(sources)), *((source, -2) for source in wide)):
                product = torch.bmm(other.mT, double).mul_(scale)
                total = total + weight * product.square().sum()
                products.append(product.to(target.dtype))
        for source in wide:
            total = total + len(targets) * torch.bmm(source.mT, source).mul_(scale).square().sum()
        ctx.sources = sources
        ctx.save_for_backward(*targets, *products)
        return total.clamp(min=0).to(targets[0].dtype)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad: Tensor):
        count = len(ctx.needs_input_grad) - 1
        targets, products = ctx.saved_tensors[:count], iter(ctx.saved_tensors[count:])
        gradients = []
        for target in targets:
            gradient = torch.bmm(target, next(products)).mul_(len(ctx.sources))
            for source in ctx.sources:
                gradient.baddbmm_(source, next(products), alpha=-1)
            gradients.append(gradient.mul_(4 * grad / target.shape[-1]))
        return None, *gradients


def _flatten(feature: Tensor) -> Tensor:
    """N×C×H×W → N×C×m, a view of contiguous and of channels-last maps; float32 or better."""
    return as_float(feature.flatten(2))


def gram_matrix(feature: Tensor) -> Tensor:
    """Gram matrix divided by m = H·W (Eq. 1 of DGN, scaled).

    Args:
        feature (Tensor): N×C×H×W.

    Returns:
        Tensor: N×C×C, float32 (float64 for float64 input).
    """
    flat = _flatten(feature)
    gram = flat.new_empty((flat.shape[0], flat.shape[1], flat.shape[1]))
    return torch.baddbmm(gram, flat, flat.mT, beta=0, alpha=1 / flat.shape[-1])


def dense_gram_loss(source: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
    """Dense-Gram loss of one block, Eq. 3 of DGN averaged over the batch.

    Differentiable in ``target`` only: the source network is frozen, and its maps are taken as
    constants. The value is the full double sum.

    Args:
        source (Sequence[Tensor]): Ls maps of the frozen source network, each N×C×H×W.
        target (Sequence[Tensor]): Lt maps of the trained target network, same shape. The paper
            has Ls = Lt.

    Returns:
        Tensor: Scalar, float32 (float64 for float64 input), never negative.

    Raises:
        TypeError: Something other than sequences of floating-point tensors.
        ValueError: No maps, or maps of different shapes.
    """
    check_block('dense_gram_loss', source, target)
    batch, channels = target[0].shape[:2]
    with torch.autocast(target[0].device.type, enabled=False):
        sources = [_flatten(feature.detach()) for feature in source]
        targets = [_flatten(feature) for feature in target]
        if _pixels_are_cheaper(len(source), len(target), channels, targets[0].shape[-1]):
            total = _ByPixels.apply(sources, *targets)
        else:
            total = _sum_by_channels(sources, targets)
        return total / (4 * channels**2 * batch)


def _pixels_are_cheaper(sources: int, targets: int, channels: int, pixels: int) -> bool:
    """Compare multiplications, forward and backward; float64 ones count twice."""
    by_channels = (sources + 2 * targets) * channels
    by_pixels = (2 * sources + 3 * targets * (1 + sources)) * pixels
    return by_pixels < by_channels


def _sum_by_channels(sources: list[Tensor], targets: list[Tensor]) -> Tensor:
    with torch.no_grad():
        grams = [gram_matrix(flat[..., None]) for flat in sources]
        mean = grams[0] if len(grams) == 1 else torch.stack(grams).mean(0)
        spread = sum((gram - mean).square().sum() for gram in grams) if len(grams) > 1 else 0
        del grams
    distance = sum(_ByChannels.apply(flat, mean) for flat in targets)
    return len(sources) * distance + len(targets) * spread


@MODELS.register_module()
class DenseGramLoss(BlockLoss):
    """λ Σ_b L_b over the blocks of a network (Eq. 5 of DGN).

    λ does not carry over between networks: the loss grows with the fourth power of the
    activations. The paper's value for FCN-8s is 0.1, the default.

    Args are those of :class:`BlockLoss`; ``pairing='layerwise'`` is the paper's DGN-Layerwise.
    """

    def block(self, source: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
        """Eq. 3."""
        return dense_gram_loss(source, target)
