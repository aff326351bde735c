"""The ``Degrade`` transform: one kind of degradation."""

from mmengine.registry import TRANSFORMS

from mmdegrade.degradations import KINDS, Request
from mmdegrade.degradations.parameters import suggest

from .degrade_base import DegradeBase, describe, request_key

_SETTINGS = ('kind', 'degree', 'prob', 'keep_clean', 'seed', 'preset', 'on_device')


@TRANSFORMS.register_module()
class Degrade(DegradeBase):
    """Degrade ``results['img']``; the same draw gives the same pixels everywhere.

    Placed after cropping, ``gblur`` with σ = 5 means 5 pixels of the crop; placed before
    (with ``keep_clean`` and ``StackPair``/``SplitPair``), 5 pixels of the original image.

    The random draw depends on (seed, draw number, image, kind, parameters) alone, never on the
    worker, rank or order. The draw number comes from ``KeyedSampler``; without it, as in
    validation, an image gets the same degradation every time. A second ``Degrade`` of the same
    kind draws anew.

    ``img`` is uint8, or float32 on MMCV's 0-255 scale, H×W×3; the result has the same dtype
    unless the degradation is unclipped noise, which hands on float32.

    Where several follow each other, they make a chain, and the first one keeps the clean image.

    Args:
        kind (str, optional): One of ``KINDS`` (or of the preset), or ``'clean'`` for no
            degradation. Left out, the config's top-level ``degradation`` is meant, which
            ``DegradeRunner`` or ``DegradationHook`` fills in before the first image.
        degree (int or list[int], optional): Published degree, 1-5; of a list, one is drawn for
            each image.
        prob (float): Probability of degrading; the rest stays clean. 0.5 is the paper's
            mixture training C&D. Defaults to 1.
        keep_clean (bool): Keep the clean image as ``results['clean_img']``. Defaults to False.
        seed (int): Seed of the draws. Defaults to 0.
        preset (str, optional): One of ``PRESETS``, whose names and degrees are then meant.
        on_device (bool): Only draw here, and leave the pixels to ``DegradeDataPreprocessor``,
            which works on the device of the model. Not for every kind, and not with depth maps.
            Defaults to False.
        **params: Parameters of the kind, instead of or on top of a degree. A value
            ``dict(low=0, high=75)`` is drawn uniformly for each image.

    Adds ``results['degradations']``: a list of dict(kind, degree, params, seed, draw), one for
    each degradation the image went through.

    Raises:
        ValueError: Unknown kind, degree or parameter; image and mask of different size;
            ``keep_clean`` after another ``Degrade`` that kept nothing.
        TypeError: An image that is neither uint8 nor float.
    """

    def __init__(
        self,
        kind: str | None = None,
        degree=None,
        prob: float = 1.0,
        keep_clean: bool = False,
        seed: int = 0,
        preset: str | None = None,
        on_device: bool = False,
        **params,
    ) -> None:
        self.seed = seed
        self.choose(kind, degree, prob, keep_clean, preset, on_device, **params)

    def choose(
        self,
        kind: str | None,
        degree=None,
        prob: float | None = None,
        keep_clean: bool | None = None,
        preset: str | None = None,
        on_device: bool | None = None,
        **params,
    ) -> None:
        """Set what is done to images; the arguments are those of the class.

        ``prob``, ``keep_clean`` and ``on_device`` stay as they are where they are None.
        """
        self._set(
            self.prob if prob is None else prob,
            self.keep_clean if keep_clean is None else keep_clean,
            self.on_device if on_device is None else on_device,
        )
        self.kind = kind
        self.request = None
        if kind not in ('clean', None):
            try:  # A wrong value stops here, not in a worker.
                self.request = Request(kind, degree, preset, params)
            except ValueError as error:
                # What is no setting of the transform is taken for a parameter of the kind.
                text = str(error)
                hints = [suggest(name, _SETTINGS) for name in params if repr(name) in text]
                meant = [f'.{hint}' for hint in hints if hint and hint not in text]
                raise ValueError(text + ''.join(meant)) from error

    def _key(self) -> tuple:
        if self.kind is None:
            raise ValueError(
                'Degrade: kind is not set. Write Degrade(kind=…, degree=…); or put '
                "`degradation = dict(kind='gblur', degree=5)` and `runner_type = 'DegradeRunner'` "
                "(or custom_hooks=[dict(type='DegradationHook')]) at the top level of the config. "
                f'Allowed kinds: clean, {", ".join(KINDS)}'
            )
        return request_key(self.request) if self.request else ('clean', None, '[]')

    def _requests(self, rng) -> tuple[Request, ...]:
        return (self.request,) if self.request else ()

    def __repr__(self) -> str:
        chosen = describe(self.request) if self.request else f'kind={self.kind}'
        return (
            f'Degrade({chosen}, prob={self.prob}, keep_clean={self.keep_clean}, seed={self.seed})'
        )
