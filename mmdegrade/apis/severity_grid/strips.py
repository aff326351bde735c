"""Pictures of a grid: clean, degraded, truth and every model's prediction, as small files.

Below ``strips/``, a folder for each image shown holds ``clean.jpg``, ``truth.png`` and, for each
cell, ``<cell>.jpg`` (degraded) and ``<cell>.<n>_<model>.png`` (prediction of the n-th model, in the
dataset's colours; ignored pixels are black). The list in ``results.json`` says what is where:

    dict(image='test/0001TP_008550.png', cell='gblur_5', why=['chosen'],
         clean='strips/…/clean.jpg', degraded=…, truth=…, predictions={model: path},
         mIoU={model: of this image alone}, key=…)

Shown are, in every cell, a few images chosen evenly from the dataset, and for each model the image
that it does worst on. Pictures that an earlier run drew of the same predictions are kept.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from mmengine.fileio import put

from mmdegrade.datasets.degradation_cells import cell_name
from mmdegrade.visualization import colour_mask

from .counts import dense, image_scores
from .fingerprint import short_hash
from .loading import Job
from .runner import Grid, load, predict

FOLDER = 'strips'
# Chroma at full resolution: half of it would blur coloured noise.
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111)


def chosen_images(number: int, total: int) -> list[int]:
    """So many images, spread evenly over the dataset."""
    number = min(number, total)
    return [(2 * place + 1) * total // (2 * number) for place in range(number)]


def wanted_images(grid: Grid, chosen: int) -> dict[int, dict[int, list[str]]]:
    """Which images to show in each cell, and why: cell -> image -> reasons."""
    number = len(grid.image_keys)
    wanted = {}
    for cell in range(len(grid.cells)):
        why = {image: ['chosen'] for image in chosen_images(chosen, number)}
        for model, contestant in enumerate(grid.contestants):
            counts = [grid.journal.records[grid.key(model, cell, i)].counts for i in range(number)]
            scores = image_scores(dense(counts, len(grid.classes)))
            if not np.isnan(scores).all():
                why.setdefault(int(np.nanargmin(scores)), []).append(f'worst of {contestant.name}')
        wanted[cell] = why
    return wanted


def draw_strips(
    grid: Grid, out, palette, chosen: int, earlier: list[dict] = (), workers: int = 0
) -> list[dict]:
    """Draw the pictures; every prediction must be in the journal already.

    Args:
        grid: The grid.
        out: Folder of the results.
        palette: RGB colour of each class.
        chosen: Number of images chosen evenly.
        earlier: The list of an earlier run.
        workers: Processes that load and degrade.

    Returns:
        list[dict]: As above; paths below ``out``.

    Raises:
        OSError: A picture cannot be written.
    """
    out = Path(out)
    kept = {entry.get('key'): entry for entry in earlier if _is_there(entry, out)}
    entries, jobs = [], {}
    for cell, why in wanted_images(grid, chosen).items():
        for image, reasons in why.items():
            keys = [grid.key(model, cell, image) for model in range(len(grid.contestants))]
            key = short_hash(keys, [model.name for model in grid.contestants], palette)
            if key in kept:
                entries.append((cell, image, dict(kept[key], why=reasons)))
                continue
            entries.append((cell, image, _entry(grid, cell, image, reasons, key)))
            jobs.setdefault(image, []).append(len(entries) - 1)
    todo = [
        Job((image,), tuple(entries[place][0] for place in places))
        for image, places in jobs.items()
    ]
    for packet in load(grid, todo, workers, with_pictures=True):
        image = todo[packet.job].images[0]
        by_cell = {entries[place][0]: entries[place][2] for place in jobs[image]}
        for at, cell in enumerate(packet.cells):
            _draw(grid, packet, at, by_cell[cell], out, palette)
    return [entry for _, _, entry in sorted(entries, key=lambda one: one[:2])]


def _is_there(entry: Mapping, out: Path) -> bool:
    try:
        files = [entry['clean'], entry['degraded'], entry['truth'], *entry['predictions'].values()]
        # A list of others must not show what lies elsewhere.
        below = all((out / file).resolve().is_relative_to(out.resolve()) for file in files)
        return below and all((out / file).is_file() for file in files)
    except (KeyError, TypeError, AttributeError, ValueError, OSError):
        return False  # of another layout: drawn anew


def _safe(name: str) -> str:
    return re.sub(r'[^\w.-]+', '_', name)


def _entry(grid: Grid, cell: int, image: int, why: list[str], key: str) -> dict:
    path = grid.dataset.get_data_info(image)['img_path']
    folder = f'{FOLDER}/{image:05d}_{_safe(Path(path).stem)}'
    name = cell_name(grid.cells[cell])
    scores = {}
    for model, contestant in enumerate(grid.contestants):
        counts = grid.journal.records[grid.key(model, cell, image)].counts
        scores[contestant.name] = float(image_scores(dense([counts], len(grid.classes)))[0])
    return dict(
        image='/'.join(Path(path).parts[-2:]),
        cell=name,
        why=why,
        clean=f'{folder}/clean.jpg',
        degraded=f'{folder}/{_safe(name)}.jpg',
        truth=f'{folder}/truth.png',
        predictions={
            model.name: f'{folder}/{_safe(name)}.{place}_{_safe(model.name)}.png'
            for place, model in enumerate(grid.contestants, start=1)
        },
        mIoU=scores,
        key=key,
    )


def _draw(grid: Grid, packet, at: int, entry: dict, out: Path, palette) -> None:
    clean, degraded = packet.pictures[at][0]
    size = degraded.shape[:2]
    _save(out / entry['clean'], clean)
    _save(out / entry['degraded'], degraded)
    for model, contestant in enumerate(grid.contestants):
        item = packet.items[at][grid.views.of[model]][0]
        (sample,) = predict(contestant, [item])
        _save_mask(out / entry['predictions'][contestant.name], sample.pred_sem_seg, size, palette)
        if model == 0:
            _save_mask(out / entry['truth'], sample.gt_sem_seg, size, palette)


def _save_mask(path: Path, mask, size, palette) -> None:
    labels = mask.data.squeeze().cpu().numpy().astype(np.uint8)
    labels = cv2.resize(labels, size[::-1], interpolation=cv2.INTER_NEAREST)
    _save(path, colour_mask(labels, palette))


def _save(path: Path, picture: np.ndarray) -> None:
    options = _JPEG if path.suffix == '.jpg' else ()
    written, data = cv2.imencode(path.suffix, picture, options)
    if not written:
        raise OSError(f'could not write {path}')
    put(data.tobytes(), str(path))  # atomic
