"""SDABN: segmentation and denoising that help each other by turns.

Method: "segmentation-denoising alternate boosting network"; architecture and data flow follow the
authors' repository powder21/SDABN (``ddfn_sft.py``, ``utils.py``):

    s_i = S_i(x̂_{i-1}),   x̂_0 = y for S_1            logits, at the image's size
    x̂_i = D_i(y + x̂_{i-1}, s_i),   x̂_0 = 0 inside the sum

The skip is a sum, not a concatenation; images pass between modules on [0, 1] and unclipped. The
parts are trained strictly in turn (``StagedTrainLoop``), each with the parts before it fixed.

Deviation: the paper speaks of probability maps, the repository hands on raw logits; logits are
the default here and ``condition='softmax'`` is the paper's text.
"""

from mmengine.config import ConfigDict
from mmengine.registry import MODELS as ROOT_MODELS
from mmseg.models import BaseSegmentor
from mmseg.registry import MODELS
from torch import Tensor

from mmdegrade.degradations.parameters import is_integer

from ..clean_checkpoint import load_clean_checkpoint
from ..conditions import FROM_LOGITS, Condition
from ..data_preprocessor import paired_preprocessor, stack_clean
from ..full_size import full_size, require_whole_images
from ..restored import attach_restored
from ..restorers import Restorer
from ..staged import StagedModel
from ..unit_images import UnitImages
from ..unwrapped import unwrapped


