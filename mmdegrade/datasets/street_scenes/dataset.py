# SPDX-License-Identifier: Apache-2.0
"""``StreetScenesDataset``: rendered street scenes behind mmseg's ordinary dataset interface."""

import os
import uuid

import cv2
import numpy as np
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from .classes import CLASSES, PALETTE
from .renderer import RENDERER_VERSION, check_size, render_street_scene

SPLITS = ('train', 'val', 'test')
DEPTH_STEPS_PER_METRE = 100

# Fast compression: rendering is quick, so writing must be too.
_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1]


def read_depth(path):
    """Read a cached depth map.

    Args:
        path: A ``depth_path`` of :class:`StreetScenesDataset`: 16-bit PNG in centimetres.

    Returns:
        np.ndarray: float32 ``H x W``, metres, rounded to 0.01; 200 is the sky.

    Raises:
        FileNotFoundError: No such file, or not a readable picture.
        ValueError: The file is not a 16-bit single-channel picture.
    """
    steps = cv2.imread(os.fspath(path), cv2.IMREAD_UNCHANGED)
    if steps is None:
        raise FileNotFoundError(f'path={os.fspath(path)!r} is missing or not a picture')
    if steps.dtype != np.uint16 or steps.ndim != 2:
        raise ValueError(
            f'path={os.fspath(path)!r} holds {steps.dtype} of shape {steps.shape}; '
            'a depth map is a 16-bit single-channel PNG'
        )
    return steps.astype(np.float32) / np.float32(DEPTH_STEPS_PER_METRE)


def _write_png(path, array):
    """Write a PNG so that ``path`` either holds all of it or does not exist."""
    ok, data = cv2.imencode('.png', array, _PNG)
    if not ok:
        raise OSError(f'cannot encode {path!r} as PNG')
    # The name is unique to this writer. Racing workers write equal bytes, so whichever replaces
    # last changes nothing for readers.
    temporary = f'{path}.{uuid.uuid4().hex}.tmp'
    try:
        with open(temporary, 'wb') as file:
            file.write(data.tobytes())
            # Without this a power cut after the rename could leave an empty file.
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise


@DATASETS.register_module()
class StreetScenesDataset(BaseSegDataset):
    """Procedural street scenes with the eleven CamVid classes; nothing is downloaded.

    A scene is rendered when it is first asked for and kept as PNG files under
    ``data_root/<split>_seed<seed>_<H>x<W>_v<renderer version>/`` in ``images``, ``masks`` and
    ``depth`` (16-bit, centimetres, see :func:`read_depth`). After that the stock
    ``LoadImageFromFile`` and ``LoadAnnotations`` read them like any dataset. Several workers or
    ranks may ask for the same scene at once: files appear whole or not at all, and all writers
    write the same bytes. Deleting the folder is always safe.

    Each data info holds ``img_path``, ``seg_map_path``, ``depth_path``, ``scene_index``,
    ``label_map``, ``reduce_zero_label`` and ``seg_fields``.

    Args:
        num_images: Number of scenes, at least 1.
        seed: Stream of scenes, at least 0. Splits and seeds never share a scene.
        split: ``'train'``, ``'val'`` or ``'test'``.
        size: Image (height, width) in pixels.
        data_root: Folder of the cache, made when needed.
        **kwargs: Other arguments of ``BaseSegDataset`` (``pipeline``, ``test_mode``,
            ``indices``, ``metainfo``, ``lazy_init``, ...); not ``ann_file``, ``data_prefix``
            and the file suffixes, which the cache decides.

    Raises:
        TypeError: ``num_images`` or ``seed`` is not an integer, or a decided argument was given.
        ValueError: A number is out of range or ``split`` is unknown.
    """

    METAINFO = dict(classes=CLASSES, palette=[list(colour) for colour in PALETTE])

    def __init__(
        self,
        num_images=400,
        seed=0,
        split='train',
        size=(240, 320),
        data_root='data/street_scenes',
        **kwargs,
    ):
        for name, value, least in (('num_images', num_images, 1), ('seed', seed, 0)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
                raise TypeError(f'{name}={value!r} must be an integer')
            if value < least:
                raise ValueError(f'{name}={value} must be at least {least}')
        if split not in SPLITS:
            raise ValueError(f'split={split!r} is not one of {SPLITS}')
        for name in ('ann_file', 'data_prefix', 'img_suffix', 'seg_map_suffix'):
            if name in kwargs:
                raise TypeError(f'{name} cannot be set: the cache of rendered scenes decides it')
        self.num_images = int(num_images)
        self.seed = int(seed)
        self.split = split
        self.size = check_size(size)
        # One stream per (seed, split) pair; the mapping is one to one.
        self.stream = self.seed * len(SPLITS) + SPLITS.index(split)
        height, width = self.size
        folder = f'{split}_seed{self.seed}_{height}x{width}_v{RENDERER_VERSION}'
        super().__init__(
            img_suffix='.png',
            seg_map_suffix='.png',
            data_root=os.fspath(data_root),
            data_prefix=dict(
                img_path=os.path.join(folder, 'images'),
                seg_map_path=os.path.join(folder, 'masks'),
                depth_path=os.path.join(folder, 'depth'),
            ),
            **kwargs,
        )

    def load_data_list(self):
        """List the scenes without rendering any; returns one dict per scene."""
        data_list = []
        for index in range(self.num_images):
            name = f'{index:06d}.png'
            info = {key: os.path.join(prefix, name) for key, prefix in self.data_prefix.items()}
            info.update(
                scene_index=index,
                label_map=self.label_map,
                reduce_zero_label=self.reduce_zero_label,
                seg_fields=[],
            )
            data_list.append(info)
        return data_list

    def get_data_info(self, idx):
        """Data info of item ``idx``; its files exist when this returns.

        Args:
            idx: Position in the dataset, negative from the end.

        Returns:
            dict: See the class.
        """
        info = super().get_data_info(idx)
        self._ensure_rendered(info)
        return info

    def _ensure_rendered(self, info):
        paths = [info[key] for key in ('depth_path', 'seg_map_path', 'img_path')]
        if all(os.path.exists(path) for path in paths):
            return
        image, mask, depth = render_street_scene(self.stream, info['scene_index'], self.size)
        steps = np.round(depth * DEPTH_STEPS_PER_METRE).astype(np.uint16)
        for path, array in zip(paths, (steps, mask, image), strict=True):
            if not os.path.exists(path):
                os.makedirs(os.path.dirname(path), exist_ok=True)
                _write_png(path, array)
