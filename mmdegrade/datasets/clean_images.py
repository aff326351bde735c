"""Folders of clean images without masks, to train and test restoration: CBSD68, Kodak24, Set12."""

import os.path as osp
from collections.abc import Sequence

from mmengine import fileio
from mmengine.dataset import BaseDataset
from mmseg.registry import DATASETS

IMAGE_SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp', '.ppm', '.pgm')


def list_images(
    folder: str, suffixes: Sequence[str], recursive: bool = True, backend_args: dict | None = None
) -> list[str]:
    """Sorted paths, relative to ``folder``, of the images in it.

    Args:
        folder (str): Local, or anything ``mmengine.fileio`` lists.
        suffixes (Sequence[str]): How their names end; upper or lower case.
        recursive (bool): Look into folders inside it, too.

    Raises:
        FileNotFoundError: No such folder, or no image in it.
    """
    if not fileio.isdir(folder, backend_args):
        raise FileNotFoundError(f'no such folder of images: {folder!r}')
    names = sorted(
        name
        for name in fileio.list_dir_or_file(
            folder, list_dir=False, recursive=recursive, backend_args=backend_args
        )
        if name.lower().endswith(tuple(suffix.lower() for suffix in suffixes))
    )
    if not names:
        raise FileNotFoundError(
            f'no image in {folder!r} whose name ends in {", ".join(suffixes)}: set img_suffix'
        )
    return names


@DATASETS.register_module()
class CleanImageDataset(BaseDataset):
    """All images of a folder, without masks.

    Pipeline: ``LoadImage``, ``Degrade(keep_clean=True)``, ``PackDegradeInputs``. There are no
    classes: metrics of segmentation have nothing to count here.

    Args:
        data_root (str): The folder.
        img_suffix (str | Sequence[str]): How names of images end. Defaults to the usual ones.
        ann_file (str): List below ``data_root`` of the images to use, one path a line, relative to
            ``data_prefix['img_path']``. Defaults to all of them.
        data_prefix (dict): ``dict(img_path=…)``, the folder of images below ``data_root``.
        recursive (bool): Look into folders inside it, too. Defaults to True.
        backend_args (dict, optional): For remote files.
        **kwargs: Arguments of MMEngine's ``BaseDataset``; ``indices`` selects a part.

    Raises:
        FileNotFoundError: No such folder or list, no image in it, or a listed one is missing.
    """

    METAINFO = dict(classes=(), palette=[])

    def __init__(
        self,
        data_root: str,
        img_suffix: str | Sequence[str] = IMAGE_SUFFIXES,
        ann_file: str = '',
        data_prefix: dict | None = None,
        recursive: bool = True,
        backend_args: dict | None = None,
        **kwargs,
    ) -> None:
        self.suffixes = (img_suffix,) if isinstance(img_suffix, str) else tuple(img_suffix)
        self.recursive = recursive
        self.backend_args = backend_args
        prefix = dict(img_path='') if data_prefix is None else data_prefix
        super().__init__(ann_file, data_root=data_root, data_prefix=prefix, **kwargs)

    def load_data_list(self) -> list[dict]:
        folder = self.data_prefix['img_path']
        return [
            dict(img_path=fileio.join_path(folder, name), seg_fields=[], reduce_zero_label=False)
            for name in self._names(folder)
        ]

    def _names(self, folder: str) -> list[str]:
        """Images to use, relative to ``folder``."""
        found = list_images(folder, self.suffixes, self.recursive, self.backend_args)
        if not self.ann_file:
            return found
        if not fileio.exists(self.ann_file, self.backend_args):
            raise FileNotFoundError(
                f'{type(self).__name__}: ann_file={self.ann_file!r}: no such list; leave ann_file '
                'out to use every image'
            )
        listed = fileio.get_text(self.ann_file, backend_args=self.backend_args).split('\n')
        names = [osp.normpath(line.strip()) for line in listed if line.strip()]
        missing = sorted(set(names) - set(found))
        if missing:
            raise FileNotFoundError(
                f'{self.ann_file} names {missing[0]!r} ({len(missing)} such), which is no image '
                f'in {folder!r} whose name ends in {", ".join(self.suffixes)}'
            )
        return names
