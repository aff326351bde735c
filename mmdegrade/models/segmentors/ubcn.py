"""UBCN: joint deraining and segmentation, by turns (abstract, Fig. 5 and supplement).

Image-level deraining (IDM) and feature-level adaptation (FAM) feed the segmentation, whose
prediction guides semantic-attentive deraining (SAM); the loop repeats. The equations are not
published; following the caption of Fig. 5, ours are

    B_0 = IDM(y)
    p_t = softmax(Seg(B_{t-1})),  B_t = SAM([y, B_{t-1}], maps of p_t)      t = 1 … T,  T = 3
    output: B_T and Seg(B_T)

with the weights shared over t. Losses (ours; their weights for FAM from the supplement), by stage:

- IDM, ``train=['derain']``: L1 of B_0 (option: + 0.2 (1 − SSIM)).
- FAM, ``train=['segmentor', 'discriminator']``: the segmentor's losses on B_0 + 1e-3 adversarial.
  The discriminator tells backbone features of clean images (real) from those of derained ones, by
  binary cross-entropy on logits; the segmentor learns to make derained ones look clean.
- SAM, ``train=['attentive']``: L1 of every B_1 … B_T. Nothing reaches the segmentor.
- All, ``train=['derain', 'segmentor', 'attentive']``: L1 of B_0 … B_T + the segmentor's losses on
  B_T, whose gradients run through the whole loop. The discriminator rests.
"""

import time

import torch
from mmengine.config import ConfigDict
from mmengine.registry import MODELS as ROOT_MODELS
from mmseg.models import BaseSegmentor
from mmseg.registry import MODELS
from torch import Tensor, nn

from mmdegrade.degradations.parameters import is_integer

from ..class_groups import ClassGroups
from ..clean_checkpoint import load_clean_checkpoint
from ..data_preprocessor import paired_preprocessor, stack_clean
from ..full_size import full_size, require_whole_images
from ..image_quality import psnr
from ..restoration_model import named_losses
from ..restored import attach_restored
from ..restorers import build_restorer
from ..staged import StagedModel
from ..unit_images import UnitImages
from ..unwrapped import unwrapped
from .feature_adaptation import FeatureAdaptation
from .loop_records import attach_steps


