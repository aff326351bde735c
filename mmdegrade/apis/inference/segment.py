"""Pictures in, segmentations out."""

import os
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np

from .segmenter import Segmentation, Segmenter
from .sources import find_sources, frames, is_video

# What a file that is damaged or does not fit makes transforms raise (MMCV's uses assert).
_BAD_FILE = (ValueError, OSError, SyntaxError, AssertionError, cv2.error)


def segment(
    inputs,
    model: Segmenter | Sequence[str],
    degrade=None,
    restore: bool = False,
    device: str | None = None,
    on_error: Callable[[str, Exception], None] | None = None,
) -> Segmentation | Iterator[Segmentation]:
    """Segment an image, a folder, a video, or several of them.

    Args:
        inputs: An image file or an H×W×3 BGR uint8 array; a folder (all images and videos below
            it), a pattern (``'shots/*.png'``), a video, or a list of any of these.
        model: ``(config, checkpoint)``, or a ``Segmenter`` that was loaded once for several calls.
        degrade: What to do to the pictures first: ``'gblur:5'``, ``'awgn:sigma=25'``,
            ``dict(kind='fog', degree=3, preset='ubcn')``. Noise depends on the picture's name
            alone, as in validation. Depth of fog and the like is the flat ramp of pictures without
            depth. Defaults to None.
        restore: Also give the restored image of a cascade. Defaults to False.
        device: Where to load ``(config, checkpoint)``; the GPU, if there is one.
        on_error: Called with path and error of a file that cannot be read, which is then left out.
            None: the error is raised.

    Returns:
        One ``Segmentation`` for one image; otherwise an iterator over pictures and frames, each
        computed when it is asked for.

    Raises:
        FileNotFoundError: No such file, or no picture in a folder.
        ValueError: An unreadable file; what ``Segmenter`` and ``read_degradation`` refuse;
            ``restore`` with a model that restores nothing.
        TypeError: ``model`` is neither.
    """
    if not isinstance(model, Segmenter):
        if isinstance(model, (str, bytes)) or not isinstance(model, Sequence) or len(model) != 2:
            raise TypeError(f'model={model!r}; allowed: (config, checkpoint) or a Segmenter')
        model = Segmenter(*map(str, model), device=device)
    pipeline = model.make_pipeline(degrade)
    several = isinstance(inputs, (list, tuple))
    pictures = []
    for item in inputs if several else [inputs]:
        pictures += [item] if isinstance(item, np.ndarray) else find_sources(item)
    single = not several and len(pictures) == 1 and not _is_many(inputs, pictures[0])
    results = _stream(pictures, model, pipeline, restore, None if single else on_error)
    return next(results) if single else results


def _is_many(given, picture) -> bool:
    """Whether a folder, a pattern or a video was given, even if it is of one picture."""
    if isinstance(picture, np.ndarray):
        return False
    return is_video(picture) or os.path.expanduser(given) != picture


def _stream(pictures, model: Segmenter, pipeline, restore: bool, on_error):
    for picture in pictures:
        degraded = _degraded(picture, pipeline)
        while True:
            try:
                frame, results = next(degraded)
            except StopIteration:
                break
            except _BAD_FILE as error:
                if on_error is None:
                    raise
                on_error(picture if isinstance(picture, str) else 'image', error)
                break
            yield model.segment(results, pipeline, restore, frame)


def _degraded(picture, pipeline) -> Iterator[tuple[int | None, dict]]:
    """Loaded and degraded images of a file, with the number of the frame."""
    if isinstance(picture, str) and is_video(picture):
        for number, image in enumerate(frames(picture)):
            # A path of its own, so that noise differs from frame to frame.
            info = dict(img=image, img_path=f'{picture}/{number}')
            yield number, dict(pipeline.degraded(info), img_path=picture)
    else:
        yield None, pipeline.degraded(picture)
