"""Pairs of degraded and clean image files: Rain100, RainCityscapes, PolyU and their like."""

import os.path as osp
from collections.abc import Sequence

from mmengine import fileio
from mmseg.registry import DATASETS

from .clean_images import CleanImageDataset, list_images
from .transforms.load_clean import Rename


@DATASETS.register_module()
class PairedImageDataset(CleanImageDataset):
    """Degraded images, each with the path of its clean version; no masks.

    Pipeline: ``LoadImage``, ``LoadCleanImage``, (``StackPair``, geometry, ``SplitPair``),
    ``PackDegradeInputs``. The clean file is the one of the same name, whatever its suffix, in the
    folder of clean images, or the one that ``rename`` makes of the name::

        dict(type='PairedImageDataset', data_root='data/rain100L',
             data_prefix=dict(img_path='rain', clean_path='norain'), rename=('^rain-', 'norain-'))

    Several degraded images may share a clean one. For pairs with masks use a segmentation dataset
    and ``LoadCleanImage(rename=…)``.

    Args:
        data_root (str): The folder of both.
        data_prefix (dict): Folders below it. Defaults to
            ``dict(img_path='degraded', clean_path='clean')``.
        rename (Sequence, optional): ``(pattern, replacement)`` pairs of regular expressions,
            applied in turn to the degraded image's path, relative to its folder.
        **kwargs: Arguments of ``CleanImageDataset``.

    Raises:
        FileNotFoundError: No such folder, or an image without clean version; names both.
        ValueError: A pattern that is no regular expression, an unknown prefix, or several clean
            versions of one image that differ in their suffix.
    """

    def __init__(
        self,
        data_root: str,
        data_prefix: dict | None = None,
        rename: Sequence | None = None,
        **kwargs,
    ) -> None:
        prefix = dict(img_path='degraded', clean_path='clean')
        unknown = sorted(set(data_prefix or ()) - set(prefix))
        if unknown:
            raise ValueError(
                f'PairedImageDataset: data_prefix has {unknown}; allowed: {sorted(prefix)}'
            )
        self.rename = Rename(rename or ())
        super().__init__(data_root, data_prefix={**prefix, **(data_prefix or {})}, **kwargs)

    def load_data_list(self) -> list[dict]:
        folder = self.data_prefix['clean_path']
        clean: dict[str, list[str]] = {}
        for name in list_images(folder, self.suffixes, self.recursive, self.backend_args):
            clean.setdefault(osp.splitext(name)[0], []).append(name)
        data_list = super().load_data_list()
        for info in data_list:
            relative = osp.relpath(info['img_path'], self.data_prefix['img_path'])
            wanted = self.rename(relative)
            found = clean.get(osp.splitext(wanted)[0], [])
            if not found:
                raise FileNotFoundError(
                    f'{info["img_path"]} has no clean version: {osp.join(folder, wanted)} is not '
                    'there, with whatever suffix; set rename=(pattern, replacement)'
                )
            if len(found) > 1 and wanted not in found:
                raise ValueError(
                    f'{info["img_path"]} has several clean versions in {folder}: '
                    f'{", ".join(found)}; set img_suffix or rename'
                )
            chosen = wanted if wanted in found else found[0]
            info['clean_path'] = fileio.join_path(folder, chosen)
        return data_list
