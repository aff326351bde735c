"""Small data and networks shared by the tests."""

import cv2
import numpy as np


def make_camvid(root, images: int = 6, size=(48, 64)):
    """Write a CamVid-layout dataset of random textures below ``root`` and return ``root``."""
    rng = np.random.default_rng(0)
    for split in ('train', 'val', 'test'):
        for folder in (split, f'{split}annot'):
            (root / folder).mkdir(parents=True, exist_ok=True)
        lines = []
        for i in range(images):
            name = f'{split}_{i:03d}.png'
            image = cv2.resize(rng.integers(0, 256, (12, 16, 3), np.uint8), size[::-1])
            mask = cv2.resize(
                rng.integers(0, 12, (6, 8), np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST
            )
            cv2.imwrite(str(root / split / name), image)
            cv2.imwrite(str(root / f'{split}annot' / name), mask)
            lines.append(f'{split}/{name} {split}annot/{name}')
        (root / f'{split}.txt').write_text('\n'.join(lines) + '\n')
    return root


def fcn_r18(num_classes: int = 11, dropout: float = 0.1) -> dict:
    """Config of a narrow FCN-R18 with dropout, for CPU tests."""
    norm = dict(type='BN', requires_grad=True)
    return dict(
        type='EncoderDecoder',
        data_preprocessor=dict(
            type='SegDataPreProcessor',
            mean=[123.675, 116.28, 103.53],
            std=[58.395, 57.12, 57.375],
            bgr_to_rgb=True,
            pad_val=0,
            seg_pad_val=255,
            size_divisor=8,
        ),
        backbone=dict(
            type='ResNetV1c',
            depth=18,
            base_channels=8,
            num_stages=4,
            out_indices=(0, 1, 2, 3),
            strides=(1, 2, 1, 1),
            dilations=(1, 1, 2, 4),
            norm_cfg=norm,
            style='pytorch',
            contract_dilation=True,
        ),
        decode_head=dict(
            type='FCNHead',
            in_channels=64,
            in_index=3,
            channels=8,
            num_convs=1,
            concat_input=False,
            dropout_ratio=dropout,
            num_classes=num_classes,
            norm_cfg=norm,
            align_corners=False,
            loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
        ),
        train_cfg=dict(),
        test_cfg=dict(mode='whole'),
    )


def save_clean(cfg: dict, path) -> str:
    """Write the seeded random weights of a segmentor as its 'clean' checkpoint."""
    import torch
    from mmengine.registry import init_default_scope
    from mmseg.registry import MODELS

    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    model.init_weights()
    for module in model.modules():  # BN that does something, so that folding is tested
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.3, 0.3)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.3, 0.3)
    torch.save(dict(state_dict=model.state_dict(), meta={}), path)
    return str(path)


def dense_gram(cfg: dict, clean: str, **kwargs) -> dict:
    """Config of a DGN segmentor around ``cfg``."""
    return dict(
        dict(
            type='DenseGramSegmentor',
            segmentor=cfg,
            clean_checkpoint=clean,
            taps=['backbone.layer3.*', 'backbone.layer4.*'],
            loss_gram=dict(type='DenseGramLoss', loss_weight=0.5),
        ),
        **kwargs,
    )


def batch(n: int = 2, size=(64, 64), num_classes: int = 11, clean: bool = False, dtype=None):
    """Seeded (inputs N×3×H×W, data_samples) as a preprocessor would hand them on."""
    import torch
    from mmengine.structures import PixelData
    from mmseg.structures import SegDataSample

    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn((n, 3, *size), generator=generator, dtype=dtype)
    samples = []
    for _ in range(n):
        labels = torch.randint(0, num_classes, (1, *size), generator=generator)
        meta = dict(img_shape=size, ori_shape=size, pad_shape=size)
        sample = SegDataSample(metainfo=meta, gt_sem_seg=PixelData(data=labels))
        if clean:
            image = torch.randn((3, *size), generator=generator, dtype=dtype)
            sample.clean_img = PixelData(data=image)
        samples.append(sample)
    return inputs, samples
