"""From the counts of single predictions to the results of a grid."""

from pathlib import Path

import numpy as np

from mmdegrade.datasets.degradation_cells import cell_name

from .choice import resolve_cell
from .counts import dense, image_scores, metrics_of
from .fingerprint import image_hash, short_hash, versions
from .result import CellResult, SeverityGrid
from .runner import Grid


def collect(grid: Grid, settings: dict) -> SeverityGrid:
    """Sum the counts of a grid up, all of whose predictions are in its journal."""
    dataset, number = grid.dataset, len(grid.image_keys)
    infos = [dataset.get_data_info(index) for index in range(number)]
    paths = ['/'.join(Path(info['img_path']).parts[-2:]) for info in infos]
    images = [image_hash(info, times=False) for info in infos]  # the same wherever the data lies
    results = []
    for model, contestant in enumerate(grid.contestants):
        pipeline = grid.views.pipelines[grid.views.of[model]]
        for place, cell in enumerate(grid.cells):
            keys = [grid.key(model, place, image) for image in range(number)]
            records = [grid.journal.records[key] for key in keys]
            seed = pipeline.degrades[place].seed
            resolved = dict(resolve_cell(cell), seed=seed, cell=cell_name(cell))
            results.append(summarise(contestant, resolved, records, grid.classes, paths))
    palette = dataset.metainfo.get('palette') or []
    return SeverityGrid(
        models=[
            dict(name=one.name, **one.source, key=key)
            for one, key in zip(grid.contestants, grid.model_keys, strict=True)
        ],
        dataset=dict(
            type=type(dataset).__name__,
            data_root=dataset.data_root,
            images=number,
            fingerprint=short_hash(images, grid.classes),
            classes=list(grid.classes),
            palette=[list(map(int, colour)) for colour in palette],
        ),
        cells=results,
        settings=settings,
        versions=versions(),
    )


def summarise(contestant, cell: dict, records, classes, paths) -> CellResult:
    """One cell of one model, from the records of its images in the order of the dataset."""
    counts = dense([record.counts for record in records], len(classes))
    found = metrics_of(counts, contestant.nan_to_num)
    intersect, predicted, labelled = counts.sum(0)
    pixels = dict(
        intersect=intersect,
        union=predicted + labelled - intersect,
        predicted=predicted,
        labelled=labelled,
    )
    scores = image_scores(counts)
    worst = {}
    if not np.isnan(scores).all():
        at = int(np.nanargmin(scores))
        worst = dict(image=paths[at], mIoU=float(scores[at]))
    return CellResult(
        model=contestant.name,
        images=len(records),
        **cell,
        **{key: found[key] for key in ('mIoU', 'mAcc', 'aAcc')},
        IoU=dict(zip(classes, found['IoU'].tolist(), strict=True)),
        Acc=dict(zip(classes, found['Acc'].tolist(), strict=True)),
        pixels={key: values.tolist() for key, values in pixels.items()},
        psnr=_mean([record.psnr for record in records]),
        ssim=_mean([record.ssim for record in records]),
        worst=worst,
    )


def _mean(values) -> float | None:
    return None if any(value is None for value in values) else float(np.mean(values))
