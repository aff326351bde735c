"""A small trained-looking model on disk, and pictures, for the tests of inference."""

import cv2
import numpy as np
import torch
from mmengine.config import ConfigDict
from mmseg.registry import MODELS

import tests.tiny_restorers  # noqa: F401  registers ConvRestorer
from tests.tiny import fcn_r18

PIPELINE = [
    dict(type='LoadImage'),
    dict(type='Degrade', kind='gblur', degree=5, keep_clean=True),
    dict(type='LoadMask'),
    dict(type='PackDegradeInputs'),
]
STOCK_PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(48, 48), keep_ratio=True),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]
CASCADE = dict(
    type='RestoreThenSegment',
    segmentor=fcn_r18(dropout=0),
    restorer=dict(type='ConvRestorer'),
)


def write_model(folder, model=None, pipeline=PIPELINE, dataset='CamVidDataset'):
    """(config, checkpoint), and the network; the dataset is nowhere."""
    model = model or fcn_r18(dropout=0)
    torch.manual_seed(0)
    network = MODELS.build(ConfigDict(model))
    for parameter in network.parameters():
        if parameter.ndim == 1:
            torch.nn.init.uniform_(parameter, -0.5, 0.5)
    loader = dict(dataset=dict(type=dataset, data_root='nowhere', pipeline=pipeline))
    text = f"default_scope = 'mmseg'\nmodel = {model!r}\ntest_dataloader = {loader!r}\n"
    (folder / 'config.py').write_text(text)
    torch.save(dict(state_dict=network.state_dict(), meta={}), folder / 'checkpoint.pth')
    network.train(False)
    return (str(folder / 'config.py'), str(folder / 'checkpoint.pth')), network


def make_picture(seed: int = 0, size=(40, 56)) -> np.ndarray:
    """H×W×3 uint8 BGR texture."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), np.uint8)
    return cv2.resize(coarse, size[::-1])


def write_pictures(folder, number: int = 3) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [str(folder / f'{i}.png') for i in range(number)]
    for i, path in enumerate(paths):
        cv2.imwrite(path, make_picture(i))
    return paths


def write_video(path, number: int = 4) -> str:
    """An AVI of lossless enough frames, all the same."""
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 10, (56, 40))
    assert video.isOpened()
    for _ in range(number):
        video.write(make_picture())
    video.release()
    return str(path)


@torch.no_grad()
def labels_of(network, image: np.ndarray) -> np.ndarray:
    """H×W: the network on a BGR image, normalised by hand; sides are multiples of 8."""
    mean, std = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
    inputs = (image[..., ::-1].astype(np.float32) - np.float32(mean)) / np.float32(std)
    inputs = torch.from_numpy(np.ascontiguousarray(inputs.transpose(2, 0, 1)))[None]
    meta = dict(img_shape=image.shape[:2], ori_shape=image.shape[:2])
    return network.encode_decode(inputs, [meta])[0].argmax(0).numpy()
