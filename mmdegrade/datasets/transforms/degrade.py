"""The ``Degrade`` transform: the pure functions of :mod:`mmdegrade.degradations` in a pipeline."""

import os.path as osp

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.registry import TRANSFORMS

from mmdegrade.degradations import KINDS, degrade, keyed_rng, relative_depth, resolve_params

from .paired import check_aligned


def image_key(img_path: str | None) -> str:
    """What identifies an image in random keys: the last two parts of its path.

    The folders above do not count, so that moving the data changes no pixel.
    """
    return '/'.join(osp.normpath(img_path).split(osp.sep)[-2:]) if img_path else ''


@TRANSFORMS.register_module()
class Degrade(BaseTransform):
    """Degrade ``results['img']``; the same draw gives the same pixels everywhere.

    Placed after cropping, ``gblur`` with σ = 5 means 5 pixels of the crop; placed before
    (with ``keep_clean`` and ``StackPair``/``SplitPair``), 5 pixels of the original image.

    The random draw depends on (seed, draw number, image, kind, parameters) alone, never on the
    worker, rank or order. The draw number comes from ``KeyedSampler``; without it, as in
    validation, an image gets the same degradation every time. A second ``Degrade`` of the same
    kind draws anew.

    ``img`` is uint8, or float32 on MMCV's 0-255 scale, H×W×3; the result has the same dtype
    unless the degradation is unclipped noise, which hands on float32.

    Where several follow each other, the first one keeps the clean image.

    Args:
        kind (str, optional): One of ``KINDS``, or ``'clean'`` for no degradation. Left out, the
            config's top-level ``degradation`` is meant, which ``DegradeRunner`` or
            ``DegradationHook`` fills in before the first image.
        degree (int, optional): Published degree 1-5.
        prob (float): Probability of degrading; the rest stays clean. 0.5 is the paper's
            mixture training C&D. Defaults to 1.
        keep_clean (bool): Keep the clean image as ``results['clean_img']``. Defaults to False.
        seed (int): Seed of the draws. Defaults to 0.
        **params: Parameters of the kind, instead of or on top of a degree.

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
        degree: int | None = None,
        prob: float = 1.0,
        keep_clean: bool = False,
        seed: int = 0,
        **params,
    ) -> None:
        self.seed = seed
        self.choose(kind, degree, prob, keep_clean, **params)

    def choose(
        self,
        kind: str | None,
        degree: int | None = None,
        prob: float = 1.0,
        keep_clean: bool = False,
        **params,
    ) -> None:
        """Set what is done to images; the arguments are those of the class."""
        if not 0 <= prob <= 1:
            raise ValueError(f'Degrade: prob={prob} is not a probability; allowed: 0 to 1')
        self.kind = kind
        self.degree = degree
        self.prob = prob
        self.keep_clean = keep_clean
        self.params = params
        if kind not in ('clean', None):
            resolve_params(kind, degree, **params)  # a wrong value stops here, not in a worker

    def transform(self, results: dict) -> dict:
        if self.kind is None:
            raise ValueError(
                'Degrade: kind is not set. Write Degrade(kind=…, degree=…); or put '
                "`degradation = dict(kind='gblur', degree=5)` and `runner_type = 'DegradeRunner'` "
                "(or custom_hooks=[dict(type='DegradationHook')]) at the top level of the config. "
                f'Allowed kinds: clean, {", ".join(KINDS)}'
            )
        check_aligned(results)
        img = results['img']
        before = results.get('degradations', ())
        if self.keep_clean and 'clean_img' not in results:
            if before:
                raise ValueError(
                    'Degrade(keep_clean=True) follows another Degrade, so the image is not clean '
                    'any more: set keep_clean on the first one'
                )
            results['clean_img'] = img.copy()
        draw = getattr(results.get('sample_idx'), 'draw', None)
        key = (self.seed, draw, image_key(results.get('img_path')), self.kind, self.degree)
        # The place in the chain counts: two of one kind would add the same noise twice.
        place = (len(before),) if before else ()
        rng = keyed_rng('degrade', *key, repr(sorted(self.params.items())), *place)
        record = dict(kind='clean', degree=None, params={}, seed=self.seed, draw=draw)
        if self.kind != 'clean' and (self.prob == 1 or rng.random() < self.prob):
            img, params = self._apply(img, results, rng)
            results['img'] = img
            record.update(kind=self.kind, degree=self.degree, params=params)
        results['degradations'] = [*before, record]
        return results

    def _apply(self, img: np.ndarray, results: dict, rng) -> tuple[np.ndarray, dict]:
        params = dict(self.params)
        if KINDS[self.kind].uses_depth and results.get('depth') is not None:
            params['depth'] = relative_depth(results['depth'], results.get('depth_far'))
        # MMCV's float images are on 0-255, the pure functions' on 0-1.
        on_255 = np.issubdtype(img.dtype, np.floating)
        if on_255:
            img = img / np.float32(255)
        out, used = degrade(
            img, self.kind, degree=self.degree, rng=rng, return_params=True, **params
        )
        if np.issubdtype(out.dtype, np.floating):
            out = out.astype(np.float32, copy=False) * np.float32(255)
        return out, used

    def __repr__(self) -> str:
        params = ''.join(f', {name}={value}' for name, value in self.params.items())
        return (
            f'Degrade(kind={self.kind}, degree={self.degree}, prob={self.prob}, '
            f'keep_clean={self.keep_clean}, seed={self.seed}{params})'
        )
