"""Staged models on several processes."""

from contextlib import ExitStack, contextmanager

from mmengine.model import MMSeparateDistributedDataParallel, is_model_wrapper
from mmengine.registry import MODEL_WRAPPERS


@MODEL_WRAPPERS.register_module()
class StagedDistributedDataParallel(MMSeparateDistributedDataParallel):
    """MMEngine's wrapper with one DDP for each child, mended where stages need it.

    One DDP around the whole model would wait for gradients of the parts that a stage does not
    train, and never calls a model's own ``train_step``. The stock class

    - writes ``part.module.weight`` into checkpoints, which nothing else reads: here keys are those
      of the bare model;
    - enters ``no_sync`` of the first child only, and fails on children without parameters.

    ``DegradeRunner`` chooses this wrapper for every ``StagedModel``.
    """

    def __init__(self, module, *args, **kwargs) -> None:
        super().__init__(module, *args, **kwargs)
        module.register_state_dict_post_hook(_drop_wrappers)

    @contextmanager
    def no_sync(self):
        """Accumulate gradients in every part without exchanging them."""
        with ExitStack() as stack:
            for child in self.module.children():
                if is_model_wrapper(child):
                    stack.enter_context(child.no_sync())
            yield


def _drop_wrappers(module, state: dict, prefix: str, _) -> None:
    """Rename ``part.module.weight`` to ``part.weight``, in place and in order."""
    children = module.named_children()
    wrapped = [f'{prefix}{name}.' for name, child in children if is_model_wrapper(child)]
    for key in list(state):
        part = next((part for part in wrapped if key.startswith(f'{part}module.')), None)
        # Every entry is put back, for the order of the bare model.
        state[key if part is None else part + key[len(part) + len('module.') :]] = state.pop(key)
