"""A runner that fills in the config's degradation and checks the config before it starts."""

import os.path as osp

from mmengine.dist import barrier, is_main_process
from mmengine.logging import print_log
from mmengine.registry import RUNNERS
from mmengine.runner import Runner, find_latest_checkpoint

from mmdegrade.models.clean_checkpoint import require_checkpoint
from mmdegrade.models.frozen import FrozenNetwork
from mmdegrade.models.staged import StagedModel
from mmdegrade.models.unwrapped import unwrapped

from .checkpoint_parts import require_parts
from .checks import require_sound
from .corrupt_data import fill_corrupt_data
from .degradation import fill_degradation
from .hooks import DegradationHook
from .last_checkpoint import mend_last_checkpoint

_DEGRADATION_HOOK = ('DegradationHook', DegradationHook)


def settle_resume(cfg) -> None:
    """Let ``--resume`` mean the work dir's latest checkpoint, also where ``load_from`` is set.

    MMEngine reads ``resume`` with ``load_from`` as "resume from that file". A fine-tuning config
    names its clean-trained start there: resuming it would go on with the clean training, which is
    over, or stop because weights alone hold no iteration. So: the latest checkpoint of the work
    dir; before there is one, training starts from ``load_from``. Only a ``load_from`` inside the
    work dir is resumed as such. Changes ``cfg`` in place.

    Raises:
        FileNotFoundError: ``load_from`` is needed and not there; or the work dir's
            ``last_checkpoint`` names a file that is gone, and there is no other.
    """
    if not cfg.get('resume'):
        return
    if is_main_process():
        mend_last_checkpoint(cfg.work_dir)
    barrier()
    if not cfg.get('load_from'):
        return
    work_dir = osp.abspath(cfg.work_dir)
    if osp.abspath(osp.dirname(cfg.load_from)) == work_dir:
        return  # one certain checkpoint of this run was asked for
    if osp.isfile(osp.join(work_dir, 'last_checkpoint')):
        latest = find_latest_checkpoint(work_dir)
        print_log(f'resume: {latest}, not load_from={cfg.load_from}', logger='current')
        cfg.load_from = None
        return
    require_checkpoint(cfg.load_from, 'load_from')
    print_log(
        f'resume: no checkpoint in {work_dir} yet, starting from load_from={cfg.load_from}',
        logger='current',
    )
    cfg.resume = False


@RUNNERS.register_module()
class DegradeRunner(Runner):
    """MMEngine's runner, with the config completed, and checked before each use.

    ``runner_type = 'DegradeRunner'`` in a config makes the stock ``train.py`` use it (for the
    stock ``test.py`` there is ``DegradationHook``). Then ``degradation = dict(kind=…, degree=…)``
    at the top level stands for every ``Degrade`` without a kind, in training, validation and
    testing, and ``--cfg-options degradation.kind=haze degradation.degree=3`` switches them all at
    once.

    Only what a run needs is checked: testing asks neither for training data nor for the
    clean-trained checkpoint that training started from, and it never resumes, so that
    ``resume=True`` in a config cannot replace the checkpoint that is to be tested.
    """

    _only_tests = False

    @classmethod
    def from_cfg(cls, cfg) -> 'DegradeRunner':
        """Build a runner from a config.

        Raises:
            ConfigError: What is wrong with the text of the config, all of it: unknown keys, kinds
                and degrees, a ``Degrade`` without a kind, …; a ``ValueError``.
        """
        require_sound(cfg)
        cfg = fill_corrupt_data(fill_degradation(cfg))
        hooks = [*(cfg.get('custom_hooks') or []), *(cfg.get('default_hooks') or {}).values()]
        if not any(hook and hook['type'] in _DEGRADATION_HOOK for hook in hooks):
            cfg.custom_hooks = [*(cfg.get('custom_hooks') or []), dict(type='DegradationHook')]
        return super().from_cfg(cfg)

    @staticmethod
    def build_dataloader(dataloader, *args, **kwargs):
        """As the base class; ``num_workers=0`` drops settings that torch allows workers only.

        The shipped configs keep workers alive between epochs, and one override is to be enough.
        """
        if isinstance(dataloader, dict) and dataloader.get('num_workers', 0) == 0:
            kept = {
                key: value
                for key, value in dataloader.items()
                if key not in ('persistent_workers', 'prefetch_factor', 'timeout')
            }
            # A ConfigDict stays one: it may lack 'sampler', which a plain dict may not.
            dataloader = type(dataloader)(kept)
        return Runner.build_dataloader(dataloader, *args, **kwargs)

    def wrap_model(self, model_wrapper_cfg, model):
        """As the base class; a staged model gets a wrapper that knows stages."""
        chosen = (model_wrapper_cfg or {}).get('type', 'MMDistributedDataParallel')
        if isinstance(model, StagedModel) and chosen == 'MMDistributedDataParallel':
            options = dict(find_unused_parameters=self.cfg.get('find_unused_parameters', False))
            options.update(model_wrapper_cfg or {})
            model_wrapper_cfg = dict(options, type='StagedDistributedDataParallel')
        return super().wrap_model(model_wrapper_cfg, model)

    def build_log_processor(self, log_processor):
        """As the base class; staged training is logged with the stage's name."""
        staged = (self.cfg.get('train_cfg') or {}).get('type') == 'StagedTrainLoop'
        if staged and isinstance(log_processor, dict) and 'type' not in log_processor:
            log_processor = dict(log_processor, type='StageLogProcessor')
        return super().build_log_processor(log_processor)

    def train(self):
        """Train.

        Raises:
            ConfigError: Stages that leave a part untrained, parameters that no optimiser holds,
                missing files, …; raised before data is loaded.
            MissingFilesError: Nothing but missing files; also a ``FileNotFoundError``.
        """
        settle_resume(self.cfg)
        self._resume = self.cfg.get('resume', self._resume)
        self._load_from = self.cfg.get('load_from', self._load_from)
        require_sound(self.cfg, 'train_dataloader', 'val_dataloader', model=self.model)
        self._load_frozen()
        return super().train()

    def _load_frozen(self) -> None:
        """Fill teachers and the like now: MMEngine does it after ``EMAHook`` copied the model.

        Folding batch normalisation changes the layers of a teacher, and a copy from before would
        not match it any more.
        """
        for module in list(self.model.modules()):
            if isinstance(module, FrozenNetwork):
                module.init_weights()

    def load_checkpoint(self, filename: str, *args, **kwargs):
        """As the base class; for testing, a cascade must find all its parts in the file."""
        checkpoint = super().load_checkpoint(filename, *args, **kwargs)
        if self._only_tests:
            require_parts(unwrapped(self.model), checkpoint, filename)
        return checkpoint

    def val(self) -> dict:
        """Validate. Raises FileNotFoundError if the data folder is missing."""
        self._resume, self._only_tests = False, True
        require_sound(self.cfg, 'val_dataloader')
        return super().val()

    def test(self) -> dict:
        """Test. Raises FileNotFoundError if the data folder is missing."""
        self._resume, self._only_tests = False, True
        require_sound(self.cfg, 'test_dataloader')
        return super().test()
