"""Run a network without a trace in it: the one mechanism for the other side of adversarial steps.

The weights enter as constants (``torch.func.functional_call``) and the buffers as copies. So the
gradients of the network, its running statistics and, in several processes, the exchange of its
gradients stay untouched, and no ``requires_grad`` is changed, for which a wrapped model was built.
"""

from torch import nn
from torch.func import functional_call

from .unwrapped import unwrapped


def call_untouched(network: nn.Module, *args, **kwargs):
    """Call a network so that gradients reach its inputs alone.

    Args:
        network (nn.Module): Bare or wrapped (DDP); in training mode, batch normalisation uses the
            statistics of the batch and forgets them.
        *args, **kwargs: Of its ``forward``.

    Returns:
        What it returns.
    """
    network = unwrapped(network)
    constants = {name: value.detach() for name, value in network.named_parameters()}
    copies = {name: value.clone() for name, value in network.named_buffers()}
    return functional_call(network, {**constants, **copies}, args, kwargs)
