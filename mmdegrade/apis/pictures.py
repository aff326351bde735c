"""A picture sheet of the predictions that tests left on disk."""

from collections.abc import Mapping
from pathlib import Path

import cv2
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS

from mmdegrade.engine.degradation import fill_degradation
from mmdegrade.visualization import prediction_sheet


def _read(path: Path, flags: int):
    image = cv2.imread(str(path), flags)
    if image is None:
        raise FileNotFoundError(f'{path}: no such picture, or none that OpenCV can read')
    return image


def draw_test_sheet(cfg, predictions: Mapping[str, Path], path, scenes: int = 5) -> Path:
    """Write a sheet with the columns clean, degraded, truth and one for each method.

    Args:
        cfg (Config): Complete config; its test pipeline makes the degraded images, and its first
            test images are shown.
        predictions (Mapping): Title of a column to the folder that ``tools/test.py --out`` filled.
        path: Image file to write.
        scenes (int): Number of rows, at most.

    Returns:
        Path: ``path``.

    Raises:
        FileNotFoundError: A prediction is missing.
        OSError: ``path`` cannot be written.
    """
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    filled = fill_degradation(cfg)
    dataset = DATASETS.build(filled.test_dataloader.dataset)
    rows = []
    for index in range(min(scenes, len(dataset))):
        item = dataset[index]
        sample = item['data_samples']
        name = Path(sample.img_path).stem
        cells = [
            _read(sample.img_path, cv2.IMREAD_COLOR),
            item['inputs'].numpy().transpose(1, 2, 0),
            sample.gt_sem_seg.data[0].numpy(),
        ]
        cells += [_read(f / f'{name}.png', cv2.IMREAD_UNCHANGED) for f in predictions.values()]
        rows.append((name, cells))
    shown = filled.get('degradation', {})
    degraded = ' '.join(['degraded:', *(str(shown[key]) for key in shown if key != 'train')])
    columns = ('clean', degraded, 'truth', *predictions)
    sheet = prediction_sheet(
        columns, rows, dataset.metainfo['classes'], dataset.metainfo['palette']
    )
    if not cv2.imwrite(str(path), sheet):
        raise OSError(f'could not write {path}')
    return Path(path)
