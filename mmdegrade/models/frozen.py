"""Networks that are read and never change: the one mechanism for fixed weights beside trained ones.

Teachers, segmentors inside losses, perceptual features and metrics used as losses inherit from it.
"""

from torch import nn


class FrozenNetwork(nn.Module):
    """Base class of networks that stay as their weights made them.

    - A registered child: it moves with ``.to()`` and is wrapped by DDP with the rest.
    - ``requires_grad=False``, and ``train()`` never takes it out of evaluation mode. Gradients
      reach its input.
    - Left out of ``state_dict()``: weights are loaded from their own source, in
      ``init_weights()``, which the runner calls before training starts, so inference needs none.

    A subclass builds its children, calls :meth:`freeze`, and says in :meth:`load` where their
    weights come from.
    """

    def __init__(self) -> None:
        super().__init__()
        self.loaded = False
        self._prefix = ''
        self.register_load_state_dict_post_hook(_forget_missing)

    def load(self) -> None:
        """Fill the children. Called once."""
        raise NotImplementedError

    def init_weights(self) -> None:
        """Load the weights, if it has not been done."""
        if not self.loaded:
            self.load()
            self.freeze()
            self.loaded = True

    def freeze(self) -> None:
        """Take parameters out of training, and modules into evaluation mode."""
        self.requires_grad_(False)
        super().train(False)

    def require_weights(self) -> None:
        """Refuse to run before the weights are there.

        Raises:
            RuntimeError: They are not loaded.
        """
        if not self.loaded:
            raise RuntimeError(
                f'{type(self).__name__}: the weights are not loaded; call model.init_weights() '
                '(the runner does it before training)'
            )

    def train(self, mode: bool = True):
        """Stay in evaluation mode, whatever the parent does."""
        return super().train(False)

    def state_dict(self, *args, destination=None, prefix='', keep_vars=False):
        """Nothing: a checkpoint holds what was trained."""
        return {} if destination is None else destination

    def _load_from_state_dict(self, state_dict, prefix, *args, **kwargs) -> None:
        self._prefix = prefix  # for ``_forget_missing``, which is not told the prefix


def _forget_missing(network: FrozenNetwork, incompatible_keys) -> None:
    """Its keys are absent from checkpoints on purpose: do not report them."""
    missing = incompatible_keys.missing_keys
    missing[:] = [key for key in missing if not key.startswith(network._prefix)]
