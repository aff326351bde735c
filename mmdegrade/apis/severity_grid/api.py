"""``severity_grid``: models × kinds × degrees in one call."""

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mmengine.device import get_device
from mmengine.dist import get_rank

from mmdegrade.datasets.degradation_cells import cell_name

from ..json_files import read_json
from .choice import check_cells, choose_cells, resolve_cell
from .collect import collect
from .fingerprint import image_hash, short_hash
from .gather import gather
from .job_count import check_jobs, cores, default_jobs
from .jobs import run_jobs
from .journal import Journal
from .result import RESULTS, SeverityGrid
from .runner import Grid
from .strips import draw_strips


def severity_grid(
    model,
    dataset=None,
    kinds: Sequence[str] | None = None,
    degrees: Sequence[int] | None = None,
    *,
    preset: str | None = None,
    cells: Sequence[dict] | None = None,
    out=None,
    images: int | None = None,
    seed: int | None = None,
    workers: int | None = None,
    jobs: int | None = 1,
    batch: int = 1,
    device: str | None = None,
    ssim: bool = False,
    strips: int = 0,
    reference: str | None = None,
    cfg_options: Mapping | None = None,
    same_names: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> SeverityGrid:
    """Measure mIoU of one or several models under kinds × degrees of degradation.

    Each image is decoded once and degraded once to each cell, in worker processes, while the models
    predict. The numbers are those of ``tools/test.py``, run once for each cell.

    Args:
        model: A built segmentor, or ``(config, checkpoint)``; or several as name -> model.
        dataset: For built segmentors a built dataset or its config, with a pipeline; left out,
            that of ``model.cfg`` (``mmseg.apis.init_model`` sets it). For configs: another config
            or a ``data_root``, see ``read_config``; left out, the test dataset of the config.
        kinds, degrees, preset: See ``choose_cells``. Clean images always belong to a grid.
        cells: Instead of these, arguments of ``Degrade`` for each cell: ``dict(kind='awgn',
            sigma=25)``.
        out: Folder for results.json, results.csv, report.html, pictures and the cache. A run that
            was stopped, or one with more cells or models, does only what is missing there.
        images: Only the first so many images.
        seed: Of the random draws; None: that of the config's ``Degrade``, 0 without one.
        workers: Processes that load and degrade; None: one less than there are cores, at most 8;
            with several jobs none, each does it itself.
        jobs: Processes that predict, on a CPU. The numbers are the same. None: as many as cores
            and memory allow, as the tool does; see ``default_jobs``.
        batch: Cells of an image predicted at once. More is faster on a GPU; above 1, sums are
            taken in another order there, and single pixels may differ from ``tools/test.py``.
        device: Of models from configs; None: the GPU if there is one.
        ssim: Also measure SSIM of the inputs (torchmetrics; slow). PSNR always is.
        strips: Draw so many images in every cell, and the worst one of each model; needs ``out``.
        reference: Name of the model whom CD and rCD refer to.
        cfg_options: Dotted keys and values that override every config.
        same_names: Refuse a model that was trained on classes of other names.
        progress: Called with (done, all) predictions.

    Returns:
        SeverityGrid: In several processes, complete on rank 0 only (None elsewhere).

    Raises:
        FileNotFoundError: A config, checkpoint or data is not there.
        ValueError: Cells that do not exist, models that do not fit the data or each other, an
            image that cannot be used. What was predicted before is kept in ``out``.
        TypeError: Something that is no model.
        OSError: ``out`` cannot be written.
    """
    if batch < 1 or strips < 0:
        raise ValueError(f'batch={batch} must be 1 or more, strips={strips} 0 or more')
    cells = check_cells(cells) if cells is not None else choose_cells(kinds, degrees, preset)
    if seed is not None:
        cells = [dict(seed=seed, **cell) for cell in cells]
    models = dict(model) if isinstance(model, Mapping) else {'model': model}
    if reference is not None and reference not in models:
        raise ValueError(f'reference={reference!r} is no model; there are {", ".join(models)}')
    contestants, data = gather(models, dataset, images, device, cfg_options or {}, same_names)
    if jobs is not None:
        check_jobs(jobs, contestants)
    grid = make_grid(contestants, data, cells, Journal(out), batch, ssim)
    journal = grid.journal
    if get_rank() == 0:
        journal.read(grid.model_keys, grid.cell_keys, grid.image_keys, len(grid.classes))
    try:
        jobs = default_jobs(grid) if jobs is None else jobs
        if jobs > 1:
            run_jobs(grid, jobs, workers or 0, progress)
        else:
            grid.run(default_workers() if workers is None else workers, progress)
    finally:
        journal.close()
    if get_rank() != 0:
        return None
    result = collect(grid, dict(batch=batch, ssim=ssim, device=device or get_device()))
    result.compute_robustness(reference)
    if out is not None:
        workers = default_workers() if workers is None else workers
        _write(result, grid, Path(out), strips, workers)
    return result


def _write(result: SeverityGrid, grid: Grid, out: Path, strips: int, workers: int) -> None:
    """Draw pictures and write the results: the numbers even where a picture cannot be drawn."""
    try:
        try:
            if strips:
                palette = grid.dataset.metainfo['palette']
                earlier = _earlier_strips(out / RESULTS)
                result.strips = draw_strips(grid, out, palette, strips, earlier, workers)
        finally:
            result.write(out)
    except OSError as error:
        raise OSError(
            error.errno or errno.EIO,
            f'{error.strerror or error}: cannot write all of the results to {out}. Every '
            'prediction is kept there; make room and run the same command again',
        ) from error


def default_workers() -> int:
    """One process less than there are cores, shared by the processes of this machine."""
    return max(1, min(8, cores() // int(os.environ.get('LOCAL_WORLD_SIZE', 1)) - 1))


def make_grid(contestants, dataset, cells, journal: Journal, batch: int, ssim: bool) -> Grid:
    number = len(dataset)
    if number == 0:
        raise ValueError(f'{type(dataset).__name__} at {dataset.data_root!r} holds no image')
    image_keys = [image_hash(dataset.get_data_info(index)) for index in range(number)]
    # The seed of a cell without one stands in the pipeline, which the model's key covers.
    cell_keys = [short_hash(cell_name(c), c.get('seed'), resolve_cell(c)) for c in cells]
    classes = dataset.metainfo['classes']
    return Grid(contestants, dataset, cells, cell_keys, image_keys, classes, journal, batch, ssim)


def _earlier_strips(file: Path) -> list[dict]:
    try:
        found = read_json(file).get('strips', [])
    except (OSError, ValueError):
        return []  # none yet, or of another layout: everything is drawn
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
