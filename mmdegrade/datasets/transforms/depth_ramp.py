"""Give images without a depth map the ramp that stands in for one, before anything is cut."""

from mmcv.transforms import BaseTransform
from mmengine.registry import TRANSFORMS

from mmdegrade.degradations.weather.depth import depth_ramp, metric_depth_ramp

UNITS = ('metres', 'relative')


@TRANSFORMS.register_module()
class DepthRamp(BaseTransform):
    """Set ``results['depth']``, H×W float32: the ramp of the whole image, far at its top.

    Weather lays the same ramp over an image that has no depth. Over a crop it would lay all of it,
    from near to far, so that networks were trained on another weather than they are tested on. Here
    the map joins ``seg_fields``, and a crop keeps its part. Place it after ``LoadImage``. Fog then
    needs ``refine=False``, as without a map: a ramp has no edges to align with the image's.

    Args:
        unit (str): ``'metres'`` (default) as fog and rain need, ``'relative'`` for haze.

    Raises:
        ValueError: An unknown unit; the image has a depth map already.
    """

    def __init__(self, unit: str = 'metres') -> None:
        if unit not in UNITS:
            raise ValueError(f'DepthRamp: unit={unit!r}; allowed: {", ".join(UNITS)}')
        self.unit = unit

    def transform(self, results: dict) -> dict:
        if results.get('depth') is not None:
            raise ValueError(
                f'DepthRamp: {results.get("img_path")} has a depth map already; take DepthRamp or '
                'LoadDepth out of the pipeline'
            )
        ramp = metric_depth_ramp if self.unit == 'metres' else depth_ramp
        results['depth'] = ramp(*results['img'].shape[:2])
        results['depth_far'] = float(results['depth'].max())
        results.setdefault('seg_fields', []).append('depth')
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(unit={self.unit!r})'
