"""The visualization hook draws the network's input."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmdegrade.engine.hooks import visualization
from mmdegrade.engine.hooks.visualization import DegradedVisualizationHook, shown_image


def test_image_is_rgb_uint8_at_the_size_of_the_prediction():
    inputs = torch.zeros(3, 4, 6)
    inputs[0], inputs[2] = 300.0, 99.6  # blue beyond the range of unclipped noise, red
    image = shown_image(inputs, (4, 6))
    assert image.dtype == np.uint8 and image.shape == (4, 6, 3)
    assert image[0, 0].tolist() == [100, 0, 255]
    assert shown_image(inputs, (8, 12)).shape == (8, 12, 3)


def test_draws_what_the_network_saw(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        visualization.Visualizer,
        'get_current_instance',
        lambda: SimpleNamespace(add_datasample=lambda *a, **k: drawn.append((*a, k['step']))),
    )
    sample = SegDataSample(
        metainfo=dict(img_path='a/b.png'), pred_sem_seg=PixelData(data=torch.zeros(1, 4, 6))
    )
    batch = dict(inputs=[torch.full((3, 4, 6), 7, dtype=torch.uint8)])
    DegradedVisualizationHook().after_test_iter(None, 0, batch, [sample])
    assert drawn == []  # off unless asked for
    hook = DegradedVisualizationHook(draw=True, interval=2)
    hook.after_test_iter(None, 0, batch, [sample])
    name, image, step = drawn.pop()
    assert (name, step) == ('test_b.png', 1) and (image == 7).all()
    for index in range(4):
        hook.after_val_iter(SimpleNamespace(iter=10), index, batch, [sample])
    assert [entry[-1] for entry in drawn] == [10, 12]


def test_errors():
    with pytest.raises(ValueError, match='interval=0'):
        DegradedVisualizationHook(interval=0)
