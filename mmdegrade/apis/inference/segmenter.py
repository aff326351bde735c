"""A model ready for pictures: mmseg's inferencer, for every config and with degradations.

What is ours: weights are loaded strictly; the pipeline is :class:`PicturePipeline`; overlays show
the image that the network saw, where the stock one reads the clean file again; results come one by
one, where the stock one keeps all of them. The stock calls (``segmenter(paths, out_dir=…)``) work.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.runner.amp import autocast
from mmseg.apis import MMSegInferencer
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import DATASETS
from torch import nn

from mmdegrade.engine.launch import load_config
from mmdegrade.visualization.restored import picture

from ..severity_grid.weights import check_classes, load_network
from .pipeline import PicturePipeline, read_degradation


@dataclass(frozen=True)
class Segmentation:
    """What a model made of a picture. Images are uint8 BGR, as OpenCV has them.

    Args:
        path: The file; None for an image in memory.
        frame: Number of the video's frame, from 0; None for pictures.
        image: H×W×3: the picture as the network saw it, degraded.
        labels: H×W class indices; None from models that only restore.
        overlay: H×W×3: ``image`` under the classes' colours; None like ``labels``.
        restored: H'×W'×3: the restored image, clipped, of the size that the pipeline gave the
            network; None unless it was asked for.
        classes: Names by index.
    """

    path: str | None
    frame: int | None
    image: np.ndarray
    labels: np.ndarray | None
    overlay: np.ndarray | None
    restored: np.ndarray | None
    classes: tuple[str, ...]


class Segmenter(MMSegInferencer):
    """A config and checkpoint, loaded once.

    Args:
        config (str): Any mmseg config.
        checkpoint (str): File or URL; 'none': the weights that training would start from.
        device (str, optional): Defaults to the GPU, if there is one.
        opacity (float): Of the colours over the image, 0–1. Defaults to 0.5.
        cfg_options (dict, optional): Dotted keys and values to override in the config.

    Raises:
        FileNotFoundError: No such config or checkpoint.
        ValueError: The checkpoint does not fit; another number of classes than the dataset's; no
            such device; no test pipeline.
    """

    def __init__(
        self,
        config: str,
        checkpoint: str,
        device: str | None = None,
        opacity: float = 0.5,
        cfg_options: dict | None = None,
    ) -> None:
        if not 0 <= opacity <= 1:
            raise ValueError(f'opacity={opacity}; allowed: 0 to 1')
        check_device(device)
        cfg = load_config(config, cfg_options=cfg_options)
        cfg.visualizer = dict(type='SegLocalVisualizer')  # none that logs elsewhere
        self.name = config
        self.specs = []
        super().__init__(
            model=cfg,
            weights=checkpoint,
            device=device,
            scope=cfg.get('default_scope', 'mmseg'),
            show_progress=False,
        )
        self.visualizer.set_dataset_meta(**self.model.dataset_meta)
        self.visualizer.alpha = opacity
        self.fp16 = bool((cfg.get('test_cfg') or {}).get('fp16', False))

    def _init_model(self, cfg: Config, weights: str, device: str) -> nn.Module:
        network, trained_on = load_network(cfg, weights, self.name)
        network.dataset_meta = dataset_meta(cfg, network, trained_on)
        self.segments = any(isinstance(part, BaseDecodeHead) for part in network.modules())
        if self.segments:
            check_classes(network, None, network.dataset_meta['classes'], self.name)
        return network.to(device)

    def _init_pipeline(self, cfg: Config) -> PicturePipeline:
        dataset = test_dataset(cfg)
        if 'pipeline' not in dataset:
            raise ValueError(f'{self.name}: no test_dataloader.dataset.pipeline')
        self.specs = dataset['pipeline']
        return self.make_pipeline(None)

    def make_pipeline(self, degrade: str | Mapping | None) -> PicturePipeline:
        """The config's test pipeline with another degradation; see :func:`read_degradation`."""
        return PicturePipeline(self.specs, read_degradation(degrade))

    def segment(
        self,
        degraded: dict,
        pipeline: PicturePipeline,
        restore: bool = False,
        frame: int | None = None,
    ) -> Segmentation:
        """Run the model on one picture.

        Args:
            degraded: From ``pipeline.degraded``.
            pipeline: From :meth:`make_pipeline`.
            restore: Also give the restored image.
            frame: Goes into the result.

        Raises:
            ValueError: ``restore`` with a model that restores nothing.
        """
        seen = np.clip(np.rint(degraded['img']), 0, 255).astype(np.uint8)
        height, width = degraded['ori_shape']
        path = degraded['img_path']
        packed = pipeline.finish(degraded)
        with torch.no_grad(), autocast(enabled=self.fp16):
            (sample,) = self.model.test_step(pseudo_collate([packed]))
        sample = sample.cpu()
        if seen.shape[:2] != (height, width):  # degraded after the pipeline's resize
            seen = cv2.resize(seen, (width, height), interpolation=cv2.INTER_LINEAR)
        labels = overlay = restored = None
        if self.segments:
            labels = sample.pred_sem_seg.data[0].numpy()
            rgb = np.ascontiguousarray(seen[..., ::-1])
            self.visualizer.add_datasample('', rgb, sample, draw_gt=False, with_labels=False)
            overlay = np.ascontiguousarray(self.visualizer.get_image()[..., ::-1])
        if restore:
            if 'restored_img' not in sample:
                raise ValueError(
                    f'{self.name}: {type(self.model).__name__} restores no image; leave restore '
                    '(--restore) out, or use a cascade such as RestoreThenSegment'
                )
            restored = picture(sample.restored_img.data.float().numpy())
        classes = tuple(self.model.dataset_meta['classes'])
        return Segmentation(path, frame, seen, labels, overlay, restored, classes)


def check_device(device: str | None) -> None:
    """Refuse a device that is not there.

    Raises:
        ValueError: Names those there are.
    """
    if device is None:
        return
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # both, by device
        gpus = [f'cuda:{number}' for number in range(torch.cuda.device_count())]
        raise ValueError(
            f'device={device!r} cannot be used ({str(error).splitlines()[0]}); there are: '
            f'{", ".join(["cpu", *gpus])}'
        ) from error


def test_dataset(cfg: Config) -> Mapping:
    """Config of the dataset that is tested on, out of its wrappers; empty without one."""
    loader = cfg.get('test_dataloader') or cfg.get('val_dataloader') or {}
    dataset = loader.get('dataset') or {}
    while 'pipeline' not in dataset and 'dataset' in dataset:
        dataset = dataset['dataset']
    return dataset


def dataset_meta(cfg: Config, network: nn.Module, trained_on) -> dict:
    """Names and RGB colours of the classes: the checkpoint's, else the dataset's, else numbers."""
    dataset = test_dataset(cfg)
    known = dict(getattr(DATASETS.get(str(dataset.get('type'))), 'METAINFO', {}))
    known.update(dataset.get('metainfo') or {})
    heads = [part.num_classes for part in network.modules() if isinstance(part, BaseDecodeHead)]
    classes = trained_on or known.get('classes') or [str(i) for i in range(max(heads, default=0))]
    palette = known.get('palette') or []
    if len(palette) != len(classes):
        palette = np.random.default_rng(0).integers(0, 256, (len(classes), 3)).tolist()
    return dict(classes=tuple(classes), palette=[list(colour) for colour in palette])
