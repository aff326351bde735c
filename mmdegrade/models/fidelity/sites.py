"""Calibrate immediately before the pooling layers of a frozen network, without touching its code.

The sites of FG-NIC (repository IVRL/FG-NIC): before every MaxPool2d and AdaptiveAvgPool2d of the
traversal, those inside blocks left out: ResNet 2, AlexNet 4, VGG16 6, GoogLeNet 5, and the input.
"""

from collections.abc import Callable, Sequence
from contextlib import contextmanager

from torch import Tensor, nn

from ..taps import resolve_taps

POOLS = (nn.MaxPool2d, nn.AdaptiveAvgPool2d)
_CONTAINERS = (nn.Sequential, nn.ModuleList)


def pooling_sites(model: nn.Module, parts: Sequence[str], kinds=POOLS) -> list[str]:
    """Names of the pooling layers at the top level of some children.

    Those inside blocks (of Inception, of squeeze-and-excitation, …) are left out.

    Args:
        model (nn.Module): A segmentor or classifier.
        parts (Sequence[str]): Children that are looked at, in the order in which they run.
        kinds: Classes of layers.

    Returns:
        list[str]: E.g. ``['backbone.maxpool', 'neck.gap']``.
    """
    found = []

    def walk(name: str, module: nn.Module) -> None:
        for key, child in module.named_children():
            if isinstance(child, kinds):
                found.append(f'{name}.{key}')
            elif isinstance(child, _CONTAINERS):
                walk(f'{name}.{key}', child)

    for part in parts:
        child = getattr(model, part, None)
        if child is not None:
            walk(part, child)
    return found


class CalibrationSites:
    """Hooks before named layers of a network, quiet but inside :meth:`calibrating`.

    Args:
        model (nn.Module): The network.
        names (Sequence[str]): Layers, in the order in which they run; patterns are allowed.

    Raises:
        ValueError: A name that the network does not have.
    """

    def __init__(self, model: nn.Module, names: Sequence[str]) -> None:
        self.names: list[str] = []
        for name in names:
            self.names += resolve_taps(model, dict(site=[name]))['site']
        self._calibrate: Callable[[Tensor], Tensor] | None = None
        self._done = 0
        modules = dict(model.named_modules())
        for place, name in enumerate(self.names):
            modules[name].register_forward_pre_hook(self._hook(place))

    def __len__(self) -> int:
        return len(self.names)

    def _hook(self, place: int):
        def calibrate(module, args):
            if self._calibrate is None:
                return None
            if place != self._done:
                raise RuntimeError(
                    f'model.sites: {self.names[place]!r} ran as number {self._done + 1} of '
                    f'{self.names}; name each layer that runs once, in the order of running'
                )
            self._done += 1
            return (self._calibrate(args[0]), *args[1:])

        return calibrate

    @contextmanager
    def calibrating(self, calibrate: Callable[[Tensor], Tensor]):
        """Within this, every site hands its input through ``calibrate``, one after the other.

        Raises:
            RuntimeError: A site did not run, or in another order.
        """
        self._calibrate, self._done = calibrate, 0
        try:
            yield
        finally:
            self._calibrate = None
        if self._done < len(self.names):
            raise RuntimeError(f'model.sites: {self.names[self._done :]} did not run')