@MODELS.register_module()
class SDABNSegmentor(StagedModel, BaseSegmentor):
    """S1 → D1 → S2 → D2 → …: any mmseg segmentor and any conditional restorer, by turns.

    The parts are children named ``S1``, ``D1``, ``S2``, …, to be named in ``train_cfg.stages``. A
    stage that trains one part optimises that part's own loss; a stage that trains several (joint
    training) optimises the loss of the last of them, through all the others.

    Args:
        segmentor (dict): Config of an mmseg segmentor, the same for every S.
        denoiser (dict): Config of a conditional ``Restorer``, the same for every D.
        num_blocks (int): Number of segmentors. SDB×n of the paper is ``num_blocks=n, last='D'``,
            S1D1S2 is ``num_blocks=2, last='S'``. Defaults to 2.
        last (str): ``'S'`` or ``'D'``: what the cascade ends with. Defaults to 'S'.
        condition (str): What D_i is told: ``'logits'`` or ``'softmax'`` of S_i, ``'onehot-gt'``
            (true labels: the bound GtD), ``'image'`` (the noisy image: ImgD). Defaults to 'logits'.
        loss_denoise (dict): Restoration loss of the D. Defaults to the paper's: half the squared
            error summed over an image, a border of 1 px left out.
        clean_checkpoint (str, optional): Clean-trained weights that every S starts from.
        stop_after (str, optional): Test the cascade up to this part only, e.g. ``'S1'``. While a
            stage is trained, validation stops after its last part by itself.
        data_preprocessor (dict, optional): Defaults to the segmentor's own. mmseg's stock one is
            replaced by ``DegradeDataPreprocessor``, which is the same but for clean images.

    Predictions are those of the last S; what the last D made is ``restored_img`` (``PixelData``,
    3×H×W RGB on [0, 1], not clipped). Training a D needs ``Degrade(keep_clean=True)``.

    Raises:
        ValueError: A setting that is not allowed; a denoiser whose ``condition_channels`` differ
            from the condition's width; a segmentor that tests by sliding windows.
        TypeError: ``denoiser`` is not a ``Restorer``.
        FileNotFoundError: No clean checkpoint; raised before training starts.
    """

    def __init__(
        self,
        segmentor: dict,
        denoiser: dict,
        num_blocks: int = 2,
        last: str = 'S',
        condition: str = 'logits',
        loss_denoise: dict | None = None,
        clean_checkpoint: str | None = None,
        stop_after: str | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            data_preprocessor=paired_preprocessor(segmentor, data_preprocessor),
            init_cfg=init_cfg,
        )
        if last not in ('S', 'D'):
            raise ValueError(f"model.last={last!r}; allowed: 'S', 'D'")
        if not is_integer(num_blocks, 1):
            raise ValueError(f'model.num_blocks={num_blocks!r}; allowed: a positive integer')
        require_whole_images(segmentor, 'the cascade works on whole images')
        self.clean_checkpoint = clean_checkpoint
        self.sequence: list[str] = []
        for block in range(1, num_blocks + 1):
            self._append(f'S{block}', MODELS.build(ConfigDict(segmentor)))
            if block < num_blocks or last == 'D':
                self._append(f'D{block}', ROOT_MODELS.build(ConfigDict(denoiser)))
        if stop_after is not None and stop_after not in self.sequence:
            raise ValueError(f'model.stop_after={stop_after!r}; allowed: {self.sequence}')
        self.stop_after = stop_after
        self.loss_denoise = ROOT_MODELS.build(
            loss_denoise or dict(type='RestorationMSELoss', border=1, reduction='half_sum')
        )
        self._images = UnitImages(self.data_preprocessor)
        self.num_classes = self.S1.decode_head.num_classes
        self.align_corners = self.S1.decode_head.align_corners
        allowed = (*FROM_LOGITS, 'onehot-gt', 'image')
        self.condition = Condition(condition, self.num_classes, allowed)
        if 'D1' in self.sequence:
            self._check_denoiser(self.D1)

    def _append(self, name: str, part) -> None:
        self.add_module(name, part)
        self.sequence.append(name)

    def _check_denoiser(self, denoiser) -> None:
        if not isinstance(denoiser, Restorer):
            raise TypeError(
                f'model.denoiser.type={type(denoiser).__name__!r} is not a Restorer; inherit from '
                'mmdegrade.models.restorers.Restorer'
            )
        self.condition.check(denoiser)
        width = 3 if self.condition.name == 'image' else self.num_classes
        given = getattr(denoiser, 'condition_channels', width)
        if given != width:
            raise ValueError(
                f'model.denoiser.condition_channels={given}, but condition='
                f'{self.condition.name!r} has {width} channels: set it to {width}'
            )

    def init_weights(self) -> None:
        """Every S starts from the clean checkpoint, every D by its own rule."""
        for name in self.sequence:
            part = getattr(self, name)
            if name.startswith('S') and self.clean_checkpoint is not None:
                load_clean_checkpoint(part, self.clean_checkpoint)
            else:
                part.init_weights()
        self._is_init = True

    def _run(self, inputs: Tensor, data_samples: list | None, parts: list[str]):
        """Run parts in order.

        Args:
            inputs (Tensor): N×3×H×W, as the preprocessor makes them.
            data_samples (list, optional): For the condition 'onehot-gt'.
            parts (list[str]): The beginning of ``sequence``.

        Returns:
            tuple: Logits of the last S (N×K×H×W) and images of the last D (N×3×H×W RGB on [0, 1]);
            None where there was none.
        """
        noisy = self._images.from_inputs(inputs)
        logits = restored = None
        for part in parts:
            if part.startswith('S'):
                scores = self.run_part(part, self._as_inputs(inputs, restored), mode='tensor')
                logits = full_size(getattr(self, part), scores, inputs.shape[-2:])
            else:
                condition = self.condition(noisy, data_samples, logits)
                total = noisy if restored is None else noisy + restored
                restored = self.run_part(part, total, condition)
        return logits, restored

    def _as_inputs(self, inputs: Tensor, restored: Tensor | None) -> Tensor:
        """What a segmentor sees: the image of the last D, before there is one the noisy image."""
        return inputs if restored is None else self._images.to_inputs(restored)

    def tested_parts(self) -> list[str]:
        """The parts up to the one asked for, or the last one that is being trained."""
        last = self.stop_after or self._last_trained()
        return self.sequence[: self.sequence.index(last) + 1]

    def _last_trained(self) -> str:
        return [name for name in self.sequence if name in self.trained_parts][-1]

    def loss(self, inputs: Tensor, data_samples: list) -> dict:
        """Losses of the last part that is being trained.

        Those of its segmentor for an S, ``loss_denoise`` for a D.
        """
        part = self._last_trained()
        before = self.sequence[: self.sequence.index(part)]
        if part.startswith('S'):
            _, restored = self._run(inputs, data_samples, before)
            given = self._as_inputs(inputs, restored)
            return self.run_part(part, given, data_samples, mode='loss')
        clean = self._images.from_inputs(stack_clean(data_samples, f'training {part}'))
        _, restored = self._run(inputs, data_samples, [*before, part])
        return dict(loss_denoise=self.loss_denoise(restored, clean, data_samples))

    def predict(self, inputs: Tensor, data_samples: list | None = None) -> list:
        """Segmentation of the last S, with the images of the last D."""
        logits, restored = self._run(inputs, data_samples, self.tested_parts())
        predicted = unwrapped(self.S1).postprocess_result(logits, data_samples)
        return predicted if restored is None else attach_restored(predicted, restored)

    def _forward(self, inputs: Tensor, data_samples: list | None = None) -> Tensor:
        return self._run(inputs, data_samples, self.tested_parts())[0]

    def inference_tensors(self, inputs: Tensor) -> dict[str, Tensor]:
        """Logits of the last S, image of the last D (:mod:`mmdegrade.models.inference_graph`)."""
        logits, restored = self._run(inputs, None, self.tested_parts())
        return dict(logits=logits) if restored is None else dict(logits=logits, restored=restored)

    def extract_feat(self, inputs: Tensor):
        """Features of the first S on the noisy images."""
        return self.S1.extract_feat(inputs)

    def encode_decode(self, inputs: Tensor, batch_data_samples: list) -> Tensor:
        """Full-size logits of the last S, N×K×H×W."""
        return self._forward(inputs, batch_data_samples)