@MODELS.register_module()
class UBCNSegmentor(FeatureAdaptation, StagedModel, BaseSegmentor):
    """Derain, segment, derain by classes, segment again, …

    Parts for ``train_cfg.stages``: ``derain``, ``segmentor``, ``attentive``, ``discriminator``.

    Args:
        segmentor (dict): Config of any mmseg segmentor that tests on whole images.
        derain (dict): Config of the image-level ``Restorer``: ``ImageDerainModule``.
        attentive (dict, optional): Config of the conditional ``Restorer`` that is told the coarse
            image and the maps: ``SemanticAttentiveModule``. None: B_0 and Seg(B_0) are all.
        discriminator (dict, optional): Config of the discriminator of features. None: FAM is
            trained by the segmentor's losses alone.
        classes (str | Sequence[str], optional): Type of the dataset, or its class names. Needed
            by ``attentive``.
        groups (dict, optional): Groups of classes, see :class:`ClassGroups`. Defaults to those
            known for ``classes``.
        iterations (int): T, also when testing: fewer are an early exit. Defaults to 3.
        losses (dict | Sequence[dict], optional): Restoration losses, as in ``RestorationModel``.
            Defaults to L1.
        adversarial_weight (float): Factor of the adversarial term. Defaults to 1e-3.
        features (str): What the discriminator sees: the last map of this tap of the segmentor,
            a layer's name or ``'out_indices'`` (default: what the backbone returns).
        clean_checkpoint (str, optional): Clean-trained weights that the segmentor starts from.
        time_steps (bool): Measure: every sample gets ``step_seconds``, a float64 tensor with the
            seconds of its batch for each t. Defaults to False.
        data_preprocessor (dict, optional): Defaults to the segmentor's own, paired.

    Predictions are Seg(B_T), with B_T as ``restored_img``; those of every t = 0 … T are
    ``restored_img_t`` (``PixelData`` 3×H×W RGB on [0, 1], not clipped) and ``pred_sem_seg_t``
    (``restored_img_0``, …). In validation during the stages IDM and FAM the loop stops at t = 0:
    SAM has learnt nothing yet. Training needs clean images: ``Degrade(keep_clean=True)``.

    Raises:
        ValueError: A setting that is not allowed; groups that do not fit the classes; parts that do
            not fit each other.
        TypeError: ``derain`` or ``attentive`` is not a ``Restorer``.
        FileNotFoundError: No clean checkpoint; raised before training starts.
    """

    def __init__(
        self,
        segmentor: dict,
        derain: dict,
        attentive: dict | None = None,
        discriminator: dict | None = None,
        classes=None,
        groups: dict | None = None,
        iterations: int = 3,
        losses=None,
        adversarial_weight: float = 1e-3,
        features: str = 'out_indices',
        clean_checkpoint: str | None = None,
        time_steps: bool = False,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            data_preprocessor=paired_preprocessor(segmentor, data_preprocessor),
            init_cfg=init_cfg,
        )
        if not is_integer(iterations, 1):
            raise ValueError(
                f'model.iterations={iterations!r}; allowed: a positive integer. For deraining and '
                'segmentation without the loop leave out model.attentive'
            )
        require_whole_images(segmentor, 'the loop works on whole images')
        self.iterations = iterations
        self.clean_checkpoint = clean_checkpoint
        self.time_steps = time_steps
        self.derain = build_restorer(derain, 'model.derain')
        if self.derain.conditional:
            raise ValueError(
                f'model.derain.type={type(self.derain).__name__!r} needs a condition, and derain '
                'is told nothing but the image; allowed: restorers without one, ImageDerainModule'
            )
        self.segmentor = MODELS.build(ConfigDict(segmentor))
        self.num_classes = self.segmentor.decode_head.num_classes
        self.align_corners = self.segmentor.decode_head.align_corners
        self.has_loop = attentive is not None
        if self.has_loop:
            self.attentive = build_restorer(attentive, 'model.attentive')
            self.groups = ClassGroups(self._classes(classes), groups)
            self._check_loop()
        self.set_up_adaptation(discriminator, adversarial_weight, features)
        self.losses = nn.ModuleDict({
            name: ROOT_MODELS.build(ConfigDict(cfg))
            for name, cfg in named_losses(losses or dict(type='RestorationL1Loss')).items()
        })  # fmt: skip
        self._images = UnitImages(self.data_preprocessor)

    def _classes(self, classes):
        if classes is None:
            raise ValueError(
                'model.classes is not set, and model.attentive needs it: the type of the dataset, '
                "classes='CityscapesDataset', or its class names"
            )
        return classes

    def _check_loop(self) -> None:
        if len(self.groups.classes) != self.num_classes:
            raise ValueError(
                f'model.classes are {len(self.groups.classes)}, but the segmentor has '
                f'num_classes={self.num_classes}'
            )
        width = 3 + len(self.groups)
        given = getattr(self.attentive, 'condition_channels', width)
        if not self.attentive.conditional or given != width:
            raise ValueError(
                f'model.attentive takes a condition of {given if given else 0} channels, but model.'
                f'groups are {len(self.groups)} ({", ".join(self.groups.groups)}): set '
                f'attentive.num_paths={len(self.groups)}'
            )

    def init_weights(self) -> None:
        """The segmentor starts from its checkpoint, all else by its own rule."""
        for name in self.part_names:
            part = getattr(self, name)
            if name == 'segmentor' and self.clean_checkpoint is not None:
                load_clean_checkpoint(part, self.clean_checkpoint)
            else:
                part.init_weights()
        self._is_init = True

    def turns(self) -> int:
        """How often SAM runs now: T, or 0 while a stage before SAM is trained."""
        before = {'derain', 'segmentor', 'discriminator'}
        staged = self.trained_parts != self.part_names
        idle = staged and 'attentive' not in self.trained_parts
        if not self.has_loop or (idle and set(self.trained_parts) <= before):
            return 0
        return self.iterations

    def segment(self, images: Tensor) -> Tensor:
        """Class scores N×K×H×W at the size of N×3×H×W RGB images on [0, 1]."""
        scores = self.run_part('segmentor', self._images.to_inputs(images), mode='tensor')
        return full_size(self.segmentor, scores, images.shape[-2:])

    def refine(self, rainy: Tensor, coarse: Tensor, logits: Tensor) -> Tensor:
        """B_t of y, B_{t-1} (N×3×H×W) and Seg(B_{t-1}) (N×K×H×W)."""
        maps = self.groups(logits.softmax(1))
        return self.run_part('attentive', rainy, torch.cat([coarse, maps], 1))

    def derained(self, inputs: Tensor, turns: int) -> list[Tensor]:
        """B_0 … B_T: N×3×H×W RGB on [0, 1], not clipped, from normalised inputs."""
        rainy = self._images.from_inputs(inputs)
        steps = [self.run_part('derain', rainy)]
        for _ in range(turns):
            steps.append(self.refine(rainy, steps[-1], self.segment(steps[-1])))
        return steps

    def loss(self, inputs: Tensor, data_samples: list) -> dict:
        """Losses of what is trained (see above), but for the adversarial term.

        ``loss_<name>_<t>`` of B_t are optimised; ``psnr_<t>`` (dB) are not.
        """
        steps = self.derained(inputs, self.turns())
        learnt = [
            (t, step)
            for t, step in enumerate(steps)
            if ('attentive' if t else 'derain') in self.trained_parts
        ]
        out = {}
        if learnt:
            clean = self._images.from_inputs(stack_clean(data_samples, 'training UBCNSegmentor'))
        for t, step in learnt:
            for name, loss in self.losses.items():
                out[f'loss_{name}_{t}'] = loss(step, clean, data_samples)
            out[f'psnr_{t}'] = psnr(step.detach().clamp(0, 1), clean).mean()
        if 'segmentor' in self.trained_parts:
            given = self._images.to_inputs(steps[-1])
            out.update(self.run_part('segmentor', given, data_samples, mode='loss'))
        return out

    def predict(self, inputs: Tensor, data_samples: list | None = None) -> list:
        """Seg(B_T) and B_T, with those of every t."""
        rainy = self._images.from_inputs(inputs)
        steps, logits, seconds = [], [], []
        for t in range(self.turns() + 1):
            begin = self._now(inputs)
            if t == 0:
                steps.append(self.run_part('derain', rainy))
            else:
                steps.append(self.refine(rainy, steps[-1], logits[-1]))
            logits.append(self.segment(steps[-1]))
            seconds.append(self._now(inputs) - begin)
        segmentor = unwrapped(self.segmentor)
        predicted = segmentor.postprocess_result(logits[-1], data_samples)
        attach_restored(predicted, steps[-1])
        attach_steps(predicted, steps, logits, segmentor)
        if self.time_steps:
            for sample in predicted:
                sample.set_data(dict(step_seconds=torch.tensor(seconds, dtype=torch.float64)))
        return predicted

    def _now(self, inputs: Tensor) -> float:
        if self.time_steps and inputs.device.type == 'cuda':
            torch.cuda.synchronize(inputs.device)
        return time.perf_counter()

    def _forward(self, inputs: Tensor, data_samples: list | None = None) -> Tensor:
        return self.segment(self.derained(inputs, self.turns())[-1])

    def inference_tensors(self, inputs: Tensor) -> dict[str, Tensor]:
        """Seg(B_T) and B_T; see :mod:`mmdegrade.models.inference_graph`."""
        restored = self.derained(inputs, self.turns())[-1]
        return dict(logits=self.segment(restored), restored=restored)

    def extract_feat(self, inputs: Tensor):
        """Features of the segmentor on B_0."""
        images = self.run_part('derain', self._images.from_inputs(inputs))
        return self.segmentor.extract_feat(self._images.to_inputs(images))

    def encode_decode(self, inputs: Tensor, batch_data_samples: list) -> Tensor:
        """Full-size logits Seg(B_T), N×K×H×W."""
        return self._forward(inputs, batch_data_samples)
