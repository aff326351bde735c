"""What the losses on blocks of feature maps share: λ, the choice of blocks, which layers pair up.

Paper: Guo et al., "Degraded Image Semantic Segmentation With Dense-Gram Networks", TIP 2020, Eq. 5
and the variants of Tables IV–VII.
"""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

PAIRINGS = ('dense', 'layerwise')


def check_block(name: str, source: Sequence[Tensor], target: Sequence[Tensor]) -> None:
    """Refuse an empty block, and maps that do not share one N×C×H×W shape.

    Raises:
        TypeError: Not sequences, or something other than tensors of floating point in them.
        ValueError: Names the function and the shapes.
    """
    for key, maps in (('source', source), ('target', target)):
        # A tensor is no sequence of maps, though it would be iterated like one.
        if not isinstance(maps, Sequence):
            raise TypeError(
                f'{name}: {key} must be a list or tuple of N×C×H×W tensors, got '
                f'{type(maps).__name__}'
            )
        for feature in maps:
            if not isinstance(feature, Tensor) or not feature.is_floating_point():
                what = feature.dtype if isinstance(feature, Tensor) else type(feature).__name__
                raise TypeError(f'{name}: {key} must hold floating-point tensors, got {what}')
    if len(source) == 0 or len(target) == 0:
        raise ValueError(f'{name}: source and target need at least one feature map each')
    shapes = {tuple(feature.shape) for feature in (*source, *target)}
    if len(shapes) > 1 or source[0].ndim != 4:
        raise ValueError(
            f'{name}: the maps of a block must share one N×C×H×W shape, got '
            + ', '.join(map(str, sorted(shapes)))
        )


def as_float(feature: Tensor) -> Tensor:
    """float32 or better: half precision would overflow where features are squared."""
    return feature if feature.element_size() >= 4 else feature.float()


class BlockLoss(nn.Module):
    """λ Σ_b L_b over the blocks of a network; a subclass gives L_b.

    Args:
        loss_weight (float): λ. It belongs to a network and to a distance: look at ``loss_gram``
            beside the segmentation loss in the log, and choose it on data held back from training.
        blocks (Sequence[str], optional): The blocks to match, e.g. ``('b4', 'b5', 'b6')``.
            Defaults to every tapped block.
        pairing (str): ``'dense'`` pairs every target layer of a block with every source layer,
            ``'layerwise'`` only with the same one. Defaults to 'dense'.

    Raises:
        ValueError: λ is not positive, an unknown pairing, or a block that is not tapped.
    """

    def __init__(
        self,
        loss_weight: float = 0.1,
        blocks: Sequence[str] | None = None,
        pairing: str = 'dense',
    ) -> None:
        super().__init__()
        if not loss_weight > 0:
            raise ValueError(
                f'{type(self).__name__}: loss_weight={loss_weight} does nothing; allowed: > 0. To '
                'train without it use the plain segmentor'
            )
        if pairing not in PAIRINGS:
            raise ValueError(f'{type(self).__name__}: pairing={pairing!r}; allowed: {PAIRINGS}')
        self.loss_weight = loss_weight
        self.blocks = None if blocks is None else tuple(blocks)
        self.pairing = pairing

    def block(self, source: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
        """L_b over all pairs of the maps given, averaged over the batch."""
        raise NotImplementedError

    def _block(self, source: Sequence[Tensor], target: Sequence[Tensor]) -> Tensor:
        if self.pairing == 'dense':
            return self.block(source, target)
        if len(source) != len(target):
            raise ValueError(
                f"{type(self).__name__}: pairing='layerwise' needs as many source as target "
                f'layers, got {len(source)} and {len(target)}'
            )
        return sum(self.block([s], [t]) for s, t in zip(source, target, strict=True))

    def forward(
        self, source: Mapping[str, Sequence[Tensor]], target: Mapping[str, Sequence[Tensor]]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Compute the loss.

        Args:
            source (Mapping): Block name to source maps, each N×C×H×W.
            target (Mapping): Block name to target maps of the same shape.

        Returns:
            tuple: λ Σ_b L_b (scalar), and the unweighted, detached L_b by block.
        """
        blocks = self.blocks or tuple(target)
        unknown = [block for block in blocks if block not in target or block not in source]
        if unknown:
            raise ValueError(
                f'{type(self).__name__}: blocks {unknown} are not tapped; allowed: {sorted(target)}'
            )
        values = {block: self._block(source[block], target[block]) for block in blocks}
        return self.loss_weight * sum(values.values()), {
            block: value.detach() for block, value in values.items()
        }
