"""Class scores at the size of the images, as each segmentor's own prediction brings them there."""

from mmseg.models.utils import resize
from torch import Tensor, nn

from .unwrapped import unwrapped


def require_whole_images(segmentor: dict, why: str) -> None:
    """Refuse the config of a segmentor that tests by sliding windows.

    Args:
        segmentor (dict): Its config.
        why (str): What works on whole images, for the message.

    Raises:
        ValueError: ``test_cfg.mode`` is 'slide'.
    """
    if (segmentor.get('test_cfg') or {}).get('mode') == 'slide':
        raise ValueError(f"model.segmentor.test_cfg.mode='slide': {why}; set dict(mode='whole')")


def full_size(model: nn.Module, scores, size) -> Tensor:
    """What a segmentor gives in ``mode='tensor'`` → N×K×H×W at ``size``.

    Most heads are resized. A head that does otherwise says so by ``at_size(logits, size)``:
    ``FCN8sHead`` crops.

    Args:
        model (nn.Module): The segmentor, bare or wrapped.
        scores (Tensor | tuple): N×K×h×w; of several (``EncHead``: the scores, and the presence of
            each class in the image) the first.
        size (tuple[int, int]): H×W.

    Raises:
        TypeError: These are no class scores, or nothing says how the model resizes.
    """
    model = unwrapped(model)
    if isinstance(scores, (tuple, list)) and scores:
        scores = scores[0]
    if not isinstance(scores, Tensor) or scores.ndim != 4:
        raise TypeError(
            f"{type(model).__name__} gives {type(scores).__name__} in mode='tensor', not N×K×H×W "
            'class scores: give it a method inference_tensors(inputs) -> dict(logits=…)'
        )
    head = getattr(model, 'decode_head', None)
    # A cascade (CascadeEncoderDecoder) predicts by its last one.
    head = head[-1] if isinstance(head, nn.ModuleList) else head
    if hasattr(head, 'at_size'):
        return head.at_size(scores, size)
    align = getattr(model, 'align_corners', getattr(head, 'align_corners', None))
    if align is None:
        raise TypeError(
            f'{type(model).__name__} has neither align_corners nor a decode_head that has it: give '
            'it a method inference_tensors(inputs) -> dict(logits=…), N×K×H×W'
        )
    return resize(scores, size=size, mode='bilinear', align_corners=align, warning=False)
