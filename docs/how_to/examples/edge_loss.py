"""A loss: the absolute error of the differences between neighbouring pixels."""

from mmengine.registry import MODELS

from mmdegrade.models.losses import RestorationLoss


def edge_error(restored, clean):
    """Mean of |∂(restored − clean)| along rows plus the same along columns; N×C×H×W → scalar."""
    error = restored - clean
    rows, columns = error.diff(dim=-2), error.diff(dim=-1)
    return rows.abs().mean() + columns.abs().mean()


@MODELS.register_module()
class EdgeLoss(RestorationLoss):
    """`edge_error` as a loss; ``loss_weight`` and ``border`` come with `RestorationLoss`."""

    def distance(self, restored, clean):
        """Both N×3×H×W RGB on [0, 1], without the border."""
        return edge_error(restored, clean)
