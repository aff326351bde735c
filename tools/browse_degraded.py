"""Contact sheet of degraded images: one row per image and kind, one column per degree.

    python tools/browse_degraded.py street.png --out sheet.png --kinds gblur awgn --degrees 1 3 5
    python tools/browse_degraded.py --out sheet.png            # a StreetScenes picture, all kinds
    python tools/browse_degraded.py street.png --out sheet.png --preset imagenet-c
    PYTHONPATH=FOLDER python tools/browse_degraded.py --out sheet.png --import my_kinds

The first column is the clean image. The same ``--seed`` gives the same sheet.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from mmdegrade.degradations import (
    KINDS,
    PRESETS,
    degrade,
    get_preset,
    get_series,
    keyed_rng,
    relative_depth,
    resolve_params,
)
from mmdegrade.degradations.user_modules import import_modules

IMAGE_SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp')
LABEL_HEIGHT = 22


def find_images(paths) -> list[Path]:
    """Files as given, folders as the images directly inside them."""
    found = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
            if not inside:
                raise FileNotFoundError(f'no image ({", ".join(IMAGE_SUFFIXES)}) in folder {path}')
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise FileNotFoundError(f'no such file or folder: {path}')
    return found


def read(path: Path, flags: int) -> np.ndarray:
    """Read an image file, or say that it is none."""
    img = cv2.imread(str(path), flags)
    if img is None:
        raise ValueError(f'not an image OpenCV can read: {path}')
    return img


def read_depth(path: Path, scale: float) -> np.ndarray:
    """Read a .npy array or a one-channel image (16-bit PNG) of depths: float32 metres."""
    if not path.is_file():
        raise FileNotFoundError(f'no such depth file: {path}')
    if path.suffix.lower() == '.npy':
        depth = np.load(path, allow_pickle=False)
    else:
        depth = read(path, cv2.IMREAD_UNCHANGED)
    return depth.astype(np.float32) * np.float32(scale)


def cell(img: np.ndarray, label: str, width: int) -> np.ndarray:
    """The image at ``width`` pixels under a strip with its label."""
    height = max(1, round(img.shape[0] * width / img.shape[1]))
    # Area averaging when shrinking: anything else would alias noise.
    method = cv2.INTER_AREA if width < img.shape[1] else cv2.INTER_NEAREST
    small = cv2.resize(img, (width, height), interpolation=method)
    strip = np.full((LABEL_HEIGHT, width, 3), 255, np.uint8)
    scale = min(0.45, 0.45 * (width - 8) / max(1, cv2.getTextSize(label, 0, 0.45, 1)[0][0]))
    cv2.putText(strip, label, (4, 15), cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([strip, small])


def label_of(name: str, degree: int, preset: str | None) -> str:
    """Name, degree and the published numbers behind it, where these fit in."""
    published = get_series(name, preset).params(degree)
    numbers = ', '.join(
        f'{k} {v:.3g}' if isinstance(v, (int, float)) else f'{k} {v}' for k, v in published.items()
    )
    return f'{name} {degree}: {numbers}' if len(published) <= 2 else f'{name} {degree}'


def cells_of(names, degrees, preset: str | None) -> dict[str, list[int]]:
    """The degrees to show of each name: those asked for that it has, or all it has."""
    cells = {}
    for name in names:
        count = len(get_series(name, preset).levels)
        cells[name] = degrees or list(range(1, count + 1))
        for degree in cells[name]:
            resolve_params(name, degree, preset)
    return cells


def depth_for(kind: str, depth: np.ndarray | None, far: float | None) -> dict:
    """Depth as the kind wants it, as keyword arguments of `degrade`."""
    unit = KINDS[kind].depth_unit
    if depth is None or unit is None:
        return {}
    return {'depth': depth if unit == 'metres' else relative_depth(depth, far)}


def rows_of(img, name: str, depth, cells: dict[str, list[int]], args) -> list[np.ndarray]:
    """One row of pictures for each kind, filled up with white."""
    rows = []
    longest = max(map(len, cells.values()))
    for kind, degrees in cells.items():
        extra = depth_for(get_series(kind, args.preset).kind, depth, args.far)
        row = [cell(img, name, args.width)]
        for degree in degrees:
            rng = keyed_rng(args.seed, name, kind, degree)
            out = degrade(img, kind, degree, rng, preset=args.preset, **extra)
            if out.dtype != np.uint8:  # noise that is not clipped
                out = np.rint(out.clip(0, 1) * 255).astype(np.uint8)
            row.append(cell(out, label_of(kind, degree, args.preset), args.width))
        row += [np.full_like(row[0], 255)] * (longest - len(degrees))
        rows.append(np.hstack(row))
    return rows


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('images', nargs='*', metavar='IMAGE|DIR', help='none: StreetScenes')
    parser.add_argument('--out', type=Path, required=True, help='sheet to write, e.g. sheet.png')
    parser.add_argument('--preset', help=f'a published set: {", ".join(PRESETS)}')
    parser.add_argument('--kinds', nargs='+', help='default: all of the preset, or of mmdegrade')
    parser.add_argument(
        '--import',
        nargs='+',
        default=[],
        dest='modules',
        metavar='MODULE',
        help='modules of yours that register kinds or presets, on the PYTHONPATH',
    )
    parser.add_argument('--degrees', nargs='+', type=int, help='default: all')
    parser.add_argument('--depth', type=Path, help='of one image: .npy or one channel')
    parser.add_argument('--depth-scale', type=float, default=1.0, help='metres per step of it')
    parser.add_argument(
        '--far', type=float, help='metres that count as 1 for haze (default: the largest)'
    )
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--width', type=int, default=240, help='of a cell, in pixels')
    return parser.parse_args(argv)


def browse(args) -> Path:
    """Write the sheet; everything is checked before the first image is degraded."""
    if args.width < 32:
        raise ValueError(f'--width must be 32 or more, got {args.width}')
    names = args.kinds or list(get_preset(args.preset).series if args.preset else KINDS)
    cells = cells_of(names, args.degrees, args.preset)
    if not cv2.haveImageWriter(str(args.out)):
        raise ValueError(f'--out must end like an image (.png, .jpg), got {args.out}')
    files = find_images(args.images)
    if args.depth and len(files) != 1:
        raise ValueError(f'--depth belongs to exactly one image, got {len(files)}')
    if files:
        depth = read_depth(args.depth, args.depth_scale) if args.depth else None
        sources = ((read(file, cv2.IMREAD_COLOR), file.name, depth) for file in files)
    else:
        # Only here: without it this tool needs NumPy and OpenCV alone.
        from mmdegrade.datasets.street_scenes import render_street_scene

        img, _, metres = render_street_scene(args.seed, 0, size=(240, 320))
        sources = [(img, 'StreetScenes', metres)]
    rows = []
    for img, name, depth in sources:
        rows += rows_of(img, name, depth, cells, args)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(args.out), np.vstack(rows)):
        raise OSError(f'could not write {args.out}')
    return args.out


def main(argv=None) -> int:
    args = parse(argv)
    try:
        import_modules(args.modules)
        print(browse(args))
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f'browse_degraded: {error}', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
