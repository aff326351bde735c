"""Write a degraded copy of a dataset: the same tree, masks and lists linked, and a manifest."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.fileio import put

import mmdegrade
from mmdegrade.datasets.transforms import Degrade, LoadImage

from .dataset_tree import DatasetTree
from .manifest import Manifest

# Chroma at full resolution: the default would halve it, and blur colours on top.
_ENCODING = {
    '.jpg': (cv2.IMWRITE_JPEG_QUALITY, 98, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111),
    '.png': (cv2.IMWRITE_PNG_COMPRESSION, 1),
}
_ENCODING['.jpeg'] = _ENCODING['.jpg']


def check_out(out: Path, root: Path, resume: bool) -> None:
    """Refuse a folder that would mix or overwrite files.

    Raises:
        FileExistsError: ``out`` holds files, and ``resume`` is off.
        ValueError: One of the folders lies in the other.
    """
    inner, outer = out.resolve(), root.resolve()
    if inner == outer or outer in inner.parents or inner in outer.parents:
        raise ValueError(f'OUT={out} and SRC={root} must not lie in each other')
    if out.is_dir() and any(out.iterdir()) and not resume:
        raise FileExistsError(
            f'OUT={out} is not empty; go on with it by --resume, or choose another folder'
        )


def check_writable(degrade: Degrade, suffix: str | None) -> None:
    """Refuse what 8-bit files cannot hold.

    Raises:
        ValueError: The degradation does not give uint8, or OpenCV cannot write the suffix.
    """
    if degrade(dict(img=np.zeros((1, 1, 3), np.uint8)))['img'].dtype != np.uint8:
        raise ValueError(f'{degrade} gives floats beyond 0-255, files hold 8 bits: set clip=True')
    if suffix is not None and not cv2.haveImageWriter(f'x{suffix}'):
        raise ValueError(f'--suffix {suffix}: OpenCV cannot write it; allowed: .png, .jpg, …')


def link_others(tree: DatasetTree, out: Path, copy: bool = False) -> None:
    """Link (or copy) what is not degraded; files that are there already stay."""
    for name in tree.others:
        target = out / name
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_symlink():
            target.unlink()  # it points nowhere any more
        if copy:
            shutil.copy2(tree.root / name, target)
        else:
            target.symlink_to((tree.root / name).resolve())


class _Writer:
    """Degrade and write one image; what goes to the worker processes."""

    def __init__(self, loading: list[BaseTransform], degrade: Degrade, out: Path, suffix):
        self.loading = loading
        self.degrade = degrade
        self.out = out
        self.suffix = suffix

    def __call__(self, name: str, info: dict) -> dict:
        """Return the image's line of the manifest, or dict(image, error)."""
        cv2.setNumThreads(1)  # in a worker, too
        try:
            results = info
            for transform in (*self.loading, self.degrade):
                results = transform(results)
            path = Path(name)
            suffix = self.suffix or path.suffix
            written, data = cv2.imencode(suffix, results['img'], _ENCODING.get(suffix.lower(), ()))
            if not written:
                raise ValueError(f'cannot be written as {suffix}')
            target = path.with_suffix(suffix)
            put(data.tobytes(), str(self.out / target))  # atomic
        except (ValueError, TypeError, OSError, cv2.error) as error:
            return dict(image=name, error=f'{type(error).__name__}: {error}')
        (done,) = results['degradations']
        record = {key: done[key] for key in ('kind', 'degree', 'params')}
        return dict(image=name, file=target.as_posix(), **record)


def _run(writer: _Writer, work: dict[str, dict], workers: int) -> Iterator[dict]:
    if workers == 0:
        yield from (writer(name, info) for name, info in work.items())
        return
    # Not forked: threads of the libraries loaded here would not survive it.
    with ProcessPoolExecutor(workers, mp_context=get_context('spawn')) as pool:
        futures = [pool.submit(writer, name, info) for name, info in work.items()]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def degrade_dataset(
    tree: DatasetTree,
    out,
    request: dict,
    seed: int = 0,
    loading: list[BaseTransform] = (),
    workers: int = 0,
    resume: bool = False,
    copy: bool = False,
    suffix: str | None = None,
) -> Iterator[dict]:
    """Degrade the images of ``tree`` into ``out`` and link the rest.

    Pixels are those that ``Degrade(seed=seed, **request)`` gives in validation, whatever the
    number of workers: the copy and the transform are interchangeable (JPEG files lose a little;
    ``suffix='.png'`` does not).

    Args:
        tree: Files of the dataset.
        out: Folder to write; it gets the same tree, and ``manifest.jsonl``.
        request: ``kind``, ``degree``, ``preset`` and parameters.
        seed: Seed of the draws.
        loading: Transforms between loading the image and degrading it (``LoadDepth``).
        workers: Processes; 0 works in this one.
        resume: Go on with a folder that was begun.
        copy: Copy masks and lists instead of linking them.
        suffix: Suffix of the images written; None keeps that of each image.

    Yields:
        One dict for each image as it is finished: its line of the manifest, or
        dict(image, error) for one that could not be read. Those of an earlier run come first.

    Raises:
        ValueError, FileExistsError: as `check_out`, `check_writable` and `Manifest`.
    """
    out = Path(out)
    degrade = Degrade(**request, seed=seed)
    check_out(out, tree.root, resume)
    check_writable(degrade, suffix)
    settings = dict(
        source=str(tree.root.resolve()),
        version=mmdegrade.__version__,
        seed=seed,
        suffix=suffix,
        degradation={
            key: value if isinstance(value, (int, float, str, bool, list)) else repr(value)
            for key, value in request.items()
            if value is not None
        },
    )
    out.mkdir(parents=True, exist_ok=True)
    manifest = Manifest(out, settings)
    link_others(tree, out, copy)
    done = {
        name: record
        for name, record in manifest.records.items()
        if name in tree.images and (out / record['file']).is_file()
    }
    yield from done.values()
    work = {
        name: dict(info, img_path=str(tree.root / name))
        for name, info in tree.images.items()
        if name not in done
    }
    loading = [LoadImage(check_mode=False), *loading]  # whatever it holds becomes 8-bit colour
    for record in _run(_Writer(loading, degrade, out, suffix), work, workers):
        if 'error' not in record:
            manifest.add(record)
        yield record
    manifest.finish()
