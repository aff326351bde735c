"""D2SM: restored images are to have the semantic statistics of clean ones.

Mei, Patel and Huang, "Deep Semantic Statistics Matching (D2SM) Denoising Network", ECCV 2022. For
samples i, j (patches of images, or whole images) with feature vectors Q and the kernel
K(a, b) = (cos(a, b) + 1) / 2:

    p(j|i) = K(Q_j, Q_i) / Σ_{k≠i} K(Q_k, Q_i)                          Eq. 2
    L      = Σ_i Σ_{j≠i} p'(j|i) log( p'(j|i) / p(j|i) )                Eq. 1

p' from restored samples, p from the clean ones at the same places: KL(restored‖clean). Queues of
features of earlier batches stand beside the batch (Eq. 3). Features are conv5_4 of VGG19 before its
ReLU, flattened (:class:`VGGFeatures`); any other network will do (:class:`BackboneFeatures`).

The released code (MKFMIKU/d2sm) cannot serve as reference: it computes the loss from buffers that
were filled without gradients, so that the term trains nothing; it keeps the diagonal, averages over
all entries, and cuts no patches. Decisions:

- i runs over the batch, with gradients in every row of the restored features; j over the batch and
  the queue, whose rows are constants, as are all clean features. The diagonal is left out.
- The sum over j is averaged over i, so that the weight does not depend on the batch.
- ε = 1e-6 is added to both probabilities inside the logarithm; places of the queue that were never
  filled are left out; the batch is enqueued after its loss.
- Of several maps, each is brought to unit length before they are put side by side: the cosine is
  then the mean of theirs.
- "Internal" (patches): 5×5 of 224 pixels, spread evenly from edge to edge; what is known of the
  authors' grid does not settle it (configs/d2sm/README.md).
- Several processes gather their features: the loss is that of the whole batch, and every process
  keeps the same queue of all samples. Then neither the statistics nor what a checkpoint holds
  depend on how many processes share a batch. The rows of other processes are constants in each
  one's backward pass; what is missing in the average that DDP takes is made up by scaling the
  gradient by the number of processes. All must have batches of one size.

Other divergences of the comparison, by their usual definitions: 'ikl' = KL(clean‖restored),
'js' = ½ KL(p'‖m) + ½ KL(p‖m), m = (p' + p)/2.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather, get_rank, get_world_size
from mmengine.registry import MODELS
from torch import Tensor

from mmdegrade.degradations.parameters import is_integer

from .block_loss import as_float
from .feature_loss import FeatureLoss
from .feature_queue import FeatureQueue
from .patch_grid import patch_grid

DIVERGENCES = ('kl', 'ikl', 'js')
QUEUE_DTYPES = (None, 'float64', 'float32', 'float16', 'bfloat16')
EPSILON = 1e-6


def conditional_probabilities(rows: Tensor, queue: Tensor | None = None) -> Tensor:
    """p(j|i), Eq. 2: how likely row i is to pick j among all others, by similarity.

    Args:
        rows (Tensor): N×D.
        queue (Tensor, optional): Q×D.

    Returns:
        Tensor: N×(N+Q); rows sum to 1, the diagonal is 0. All 0 for a row without others.
    """
    rows = F.normalize(rows, dim=1)
    cosines = rows @ rows.mT
    if queue is not None:
        # The queue is large: its products are divided by its lengths, not a copy of it.
        lengths = torch.linalg.vector_norm(queue, dim=1).clamp(min=1e-12)
        cosines = torch.cat([cosines, rows @ queue.mT / lengths], 1)
    kernel = (cosines + 1) / 2
    itself = torch.eye(*kernel.shape, dtype=torch.bool, device=rows.device)
    kernel = kernel.masked_fill(itself, 0)
    return kernel / kernel.sum(1, keepdim=True).clamp(min=EPSILON)


def _kl(p: Tensor, q: Tensor) -> Tensor:
    """Σ_j p log(p / q) of each row."""
    return (p * ((p + EPSILON) / (q + EPSILON)).log()).sum(1)


def d2sm_loss(
    restored: Tensor,
    clean: Tensor,
    restored_queue: Tensor | None = None,
    clean_queue: Tensor | None = None,
    divergence: str = 'kl',
) -> Tensor:
    """Divergence of the similarities among restored features from those among clean ones.

    Args:
        restored (Tensor): N×D features; the only ones with gradients.
        clean (Tensor): N×D, of the clean samples.
        restored_queue (Tensor, optional): Q×D, of earlier restored samples.
        clean_queue (Tensor, optional): Q×D, of the clean ones that belong to them.
        divergence (str): ``'kl'``: of restored from clean; ``'ikl'``: of clean from restored;
            ``'js'``: Jensen–Shannon.

    Returns:
        Tensor: Scalar in nats, float32 or better; 0 for a single sample without queue.

    Raises:
        ValueError: Shapes that differ, one queue without the other, or an unknown divergence.
    """
    if divergence not in DIVERGENCES:
        raise ValueError(f'd2sm_loss: divergence={divergence!r}; allowed: {DIVERGENCES}')
    if restored.ndim != 2 or restored.shape != clean.shape:
        raise ValueError(
            f'd2sm_loss: restored {tuple(restored.shape)} and clean {tuple(clean.shape)} must '
            'share one N×D shape'
        )
    shapes = [None if q is None else tuple(q.shape) for q in (restored_queue, clean_queue)]
    if shapes[0] != shapes[1] or (shapes[0] and shapes[0][1:] != tuple(restored.shape[1:])):
        raise ValueError(
            f'd2sm_loss: restored_queue {shapes[0]} and clean_queue {shapes[1]} must share one '
            f'Q×D shape with D = {restored.shape[1]}'
        )
    dtype = as_float(restored).dtype
    queues = [None if q is None else q.detach().to(dtype) for q in (restored_queue, clean_queue)]
    found = conditional_probabilities(restored.to(dtype), queues[0])
    wanted = conditional_probabilities(clean.detach().to(dtype), queues[1])
    if divergence == 'kl':
        rows = _kl(found, wanted)
    elif divergence == 'ikl':
        rows = _kl(wanted, found)
    else:
        middle = (found + wanted) / 2
        rows = (_kl(found, middle) + _kl(wanted, middle)) / 2
    return rows.mean()


def _unit_rows(maps: list[Tensor]) -> Tensor:
    """Maps N×C×h×w of several layers → one unit vector for each sample, N×D."""
    rows = [F.normalize(one.flatten(1), dim=1) for one in maps]
    return F.normalize(torch.cat(rows, 1), dim=1) if len(rows) > 1 else rows[0]


def _gathered(rows: Tensor) -> Tensor:
    """Rows of all processes, in the order of the ranks; gradients in those of this process."""
    parts = all_gather(rows.detach())
    parts[get_rank()] = rows
    return torch.cat(parts)


@MODELS.register_module()
class D2SMLoss(FeatureLoss):
    """Semantic statistics matching as a loss of restored images, to be added to a content loss.

    Its queues are buffers: 206 MB for 2 × 256 patches of 224 pixels in VGG19's conv5_4.

    Args:
        feature_extractor (dict): Config of a ``FeatureExtractor``; the paper's is
            ``dict(type='VGGFeatures')``.
        queue_size (int): Samples of earlier batches that are kept; 0 for none. Defaults to 256.
        patches (int | tuple[int, int], optional): Patches along each side of the crop (5: 25 for
            each image), or (rows, columns); None for whole crops ("w/o Internal"). Defaults to 5.
        patch_size (int): Side of a patch in pixels. Defaults to 224.
        divergence (str): 'kl' (default), 'ikl' or 'js'; see :func:`d2sm_loss`.
        loss_weight (float): Factor. Defaults to 1, the paper's beside an L1 loss.
        queue_dtype (str, optional): In which the queue is kept: 'float16' and 'bfloat16' halve its
            memory. Defaults to the dtype of the features.
        border (int): Pixels left out along each side. Defaults to 0.

    Raises:
        ValueError: A setting out of range. While training: crops smaller than a patch; features
            whose size changes.
        TypeError: ``feature_extractor`` is none.
    """

    def __init__(
        self,
        feature_extractor: dict,
        queue_size: int = 256,
        patches: int | Sequence[int] | None = 5,
        patch_size: int = 224,
        divergence: str = 'kl',
        loss_weight: float = 1.0,
        queue_dtype: str | None = None,
        border: int = 0,
    ) -> None:
        super().__init__(feature_extractor, loss_weight, border)
        given = dict(queue_size=(queue_size, 0), patch_size=(patch_size, 1))
        for name, (value, least) in given.items():
            if not is_integer(value, least):
                raise ValueError(f'D2SMLoss: {name}={value!r}; allowed: integers from {least}')
        pair = list(patches) if isinstance(patches, (list, tuple)) else [patches, patches]
        if patches is not None and (len(pair) != 2 or not all(is_integer(x, 1) for x in pair)):
            raise ValueError(
                f'D2SMLoss: patches={patches!r}; allowed: integers from 1, two of them (rows, '
                'columns), or None for whole crops'
            )
        if isinstance(queue_dtype, torch.dtype):
            queue_dtype = str(queue_dtype).removeprefix('torch.')
        for name, value, allowed in (
            ('divergence', divergence, DIVERGENCES),
            ('queue_dtype', queue_dtype, QUEUE_DTYPES),
        ):
            if value not in allowed:
                raise ValueError(f'D2SMLoss: {name}={value!r}; allowed: {allowed}')
        self.patches = None if patches is None else tuple(pair)
        self.patch_size = patch_size
        self.divergence = divergence
        dtype = None if queue_dtype is None else getattr(torch, queue_dtype)
        self.queue = FeatureQueue(queue_size, dtype)

    def distance(self, restored: Tensor, clean: Tensor) -> Tensor:
        """The loss of a batch against itself and the queue; in training, the batch joins it."""
        if self.patches is not None:
            restored, clean = (
                patch_grid(images, self.patches, self.patch_size) for images in (restored, clean)
            )
        found, wanted = (_unit_rows(maps) for maps in self.features(restored, clean))
        processes = get_world_size()
        if processes > 1:
            found, wanted = _gathered(found), _gathered(wanted)
        self.queue.check_width(found.shape[1])
        queues = (None, None)
        if len(self.queue):
            # The backward pass still needs the restored rows when the batch has replaced some.
            queues = self.queue.rows()[0].clone(), self.queue.rows()[1]
        loss = d2sm_loss(found, wanted, *queues, self.divergence)
        if self.training and self.queue.size:
            self.queue.enqueue(found.detach(), wanted)
        # The value of the whole batch, with the gradient that DDP will divide by the processes.
        return loss + (processes - 1) * (loss - loss.detach()) if processes > 1 else loss
