"""What a frozen segmentor makes of a restored image: its cross-entropy, as a restoration loss.

Liu et al., "When Image Denoising Meets High-Level Vision Tasks", IJCAI 2018: a denoiser trained on
its own error plus the loss of a fixed network for the task. It is the baseline DMS of SDABN
(segmentation–denoising alternate boosting) and row "CrossEntropy" of D2SM's comparison:

    loss = MSE + w · CE(S(x̂), labels)

Deviation: w = 0.02 for mean squared errors on [0, 1]. The published solver weighs a sum over x255
by 5e-9, which comes to about that.
"""

import torch.nn.functional as F
from mmengine.registry import MODELS
from torch import Tensor, nn

from ..labels import check_labels, stack_labels
from ..teacher import FrozenTeacher
from ..unit_images import UnitImages
from .restoration_loss import image_pair


def mean_cross_entropy(logits: Tensor, labels: Tensor, ignore_index: int = 255) -> Tensor:
    """Softmax cross-entropy, averaged over the pixels that have a label.

    Args:
        logits (Tensor): N×K×H×W.
        labels (Tensor): N×H×W integers, 0 to K − 1 or ``ignore_index``.
        ignore_index (int): Label of pixels that do not count. Defaults to 255.

    Returns:
        Tensor: Scalar in nats, float32 or better; 0 where no pixel has a label.

    Raises:
        ValueError: The sizes differ, or a label is out of range.
    """
    if labels.shape != (len(logits), *logits.shape[2:]):
        raise ValueError(
            f'mean_cross_entropy: labels {tuple(labels.shape)} do not fit logits '
            f'{tuple(logits.shape)}'
        )
    valid = check_labels('gt_sem_seg', labels, logits.shape[1], ignore_index)
    total = F.cross_entropy(
        logits if logits.element_size() >= 4 else logits.float(),
        labels.long(),
        ignore_index=ignore_index,
        reduction='sum',
    )
    return total / valid.sum().clamp(min=1)


@MODELS.register_module()
class SegmentationLoss(nn.Module):
    """Cross-entropy of a frozen, clean-trained segmentor on restored images.

    Gradients flow into the image. The segmentor is in evaluation mode, never changes, and is in no
    checkpoint of the model. Neither its auxiliary heads nor its own losses are used.

    Args:
        segmentor (dict): Config of any mmseg segmentor, with its ``data_preprocessor``.
        checkpoint (str): Its clean-trained weights.
        loss_weight (float): Factor. Defaults to 1; DMS: 0.02 beside ``RestorationMSELoss``.
        ignore_index (int): Label of pixels that do not count. Defaults to 255.

    Raises:
        ValueError: ``loss_weight`` is not positive. While training: no labels, or labels of
            another size than the images.
        FileNotFoundError, ValueError: The checkpoint is missing or does not fit; before training.
    """

    def __init__(
        self, segmentor: dict, checkpoint: str, loss_weight: float = 1.0, ignore_index: int = 255
    ) -> None:
        super().__init__()
        if not loss_weight > 0:
            raise ValueError(
                f'SegmentationLoss: loss_weight={loss_weight} does nothing; allowed: > 0'
            )
        self.loss_weight = loss_weight
        self.ignore_index = ignore_index
        self.segmentor = FrozenTeacher(
            segmentor, checkpoint, taps=None, key='SegmentationLoss.checkpoint'
        )

    def init_weights(self) -> None:
        """Load the segmentor's checkpoint."""
        self.segmentor.init_weights()

    def forward(self, restored: Tensor, clean: Tensor, data_samples=None) -> Tensor:
        """Compute the loss.

        Args:
            restored (Tensor): N×3×H×W RGB on [0, 1], not clipped.
            clean (Tensor): The same shape; only that is looked at.
            data_samples (Sequence[SegDataSample]): Their ``gt_sem_seg``, 1×H×W, are the labels.

        Returns:
            Tensor: Scalar.
        """
        restored, _ = image_pair('SegmentationLoss', restored, clean)
        images = UnitImages(self.segmentor.model.data_preprocessor)
        logits = self.segmentor.logits(images.to_inputs(restored))
        labels = stack_labels(
            'SegmentationLoss', data_samples, restored.shape[-2:], self.ignore_index
        ).to(logits.device)
        return self.loss_weight * mean_cross_entropy(logits, labels, self.ignore_index)
