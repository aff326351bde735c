"""``Restore``: :mod:`mmdegrade.restoration` in a pipeline, as "restoration first" baseline."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.registry import TRANSFORMS

from mmdegrade.restoration import resolve_method, restore
from mmdegrade.restoration.point_spread import KERNELS


@TRANSFORMS.register_module()
class Restore(BaseTransform):
    """Restore ``results['img']`` by a classical method; the clean image stays what it is.

    Example::

        dict(type='Degrade', kind='saltpepper', degree=3),
        dict(type='Restore', method='median', size=3),

    ``img`` is uint8, or float on MMCV's 0-255 scale, H×W×C; the result has the same dtype.
    ``Degrade`` comes before it, but need not: real degraded images are restored as they are. Only
    ``psf='known'`` needs one, straight before it: resizing and flipping in between change the
    kernel.

    Args:
        method (str): One of ``METHODS``.
        psf (str | dict | list): Where the method takes a point spread function: weights, or a blur
            such as ``dict(kind='gblur', sigma=3)``, or ``'known'``. This is an oracle, which tells
            the method what no real restorer knows: the kernel of the last gblur, mblur,
            mblur_gaussian or defocus that ``Degrade`` recorded for this image. An image that went
            through none of them (a clean one, too) is left alone.
        **params: Parameters of the method.

    Adds to ``results['restorations']``: a list of dict(method, params), one for each ``Restore``
    the image went through. ``params`` holds ``psf=None`` where there was no blur to undo.

    Raises:
        ValueError: Unknown method or parameter, a value out of range; ``psf='known'`` without a
            ``Degrade`` before it; an image whose degradation waits for the device
            (``on_device=True``), or that is stacked with its clean version.
        TypeError: A value of the wrong type; an image that is neither uint8 nor float.
    """

    def __init__(self, method: str, **params) -> None:
        self.method = method
        self.params = params
        # 'known' is looked up for each image, and is nobody's word but ours.
        self.known = isinstance(params.get('psf'), str) and params['psf'] == 'known'
        stand_in = dict(psf=[[1]]) if self.known else {}
        # A wrong value stops here, not in a worker.
        self.checked = resolve_method(method, **{**params, **stand_in})

    def transform(self, results: dict) -> dict:
        records = results.get('degradations')
        self._check(results, records)
        params = dict(self.params)
        if self.known:
            params['psf'] = _last_blur(records)
        if self.known and params['psf'] is None:
            params = dict(self.checked, psf=None)
        else:
            results['img'], params = self._restored(results['img'], params)
        record = dict(method=self.method, params=params)
        results['restorations'] = [*results.get('restorations', ()), record]
        return results

    def _restored(self, img: np.ndarray, params: dict) -> tuple[np.ndarray, dict]:
        # MMCV's float images are on 0-255, the pure functions' on 0-1.
        if not np.issubdtype(img.dtype, np.floating):
            return restore(img, self.method, return_params=True, **params)
        scale = img.dtype.type(255)
        out, used = restore(img / scale, self.method, return_params=True, **params)
        return out * scale, used

    def _check(self, results: dict, records) -> None:
        if 'pair_dtypes' in results:
            raise ValueError(
                'Restore: the image is stacked with its clean version, which must stay as it is; '
                'put Restore before StackPair or after SplitPair'
            )
        if any('device_seed' in record for record in records or ()):
            raise ValueError(
                'Restore: Degrade(on_device=True) leaves the pixels to the data preprocessor, so '
                'there is nothing to restore yet; set on_device=False'
            )
        if self.known and records is None:
            raise ValueError(
                f"Restore(method={self.method!r}, psf='known'): no degradation is recorded; put "
                f"Degrade before it, or give the blur, psf=dict(kind='gblur', sigma=3)"
            )

    def __repr__(self) -> str:
        chosen = dict(method=self.method, **self.params)
        return f'Restore({", ".join(f"{name}={value}" for name, value in chosen.items())})'


def _last_blur(records) -> dict | None:
    """``dict(kind=…, <parameters>)`` of the last recorded blur that has a kernel, or None."""
    for record in reversed(records):
        if record['kind'] in KERNELS:
            return dict(kind=record['kind'], **record['params'])
    return None
