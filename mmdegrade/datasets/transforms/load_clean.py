"""Load the clean version of an image that was degraded by nature, or by somebody else.

Data sets of pairs keep two files: rainy and clean streets (RainCityscapes), synthetic rain
(Rain100), a photograph and the mean of many (PolyU). Here the clean one joins the pipeline in the
place where ``Degrade(keep_clean=True)`` puts it, so that all that follows is the same.
"""

import re
from collections.abc import Sequence

from mmcv.transforms import BaseTransform
from mmengine.registry import TRANSFORMS

from .image_files import CorruptFileError, MissingFileError
from .loading import LoadImage
from .paired import check_aligned


class Rename:
    """Rules from the path of a degraded image to that of its clean version.

    Args:
        rules (Sequence): ``(pattern, replacement)`` pairs, applied by ``re.sub`` in turn; one pair
            may stand alone.

    Raises:
        ValueError: Something else, or a pattern that is no regular expression.
    """

    def __init__(self, rules: Sequence) -> None:
        pairs = [rules] if len(rules) == 2 and isinstance(rules[0], str) else list(rules)
        try:
            self.rules = [(re.compile(pattern), replacement) for pattern, replacement in pairs]
        except (TypeError, ValueError, re.error) as error:
            raise ValueError(
                f'rename={rules!r}: {error}; allowed: (pattern, replacement) pairs of regular '
                "expressions, e.g. [('/rain/', '/norain/'), ('_rain_.*[.]png', '.png')]"
            ) from error

    def __call__(self, path: str) -> str:
        """Apply the rules in turn."""
        for pattern, replacement in self.rules:
            path = pattern.sub(replacement, path)
        return path


@TRANSFORMS.register_module()
class LoadCleanImage(BaseTransform):
    """Load the clean version of ``results['img']`` as ``results['clean_img']``.

    It follows ``LoadImage``. ``PairedImageDataset`` says which file it is; for any other data set
    (one with masks, say) ``rename`` says so::

        # RainCityscapes: several rainy versions of one street.
        dict(type='LoadCleanImage', rename=[
            ('/leftImg8bit_rain/', '/leftImg8bit/'), ('_rain_alpha_.*[.]png$', '.png')])

    Args:
        rename (Sequence, optional): ``(pattern, replacement)`` pairs of regular expressions,
            applied in turn to ``img_path``. Defaults to reading ``results['clean_path']``.
        **kwargs: Arguments of ``LoadImage``: ``to_float32``, ``backend_args``, …

    Raises:
        ValueError: No ``clean_path`` and no ``rename``; rules that change nothing.
        CorruptFileError: A ``ValueError``: a clean image of another size, or a file that
            ``LoadImage`` refuses.
        MissingFileError: A ``FileNotFoundError``: the file is not there.
    """

    def __init__(self, rename: Sequence | None = None, **kwargs) -> None:
        self.rename = None if rename is None else Rename(rename)
        self.loader = LoadImage(**kwargs)

    def transform(self, results: dict) -> dict:
        path = self._clean_path(results)
        try:
            results['clean_img'] = self.loader.read(path)
        except MissingFileError as error:
            raise MissingFileError(
                f'LoadCleanImage: {path}, the clean version of {results["img_path"]}, is not there',
                path,
            ) from error
        results['clean_path'] = path
        try:
            check_aligned(results)
        except ValueError as error:  # between files, not between what transforms made of them
            raise CorruptFileError(str(error), path) from error
        return results

    def _clean_path(self, results: dict) -> str:
        if self.rename is None:
            if 'clean_path' not in results:
                raise ValueError(
                    'LoadCleanImage: the dataset names no clean images; use PairedImageDataset, or '
                    "set rename, e.g. LoadCleanImage(rename=('/rain/', '/norain/'))"
                )
            return results['clean_path']
        path = self.rename(results['img_path'])
        if path == results['img_path']:
            raise ValueError(
                f'LoadCleanImage: rename changes nothing in {path}: the degraded image would be '
                'its own clean version'
            )
        return path

    def __repr__(self) -> str:
        rules = None if self.rename is None else [(p.pattern, r) for p, r in self.rename.rules]
        return f'LoadCleanImage(rename={rules})'
