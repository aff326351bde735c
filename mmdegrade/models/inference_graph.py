"""What a model computes of a batch of inputs, as one graph of tensors: the part that deploys.

Between the preprocessor and the label map there is tensor arithmetic, and around it Python: data
samples, sliding windows, the resize to the original image. `InferenceGraph` is the former alone:

    inputs N×3×H×W, as the data preprocessor makes them
    → logits N×K×H×W at the size of the inputs, restored N×3×H×W RGB on [0, 1], or one of the two

A model says how by a method ``inference_tensors(inputs) -> dict[str, Tensor]`` with the keys
``logits`` and ``restored``. One that has none (any mmseg segmentor) is run in ``mode='tensor'``,
and its logits are brought to the size of the inputs (`full_size`).
"""

from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import Tensor, nn

from .full_size import full_size
from .unit_images import UnitImages
from .unwrapped import unwrapped

#: Names and order of what a graph may give.
OUTPUTS = ('logits', 'restored')


def inference_tensors(model: nn.Module, inputs: Tensor) -> dict[str, Tensor]:
    """Class scores and restored images of a batch.

    Args:
        model (nn.Module): A segmentor or restoration model, in evaluation mode.
        inputs (Tensor): N×3×H×W, normalised by its data preprocessor.

    Returns:
        dict[str, Tensor]: ``logits`` (N×K×H×W) and ``restored`` (N×3×H×W RGB on [0, 1]); what the
        model does not make is left out.

    Raises:
        TypeError: The model's ``mode='tensor'`` gives no class scores.
    """
    model = unwrapped(model)
    own = getattr(model, 'inference_tensors', None)
    if own is not None:
        return own(inputs)
    return dict(logits=full_size(model, model(inputs, mode='tensor'), inputs.shape[-2:]))


class InferenceGraph(nn.Module):
    """A model as a function of tensors alone.

    Args:
        model (nn.Module): See :func:`inference_tensors`. Shared, not copied; put into evaluation
            mode.
        labels (bool): Give ``labels`` (N×1×H×W int64) in the place of ``logits``. A head of one
            channel says class 1 above its threshold, as mmseg does. Defaults to False.
        as_images (bool): Take N×3×H×W RGB images on 0–255 (uint8 or float), not normalised inputs.
            Defaults to False.

    ``forward`` returns a tuple in the order of ``names``, which is known after the first call.

    Raises:
        TypeError: ``as_images`` with an unusual data preprocessor.
    """

    def __init__(self, model: nn.Module, labels: bool = False, as_images: bool = False) -> None:
        super().__init__()
        self.model = model
        self.labels = labels
        self.as_images = as_images
        self.names: tuple[str, ...] = ()
        self._images = UnitImages(model.data_preprocessor) if as_images else None
        self.train(False)

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """A batch → the outputs."""
        outputs = self.tensors(inputs)
        if self.labels and 'logits' in outputs:
            labels = self._decide(outputs.pop('logits'))
            outputs = dict(labels=labels, **outputs)
        self.names = tuple(outputs)
        return tuple(outputs.values())

    def tensors(self, inputs: Tensor) -> dict[str, Tensor]:
        """``logits`` and ``restored`` of a batch, in this order, whatever ``labels`` says."""
        if self.as_images:
            inputs = self._images.to_inputs(inputs.float() / 255)
        found = inference_tensors(self.model, inputs)
        return {name: found[name] for name in OUTPUTS if name in found}

    def _decide(self, logits: Tensor) -> Tensor:
        if logits.shape[1] > 1:
            return logits.argmax(1, keepdim=True)
        head = next(part for part in self.model.modules() if isinstance(part, BaseDecodeHead))
        return (logits.sigmoid() > head.threshold).long()
