"""An optimizer constructor that refuses settings which reach no parameter."""

from mmengine.optim import DefaultOptimWrapperConstructor
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS
from torch import nn


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class StrictOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """MMEngine's constructor, with every ``custom_keys`` entry required to match a parameter.

    The stock one ignores an entry that matches nothing: a learning-rate ratio for
    ``backbone.layer3`` then does nothing in a network that has no such layer.

    Raises:
        ValueError: Names the entries and the modules there are.
    """

    def __call__(self, model: nn.Module):
        network = getattr(model, 'module', model)
        names = [name for name, _ in network.named_parameters()]
        idle = [
            key
            for key in (self.paramwise_cfg or {}).get('custom_keys', {})
            if not any(key in name for name in names)
        ]
        if idle:
            modules = sorted({'.'.join(name.split('.')[:3]) for name in names})
            raise ValueError(
                f'optim_wrapper.paramwise_cfg.custom_keys: {idle} match no parameter; modules are: '
                + ', '.join(modules[:40])
            )
        return super().__call__(model)
