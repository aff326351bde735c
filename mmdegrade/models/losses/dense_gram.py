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

from collections.abc import Mapping, Sequence

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn


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

    Takes Ls and the N×c×m maps, Ls sources first; the sources are constants.
    """

    @staticmethod
    def forward(ctx, sources: int, *flats: Tensor) -> Tensor:
        scale = 1 / flats[0].shape[-1]
        double = [flat.double() for flat in flats]
        targets = range(sources, len(flats))
        ctx.sources, ctx.count = sources, len(flats)
        total, products = 0, []
        for t in targets:
            for i in (t, *range(sources)):
                product = torch.bmm(double[i].mT, double[t]).mul_(scale)
                total = total + product.square().sum() * (sources if i == t else -2)
                products.append(product.to(flats[0].dtype))
        for s in range(sources):
            own = torch.bmm(double[s].mT, double[s]).mul_(scale)
            total = total + own.square().sum() * len(targets)
        ctx.save_for_backward(*flats, *products)
        return total.clamp(min=0).to(flats[0].dtype)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad: Tensor):
        flats = ctx.saved_tensors[: ctx.count]
        products = iter(ctx.saved_tensors[ctx.count :])
        scale = 4 * grad / flats[0].shape[-1]
        gradients = []
        for target in flats[ctx.sources :]:
            gradient = torch.bmm(target, next(products)).mul_(ctx.sources)
            for source in flats[: ctx.sources]:
                gradient.baddbmm_(source, next(products), alpha=-1)
            gradients.append(gradient.mul_(scale))
        return (None,) * (1 + ctx.sources) + tuple(gradients)


def _flatten(feature: Tensor) -> Tensor:
    """N×C×H×W → N×C×m, a view of contiguous and of channels-last maps; float32 or better."""
    flat = feature.flatten(2)
    return flat.float() if flat.dtype in (torch.float16, torch.bfloat16) else flat


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


def _check(source: Sequence[Tensor], target: Sequence[Tensor]) -> None:
    if len(source) == 0 or len(target) == 0:
        raise ValueError('dense_gram_loss: source and target need at least one feature map each')
    shapes = {tuple(feature.shape) for feature in (*source, *target)}
    if len(shapes) > 1 or source[0].ndim != 4:
        raise ValueError(
            'dense_gram_loss: the maps of a block must share one N×C×H×W shape, got '
            + ', '.join(map(str, sorted(shapes)))
        )


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
        ValueError: No maps, or maps of different shapes.
    """
    _check(source, target)
    batch, channels = target[0].shape[:2]
    with torch.autocast(target[0].device.type, enabled=False):
        sources = [_flatten(feature.detach()) for feature in source]
        targets = [_flatten(feature) for feature in target]
        if _pixels_are_cheaper(len(source), len(target), channels, targets[0].shape[-1]):
            total = _ByPixels.apply(len(source), *sources, *targets)
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
class DenseGramLoss(nn.Module):
    """λ Σ_b L_b over the blocks of a network (Eq. 5 of DGN).

    λ does not carry over between networks: the loss grows with the fourth power of the
    activations. Look at ``loss_gram`` beside the segmentation loss in the log, and choose λ on
    data held back from training.

    Args:
        loss_weight (float): λ. Defaults to 0.1, the paper's value for FCN-8s.
        blocks (Sequence[str], optional): The blocks to match, e.g. ``('b4', 'b5', 'b6')``.
            Defaults to every tapped block.

    Raises:
        ValueError: λ is not positive, or a block is not tapped.
    """

    def __init__(self, loss_weight: float = 0.1, blocks: Sequence[str] | None = None) -> None:
        super().__init__()
        if not loss_weight > 0:
            raise ValueError(
                f'DenseGramLoss: loss_weight={loss_weight} does nothing; allowed: > 0. To train '
                'without the Gram term use the plain segmentor'
            )
        self.loss_weight = loss_weight
        self.blocks = None if blocks is None else tuple(blocks)

    def forward(
        self, source: Mapping[str, Sequence[Tensor]], target: Mapping[str, Sequence[Tensor]]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Compute the loss.

        Args:
            source (Mapping): Block name to source maps.
            target (Mapping): Block name to target maps.

        Returns:
            tuple: λ Σ_b L_b (scalar), and the unweighted, detached L_b by block.
        """
        blocks = self.blocks or tuple(target)
        unknown = [block for block in blocks if block not in target or block not in source]
        if unknown:
            raise ValueError(
                f'DenseGramLoss: blocks {unknown} are not tapped; allowed: {sorted(target)}'
            )
        values = {block: dense_gram_loss(source[block], target[block]) for block in blocks}
        return self.loss_weight * sum(values.values()), {
            block: value.detach() for block, value in values.items()
        }
