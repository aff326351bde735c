"""Fill in the config's degradation where no ``DegradeRunner`` did, and see that it arrives."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from mmdegrade.datasets.checked_loading import check_loading
from mmdegrade.datasets.transforms import Degrade, RandomDegrade
from mmdegrade.models import DegradeDataPreprocessor
from mmdegrade.models.unwrapped import unwrapped

from ..degradation import chosen_degradation


def built_degrades(dataset):
    """Every degrading transform in the pipelines of a built dataset and the datasets inside it."""
    inner = [getattr(dataset, name, None) for name in ('dataset', 'pipeline')]
    for part in (*inner, *getattr(dataset, 'datasets', ()), *getattr(dataset, 'transforms', ())):
        if isinstance(part, (Degrade, RandomDegrade)):
            yield part
        elif part is not None:
            yield from built_degrades(part)


@HOOKS.register_module()
class DegradationHook(Hook):
    """Give every built ``Degrade`` without a kind the config's top-level ``degradation``.

    mmseg's ``train.py`` honours ``runner_type``, its ``test.py`` does not and builds a plain
    runner; this hook, which acts before the first image is loaded, makes the two agree. It also
    stops a run whose degradations would get lost between pipeline and model. And it makes stock
    loading transforms check what they read (see ``checked_loading.py``).
    """

    priority = 'VERY_HIGH'

    def _fill(self, runner, loader: str, dataset) -> None:
        check_loading(dataset)
        degrades = list(built_degrades(dataset))
        unset = [part for part in degrades if isinstance(part, Degrade) and part.kind is None]
        if unset:
            chosen = chosen_degradation(runner.cfg, loader)
            for degrade in unset if chosen else ():
                degrade.choose(**chosen)
        if any(part.on_device for part in degrades):
            self._check_preprocessor(runner.model, loader)

    def _check_preprocessor(self, model, loader: str) -> None:
        """A stock preprocessor would silently leave the images clean."""
        model = unwrapped(model)
        if not isinstance(model.data_preprocessor, DegradeDataPreprocessor):
            raise ValueError(
                f'{loader}: Degrade(on_device=True) leaves the pixels to the data preprocessor, '
                f'and model.data_preprocessor.type is {type(model.data_preprocessor).__name__!r}; '
                "set it to 'DegradeDataPreprocessor'"
            )

    def before_train_epoch(self, runner) -> None:  # the data of each stage, too
        self._fill(runner, 'train_dataloader', runner.train_dataloader.dataset)

    def before_val(self, runner) -> None:
        self._fill(runner, 'val_dataloader', runner.val_dataloader.dataset)

    def before_test(self, runner) -> None:
        self._fill(runner, 'test_dataloader', runner.test_dataloader.dataset)
