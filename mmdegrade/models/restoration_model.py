"""A restorer on its own: trained against clean images, tested, and measured.

Any ``Restorer`` trains by the stock tools::

    model = dict(
        type='RestorationModel',
        restorer=dict(type='DnCNN'),
        losses=dict(mse=dict(type='RestorationMSELoss', reduction='half_sum', border=1)),
    )
    val_evaluator = dict(type='RestorationMetric', protocol='sdabn')

with ``Degrade(keep_clean=True)`` and ``PackDegradeInputs`` in the pipelines. Its checkpoint is what
``RestoreThenSegment(restorer_checkpoint=…)`` wants.
"""

from collections.abc import Mapping, Sequence

from mmengine.config import ConfigDict
from mmengine.model import BaseModel
from mmengine.registry import MODELS as ROOT_MODELS
from mmseg.registry import MODELS
from torch import Tensor, nn

from .conditions import Condition
from .data_preprocessor import paired_preprocessor, stack_clean
from .image_quality import psnr
from .plain_checkpoints import accept_plain_checkpoint
from .restored import attach_restored
from .restorers import build_restorer, load_restorer
from .unit_images import UnitImages
from .unwrapped import unwrapped

#: Images on [0, 1] RGB, padded to the largest of a training batch.
UNIT_PREPROCESSOR = dict(
    type='DegradeDataPreprocessor',
    mean=[0.0, 0.0, 0.0],
    std=[255.0, 255.0, 255.0],
    bgr_to_rgb=True,
    pad_val=0,
    seg_pad_val=255,
)


