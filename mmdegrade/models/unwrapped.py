"""A model without the wrapper that several processes put around it."""

from mmengine.model import is_model_wrapper
from torch import nn


def unwrapped(model: nn.Module) -> nn.Module:
    """The model inside DDP or another of MMEngine's wrappers; any other as it is."""
    return model.module if is_model_wrapper(model) else model
