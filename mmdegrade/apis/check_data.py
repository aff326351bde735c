"""Find every file of a config's datasets that training would replace or evaluation would refuse."""

from __future__ import annotations

from collections.abc import Iterator

from mmcv.transforms import LoadAnnotations, LoadImageFromFile
from mmseg.registry import DATASETS

from mmdegrade.datasets.checked_loading import check_loading, leaves
from mmdegrade.datasets.transforms import CorruptFileError, LoadCleanImage, LoadDepth

#: Transforms that read files.
_READERS = (LoadImageFromFile, LoadAnnotations, LoadCleanImage, LoadDepth)
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def corrupt_files_of(dataset) -> Iterator[tuple[str, str]]:
    """Load every sample; nothing is cropped, degraded or packed.

    A mask is looked at only where its image is in order: run it again after mending.

    Args:
        dataset: A built dataset or wrapper.

    Yields:
        tuple[str, str]: A file that cannot be used, once, and what is wrong with it.
    """
    check_loading(dataset)
    seen = set()
    for leaf in {id(one): one for one in leaves(dataset)}.values():
        pipeline = getattr(leaf, 'pipeline', None)
        readers = [one for one in getattr(pipeline, 'transforms', ()) if isinstance(one, _READERS)]
        for index in range(len(leaf)):
            results = leaf.get_data_info(index)
            path = str(results.get('img_path'))
            try:
                for reader in readers:
                    results = reader(results)
            except CorruptFileError as error:
                path = error.path or path
                if path not in seen:
                    seen.add(path)
                    yield path, str(error)


def check_data(cfg, loaders=LOADERS) -> Iterator[tuple[str, str, str]]:
    """Every corrupt file of a config's datasets.

    Args:
        cfg (Config): Its ``custom_imports`` are imported and its scope is set already.
        loaders: Which dataloaders to look at; absent ones are passed over.

    Yields:
        tuple[str, str, str]: The loader, the file and what is wrong with it.

    Raises:
        ValueError: None of the loaders has a dataset.
    """
    found = False
    for loader in loaders:
        dataset_cfg = (cfg.get(loader) or {}).get('dataset')
        if dataset_cfg is None:
            continue
        found = True
        for path, message in corrupt_files_of(DATASETS.build(dataset_cfg)):
            yield loader, path, message
    if not found:
        raise ValueError(f'the config has no dataset in {", ".join(loaders)}')
