"""What the fidelity classifier and the fidelity segmentor share: restoration, maps, stages.

FG-NIC (see :mod:`.fidelity_map`):

    R = clamp(restorer(y), 0, 1)
    oracle: map of R and x;  pretrained, end-to-end: m = input − estimator(input), what the
    estimator takes for the error of R; input y ('degraded', the published default) or R

Their code compares a method instead of calling it, so its estimator always saw R; here the switch
does what it says. An estimator has three channels; for the cosine their mean is taken.

Stages, each trained with everything before it fixed:

    restorer: ℓ1(restorer(y), x);  estimator: ℓ1(m, map of R and x)
    calibration (with the estimator if end-to-end): the task's loss
    ensemble: the task's loss, half as long
"""

from mmengine.config import ConfigDict
from mmengine.registry import MODELS as ROOT_MODELS
from torch import Tensor, nn

from ..restorers import build_restorer, load_restorer
from ..staged import StagedModel
from .fidelity_map import FidelityMap
from .spatial import SpatialCalibration

SETTINGS = ('oracle', 'pretrained', 'end-to-end')
INPUTS = ('degraded', 'restored')


class FidelityParts(StagedModel):
    """Mixin before a model of MMEngine, with the parts ``restorer``, ``estimator``, ``spatial``.

    Networks that a checkpoint fills are fixed: without gradients, in evaluation mode, and no part
    that a stage could train. The estimator of 'end-to-end' only starts from its checkpoint.
    """

    def set_up_fidelity(
        self,
        restorer: dict,
        estimator: dict | None,
        setting: str,
        fidelity: dict | None,
        estimator_input: str,
        restorer_checkpoint: str | None,
        estimator_checkpoint: str | None,
        losses: dict | None,
    ) -> None:
        """Build all but the calibrations; arguments are those of the models.

        Raises:
            ValueError: A setting that is not allowed; an estimator where there is none, or none.
            TypeError: A restorer or estimator that is no ``Restorer``.
        """
        if setting not in SETTINGS:
            raise ValueError(f'model.setting={setting!r}; allowed: {list(SETTINGS)}')
        if estimator_input not in INPUTS:
            raise ValueError(f'model.estimator_input={estimator_input!r}; allowed: {list(INPUTS)}')
        if (estimator is None) != (setting == 'oracle'):
            raise ValueError(
                "model.setting='oracle' reads the map off the clean image: set model.estimator=None"
                if setting == 'oracle'
                else f'model.setting={setting!r} needs model.estimator, a Restorer: '
                "estimator=dict(type='DnCNN')"
            )
        self.setting = setting
        self.estimator_input = estimator_input
        self.restorer_checkpoint = restorer_checkpoint
        self.estimator_checkpoint = estimator_checkpoint
        self.restorer = build_restorer(restorer)
        self.restorer.requires_grad_(restorer_checkpoint is None)
        if estimator is not None:
            self.estimator = build_restorer(estimator, 'model.estimator')
            fixed = estimator_checkpoint is not None and setting == 'pretrained'
            self.estimator.requires_grad_(not fixed)
        self.fidelity = FidelityMap(**(fidelity or {}))
        given = dict(
            restore=dict(type='RestorationL1Loss'), estimate=dict(type='RestorationL1Loss')
        )
        given.update(losses or {})
        if set(given) != {'restore', 'estimate'}:
            raise ValueError(
                f"model.losses={sorted(losses)}; allowed: 'restore', 'estimate', each the config "
                'of a restoration loss'
            )
        self.losses = nn.ModuleDict(
            {name: ROOT_MODELS.build(ConfigDict(cfg)) for name, cfg in given.items()}
        )

    def set_up_spatial(self, num_sites: int, spatial: dict | None) -> None:
        """Build the part ``spatial``; None leaves it out."""
        self.has_spatial = spatial is not None
        if self.has_spatial:
            self.spatial = SpatialCalibration(num_sites, **spatial)

    def init_restorers(self) -> None:
        """Restorer and estimator start by their own rules or from their checkpoints."""
        for name in ('restorer', 'estimator'):
            part, checkpoint = getattr(self, name, None), getattr(self, f'{name}_checkpoint')
            if part is None:
                continue
            part.init_weights()
            if checkpoint is not None:
                load_restorer(part, checkpoint, f'model.{name}_checkpoint', f'{name}.')

    def train(self, mode: bool = True):
        """Set the mode; whatever is fixed stays in evaluation mode."""
        super().train(mode)
        for child in self.children():
            parameters = list(child.parameters())
            if parameters and not any(parameter.requires_grad for parameter in parameters):
                # Not child.eval(): mmseg's ResNet.eval() does not return the module.
                child.train(False)
        return self

    @property
    def runs_ensemble(self) -> bool:
        """Whether the ensemble takes part: not while what comes before it is trained in a stage."""
        staged = self._trained is not None
        return hasattr(self, 'ensemble') and not (staged and 'ensemble' not in self._trained)

    @property
    def trains_task(self) -> bool:
        """Whether something is trained that the task's loss is for."""
        return bool(set(self.trained_parts) - {'restorer', 'estimator'})

    def restore(self, degraded: Tensor) -> Tensor:
        """R: N×3×H×W RGB on [0, 1], clipped.

        Raises:
            ValueError: The restorer changed the size.
        """
        return self._restored(degraded).clamp(0, 1)

    def _restored(self, degraded: Tensor) -> Tensor:
        restored = self.run_part('restorer', degraded)
        if restored.shape != degraded.shape:
            raise ValueError(
                f'model.restorer.type={type(self.restorer).__name__!r} made {tuple(restored.shape)}'
                f' of {tuple(degraded.shape)}; it must keep the size (pad inside of it, or set the '
                "preprocessor's size_divisor)"
            )
        return restored

    def estimate(self, degraded: Tensor, restored: Tensor) -> Tensor:
        """m: the estimated map, N×3×H×W (N×1×H×W for the cosine), not normalised."""
        given = degraded if self.estimator_input == 'degraded' else restored
        values = given - self.run_part('estimator', given)
        return values.mean(1, keepdim=True) if self.fidelity.measure == 'cosine' else values

    def fidelity_of(self, degraded: Tensor, restored: Tensor, clean: Tensor | None) -> Tensor:
        """M: N×1×H×W. ``clean`` is for the oracle."""
        if self.setting == 'oracle':
            return self.fidelity(self.fidelity.of(restored, clean))
        return self.fidelity(self.estimate(degraded, restored))

    def restoration_losses(self, degraded: Tensor, clean: Tensor, data_samples: list) -> dict:
        """Losses of the restorer and the estimator, where a stage trains them on their own."""
        out = {}
        restored = self._restored(degraded)
        if 'restorer' in self.trained_parts:
            out['loss_restore'] = self.losses['restore'](restored, clean, data_samples)
        if 'estimator' in self.trained_parts and 'spatial' not in self.trained_parts:
            restored = restored.detach().clamp(0, 1)
            target = self.fidelity.of(restored, clean)
            estimated = self.estimate(degraded, restored)
            out['loss_estimate'] = self.losses['estimate'](estimated, target, data_samples)
        return out

    @property
    def needs_restoration_losses(self) -> bool:
        """Whether :meth:`restoration_losses` has something to say now."""
        trained = set(self.trained_parts)
        return 'restorer' in trained or ('estimator' in trained and 'spatial' not in trained)

    def calibrate_site(self, x: Tensor, fidelity: Tensor, site: int, before=None):
        """Calibrate at a site; without spatial calibration ``x`` as it is."""
        if not self.has_spatial:
            return x, None
        return self.run_part('spatial', x, fidelity, site, before)


class SiteWalk:
    """Takes a calibration from site to site of one forward pass."""

    def __init__(self, model: FidelityParts, fidelity: Tensor) -> None:
        self.model, self.fidelity = model, fidelity
        self.site, self.state = 0, None

    def __call__(self, x: Tensor) -> Tensor:
        x, self.state = self.model.calibrate_site(x, self.fidelity, self.site, self.state)
        self.site += 1
        return x
