"""What ``Degrade`` and ``RandomDegrade`` share: :mod:`mmdegrade.degradations` in a pipeline."""

import os.path as osp

import numpy as np
from mmcv.transforms import BaseTransform

from mmdegrade.degradations import Request, degrade, keyed_rng, relative_depth, settle_params

from .paired import check_aligned


def image_key(img_path: str | None) -> str:
    """What identifies an image in random keys: the last two parts of its path.

    The folders above do not count, so that moving the data changes no pixel.
    """
    return '/'.join(osp.normpath(img_path).split(osp.sep)[-2:]) if img_path else ''


def request_key(request: Request) -> tuple:
    """What identifies a request in random keys."""
    degree = (
        repr(list(request.degree)) if isinstance(request.degree, (list, tuple)) else request.degree
    )
    preset = () if request.preset is None else (request.preset,)
    return (request.kind, degree, repr(sorted(request.params.items())), *preset)


def describe(request: Request) -> str:
    """``kind=awgn, degree=None, sigma=25``."""
    chosen = dict(kind=request.kind, degree=request.degree, preset=request.preset)
    if request.preset is None:
        del chosen['preset']
    return ', '.join(f'{name}={value}' for name, value in {**chosen, **request.params}.items())


class DegradeBase(BaseTransform):
    """Keyed draws, the clean image, the record; a subclass says what is done to an image."""

    seed: int
    prob: float
    keep_clean: bool
    on_device: bool

    def _set(self, prob: float, keep_clean: bool, on_device: bool) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'{self._name}: prob={prob} is not a probability; allowed: 0 to 1')
        self.prob = prob
        self.keep_clean = keep_clean
        self.on_device = on_device

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _key(self) -> tuple:
        """What is asked for, as part of the random key."""
        raise NotImplementedError

    def _requests(self, rng) -> tuple[Request, ...]:
        """What to do to one image, in order; empty for nothing."""
        raise NotImplementedError

    def transform(self, results: dict) -> dict:
        check_aligned(results)
        before = results.get('degradations', ())
        if self.keep_clean and 'clean_img' not in results:
            if before:
                raise ValueError(
                    f'{self._name}(keep_clean=True) follows another one, so the image is not clean '
                    'any more: set keep_clean on the first one'
                )
            results['clean_img'] = results['img'].copy()
        draw = getattr(results.get('sample_idx'), 'draw', None)
        # The place in the chain counts: two of one kind would add the same noise twice.
        place = (len(before),) if before else ()
        key = (self.seed, draw, image_key(results.get('img_path')), *self._key(), *place)
        rng = keyed_rng('degrade', *key)
        requests = self._requests(rng) if self.prob == 1 or rng.random() < self.prob else ()
        try:
            records = [self._apply(request, results, rng) for request in requests]
        except (TypeError, ValueError) as error:
            # Levels were checked when the transform was built; what is wrong now is this image.
            path = results.get('img_path')
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f'{self._name}, {path}: {error}' if path else str(error)) from error
        for record in records or [dict(kind='clean', degree=None, params={})]:
            before = [*before, dict(record, seed=self.seed, draw=draw)]
        results['degradations'] = before
        return results

    def _apply(self, request: Request, results: dict, rng) -> dict:
        """Degrade ``results['img']`` and return what was done."""
        degree, params = request.draw(rng)
        entry = request.degradation
        if entry.uses_depth and results.get('depth') is not None:
            params['depth'] = results['depth']
            if entry.depth_unit == 'relative':
                params['depth'] = relative_depth(results['depth'], results.get('depth_far'))
        img = results['img']
        # MMCV's float images are on 0-255, the pure functions' on 0-1.
        if np.issubdtype(img.dtype, np.floating):
            img = img / np.float32(255)
        if self.on_device:
            return self._defer(request, degree, params, img, rng)
        out, used = degrade(
            img, request.kind, degree, rng, return_params=True, preset=request.preset, **params
        )
        if np.issubdtype(out.dtype, np.floating):
            out = out.astype(np.float32, copy=False) * np.float32(255)
        results['img'] = out
        # Of the kind itself, so that `degrade(img, kind, **params)` repeats it.
        record = dict(kind=entry.name, degree=degree, params=used)
        return record if request.preset is None else dict(record, preset=request.preset)

    def _defer(self, request: Request, degree, params: dict, img: np.ndarray, rng) -> dict:
        """Settle everything that is drawn, and leave the pixels to the data preprocessor."""
        used = settle_params(img, request.kind, degree, rng, request.preset, **params)
        if isinstance(used.get('depth'), np.ndarray):
            raise ValueError(
                f'{self._name}(on_device=True): a depth map does not travel to the device; '
                'degrade in the pipeline (on_device=False)'
            )
        record = dict(kind=request.degradation.name, degree=degree, params=used)
        return dict(record, device_seed=int(rng.integers(2**63)))
