"""What a conditional restorer is told beside the image.

SDABN (segmentation–denoising alternate boosting) conditions its denoiser on the segmentation of the
image: the official code passes logits (``'logits'``) where the paper says probabilities
(``'softmax'``); its variants ImgD and GtD pass the noisy image (``'image'``) and the true labels
(``'onehot-gt'``). FFDNet (Zhang et al., IEEE TIP 2018) is told the level of the noise
(``'noise_level'``).
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from mmdegrade.degradations.noise import KINDS as NOISE_KINDS

from .labels import check_labels, stack_labels

#: What is made of the batch alone, and what needs a segmentor.
FROM_BATCH = ('image', 'noise_level', 'onehot-gt')
FROM_LOGITS = ('logits', 'softmax')
_NOISE = frozenset(kind.name for kind in NOISE_KINDS)


def noise_level(
    images: Tensor, data_samples: Sequence | None = None, sigma: float | None = None
) -> Tensor:
    """σ / 255 of each image: N×1×1×1 of the dtype and device of ``images``.

    Args:
        images (Tensor): N×3×H×W.
        data_samples (Sequence[SegDataSample]): Their meta information ``degradations`` says which
            noise was added: σ of ``awgn``, several of them adding up by their squares; 0 without
            noise. Not looked at where ``sigma`` is given.
        sigma (float, optional): The level on 0–255 where it is known to be the same everywhere, or
            where real noise has no record.

    Raises:
        ValueError: No record, or noise in it that has no single σ: another kind than ``awgn``, or
            ``awgn`` that something else followed.
    """
    if sigma is not None:
        return images.new_full((images.shape[0], 1, 1, 1), sigma / 255)
    if data_samples is None:
        raise ValueError(f"condition='noise_level': {len(images)} images came without data samples")
    levels = [_recorded_sigma(sample) / 255 for sample in data_samples]
    return images.new_tensor(levels)[:, None, None, None]


def _recorded_sigma(sample) -> float:
    fix = "set a fixed level: condition=dict(name='noise_level', sigma=25)"
    records = sample.metainfo.get('degradations')
    if records is None:
        raise ValueError(
            f"condition='noise_level': {sample.get('img_path')} has no record of its degradation "
            f'(Degrade, PackDegradeInputs); {fix}'
        )
    variance = 0.0
    for record in records:
        if record['kind'] == 'awgn':
            variance += record['params']['sigma'] ** 2
        elif record['kind'] != 'clean' and (record['kind'] in _NOISE or variance):
            raise ValueError(
                f"condition='noise_level': {sample.get('img_path')} went through "
                f'{", ".join(one["kind"] for one in records)}; only awgn has one σ, and only while '
                f'nothing follows it; {fix}'
            )
    return variance**0.5


def onehot_labels(
    images: Tensor, data_samples: Sequence | None, num_classes: int, ignore_index: int = 255
) -> Tensor:
    """The true labels as N×K×H×W of ones and zeros; all zeros where a pixel is ignored.

    Args:
        images (Tensor): N×3×H×W; gives size, dtype and device.
        data_samples (Sequence[SegDataSample]): With ``gt_sem_seg``.
        num_classes (int): K.
        ignore_index (int): Label without class. Defaults to 255.

    Raises:
        ValueError: No labels, labels of another size, or out of range.
    """
    name = "condition='onehot-gt'"
    labels = stack_labels(name, data_samples, images.shape[-2:], ignore_index).to(images.device)
    valid = check_labels(f'{name}: gt_sem_seg', labels, num_classes, ignore_index)
    # One class more, for what is ignored, and off with it.
    scores = F.one_hot(labels.where(valid, num_classes), num_classes + 1)[..., :num_classes]
    return scores.permute(0, 3, 1, 2).to(images)


class Condition:
    """What a config says about the condition, checked when the model is built.

    Args:
        condition (str | dict, optional): A name, or ``dict(name=…)`` with options: ``sigma`` of
            'noise_level', ``ignore_index`` of 'onehot-gt'. None for a restorer that is told
            nothing.
        num_classes (int, optional): For 'onehot-gt'.
        allowed (Sequence[str]): The names that the model can serve, of ``FROM_BATCH`` and
            ``FROM_LOGITS``.

    Raises:
        ValueError: Unknown name or option, or no ``num_classes``.
    """

    _OPTIONS = {'noise_level': ('sigma',), 'onehot-gt': ('ignore_index',)}

    def __init__(
        self,
        condition: str | dict | None,
        num_classes: int | None = None,
        allowed: Sequence[str] = FROM_BATCH,
    ) -> None:
        given = dict(condition) if isinstance(condition, Mapping) else dict(name=condition)
        self.name = given.pop('name', '')
        if self.name not in (None, *allowed):
            raise ValueError(
                f'model.condition={condition!r}; allowed: None, {", ".join(map(repr, allowed))}, '
                'or dict(name=…) with their options'
            )
        takes = self._OPTIONS.get(self.name, ())
        if not set(given) <= set(takes):
            raise ValueError(
                f'model.condition={condition!r}; options of {self.name!r}: '
                f'{", ".join(takes) or "none"}'
            )
        if self.name == 'onehot-gt':
            if num_classes is None:
                raise ValueError(
                    "model.condition='onehot-gt' needs the number of classes: set model.num_classes"
                )
            given['num_classes'] = num_classes
        self.options = given

    def check(self, restorer) -> None:
        """See that a restorer takes what is made here.

        Raises:
            ValueError: It needs a condition and none is made, or the other way round.
        """
        name = type(restorer).__name__
        if restorer.conditional and self.name is None:
            raise ValueError(f'model.condition is not set, and {name} needs a condition')
        if self.name is not None and not restorer.conditional:
            raise ValueError(
                f'model.condition={self.name!r}, but {name} takes no condition and would ignore '
                'it; leave it out'
            )

    def __call__(
        self,
        images: Tensor,
        data_samples: Sequence | None = None,
        logits: Tensor | None = None,
    ) -> Tensor | None:
        """The condition of a batch.

        Args:
            images (Tensor): N×3×H×W RGB on [0, 1]: the degraded images.
            data_samples (Sequence[SegDataSample], optional): For 'noise_level' and 'onehot-gt'.
            logits (Tensor, optional): N×K×H×W class scores, for 'logits' and 'softmax'.

        Returns:
            Tensor: N×K×H×W; N×1×1×1 for 'noise_level'; None where there is no condition.

        Raises:
            ValueError: What it is made of is missing.
        """
        if self.name is None:
            return None
        if self.name == 'image':
            return images
        if self.name == 'noise_level':
            return noise_level(images, data_samples, **self.options)
        if self.name == 'onehot-gt':
            return onehot_labels(images, data_samples, **self.options)
        if logits is None:
            raise ValueError(f'condition={self.name!r} needs the class scores of a segmentor')
        return torch.softmax(logits, 1) if self.name == 'softmax' else logits