@MODELS.register_module()
class RestorationModel(BaseModel):
    """Train and test a restorer.

    Args:
        restorer (dict): Config of a ``Restorer``.
        losses (dict | Sequence[dict], optional): Configs of restoration losses by name
            (``dict(l1=dict(type='RestorationL1Loss'), ssim=…)``), or one or several configs, named
            after their types. Not needed for testing.
        condition (str | dict, optional): What a conditional restorer is told: 'image',
            'noise_level', 'onehot-gt'; see :class:`mmdegrade.models.conditions.Condition`.
        num_classes (int, optional): For ``condition='onehot-gt'``.
        restorer_checkpoint (str, optional): Trained weights of the restorer to start from.
        data_preprocessor (dict, optional): Defaults to ``DegradeDataPreprocessor`` with mean 0 and
            std 255. Where images of a training batch differ in size, their padding counts in the
            losses; crop them.

    Log: ``loss_<name>`` of each loss, and of those that the restorer has itself (CBDNet), is
    optimised; ``psnr`` (dB, of the clipped image, mean of the batch) is not. Predictions carry
    ``restored_img`` (``PixelData``, 3×H×W RGB on [0, 1], not clipped, without padding). A
    checkpoint of the restorer alone loads, too.

    Raises:
        TypeError: ``restorer`` is not a ``Restorer``, or an unusual data preprocessor.
        ValueError: Two losses of one name; a condition that does not suit the restorer. In
            training: no losses, or no clean images.
        FileNotFoundError: No restorer checkpoint; raised before training starts.
    """

    def __init__(
        self,
        restorer: dict,
        losses: Mapping | Sequence[Mapping] | None = None,
        condition: str | dict | None = None,
        num_classes: int | None = None,
        restorer_checkpoint: str | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            data_preprocessor=paired_preprocessor({}, data_preprocessor or UNIT_PREPROCESSOR),
            init_cfg=init_cfg,
        )
        self.restorer = build_restorer(restorer)
        self.restorer_checkpoint = restorer_checkpoint
        self.losses = nn.ModuleDict(
            {name: ROOT_MODELS.build(ConfigDict(cfg)) for name, cfg in named_losses(losses).items()}
        )
        self._condition = Condition(condition, num_classes)
        self._condition.check(self.restorer)
        self._images = UnitImages(self.data_preprocessor)
        self._accept_other_checkpoints()

    def _accept_other_checkpoints(self) -> None:
        """Let ``load_state_dict`` take other keys than the model's own."""
        accept_plain_checkpoint(self, 'restorer', others=('losses',))

    def init_weights(self) -> None:
        """Start the restorer by its own rules or from its checkpoint; load what losses need."""
        self.restorer.init_weights()
        if self.restorer_checkpoint is not None:
            load_restorer(self.restorer, self.restorer_checkpoint)
        for loss in self.losses.values():  # a ModuleDict hands nothing on
            if hasattr(loss, 'init_weights'):
                loss.init_weights()
        self._is_init = True

    def restore(self, inputs: Tensor, data_samples: list | None = None) -> Tensor:
        """Restored images, N×3×H×W RGB on [0, 1], not clipped, from normalised inputs."""
        images = self._images.from_inputs(inputs)
        return self.restorer(images, self._condition(images, data_samples))

    def inference_tensors(self, inputs: Tensor) -> dict[str, Tensor]:
        """Restored images; see :mod:`mmdegrade.models.inference_graph`."""
        return dict(restored=self.restore(inputs))

    def forward(self, inputs: Tensor, data_samples: list | None = None, mode: str = 'tensor'):
        """Run in one of MMEngine's modes.

        Args:
            inputs (Tensor): N×3×H×W, as the data preprocessor made them.
            data_samples (list[SegDataSample], optional): With ``clean_img`` for 'loss'.
            mode (str): ``'tensor'``: the restored images; ``'loss'``: a dict for the log;
                ``'predict'``: samples with ``restored_img``.

        Raises:
            ValueError: Another mode.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return attach_restored(data_samples, self.restore(inputs, data_samples))
        if mode == 'tensor':
            return self.restore(inputs, data_samples)
        raise ValueError(f"mode={mode!r}; allowed: 'tensor', 'loss', 'predict'")

    def loss(self, inputs: Tensor, data_samples: list) -> dict[str, Tensor]:
        """``loss_<name>`` of each loss and of the restorer's own, and ``psnr``."""
        if not self.losses:
            raise ValueError(
                'model.losses is not set, and training needs one: '
                "losses=dict(l1=dict(type='RestorationL1Loss'))"
            )
        clean = self._images.from_inputs(stack_clean(data_samples, 'RestorationModel'))
        restored = self.restore(inputs, data_samples)
        return self.losses_of(inputs, restored, clean, data_samples)

    def losses_of(
        self, inputs: Tensor, restored: Tensor, clean: Tensor, data_samples: list
    ) -> dict[str, Tensor]:
        """What is logged for images that are restored already; arguments as in :meth:`loss`."""
        out = {
            f'loss_{name}': loss(restored, clean, data_samples)
            for name, loss in self.losses.items()
        }
        for name, value in self.auxiliary_losses(inputs, clean, data_samples).items():
            out[f'loss_{name}'] = value
        out['psnr'] = psnr(restored.detach().clamp(0, 1), clean).mean()
        return out

    def auxiliary_losses(
        self, inputs: Tensor, clean: Tensor, data_samples: list
    ) -> dict[str, Tensor]:
        """The restorer's own losses; see :meth:`Restorer.auxiliary_losses`."""
        restorer = unwrapped(self.restorer)
        return restorer.auxiliary_losses(self._images.from_inputs(inputs), clean, data_samples)


def named_losses(losses: Mapping | Sequence[Mapping] | None) -> dict[str, Mapping]:
    """Loss configs by name: ``RestorationL1Loss`` in a list is called 'l1'.

    Raises:
        ValueError: Two of one name.
    """
    if losses is None:
        return {}
    if isinstance(losses, Mapping) and 'type' not in losses:
        return dict(losses)
    named = {}
    for cfg in [losses] if isinstance(losses, Mapping) else losses:
        kind = getattr(cfg['type'], '__name__', cfg['type']).rpartition('.')[2]
        name = kind.removeprefix('Restoration').removesuffix('Loss').lower()
        if name in named:
            raise ValueError(
                f'model.losses has two of type {kind!r}; name them: losses=dict(one=dict(…), …)'
            )
        named[name] = cfg
    return named
