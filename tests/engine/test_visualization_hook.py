"""The visualization hook draws the network's input."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmdegrade.engine.hooks import visualization
from mmdegrade.engine.hooks.visualization import (
    DegradedVisualizationHook,
    restored_sheet,
    shown_image,
)
from mmdegrade.visualization.sheet import GAP, STRIP


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


META = dict(classes=('road', 'sky'), palette=[[255, 0, 0], [0, 0, 255]])
INPUTS = torch.full((3, 6, 8), 7, dtype=torch.uint8)


def restored_sample(**fields):
    sample = SegDataSample(metainfo=dict(img_path='d/a/b.jpg'), **fields)
    sample.restored_img = PixelData(data=torch.full((3, 6, 8), 1.3))
    return sample


def test_sheet_of_a_network_that_restores_and_segments():
    prediction = PixelData(data=torch.ones(1, 6, 8, dtype=torch.long))
    truth = PixelData(data=torch.zeros(1, 6, 8, dtype=torch.long))
    sample = restored_sample(pred_sem_seg=prediction, gt_sem_seg=truth)
    sheet = restored_sheet(INPUTS, sample, META)
    assert sheet.shape[1] == 4 * (8 + GAP) - GAP
    row = sheet[STRIP : STRIP + 6]
    for place, colour in enumerate(([7, 7, 7], [255, 255, 255], [0, 0, 255], [255, 0, 0])):
        start = place * (8 + GAP)
        assert (row[:, start : start + 8] == colour).all()  # BGR


def test_sheet_of_a_network_that_only_restores():
    sheet = restored_sheet(INPUTS, restored_sample(), dict(classes=(), palette=[]))
    assert sheet.shape[1] == 2 * (8 + GAP) - GAP
    assert (sheet[STRIP : STRIP + 6, :8] == 7).all()


def test_sheets_are_drawn_by_the_visualizer(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        visualization.Visualizer,
        'get_current_instance',
        lambda: SimpleNamespace(
            dataset_meta=META,
            add_image=lambda *a: drawn.append(a),
            show=lambda image, win_name, wait_time: drawn.append((win_name, image, wait_time)),
        ),
    )
    batch = dict(inputs=[INPUTS])
    hook = DegradedVisualizationHook(draw=True)
    hook.after_test_iter(None, 0, batch, [restored_sample()])  # no prediction to draw
    name, image, step = drawn.pop()
    assert (name, step) == ('test_b.jpg', 1) and image.shape[1] == 2 * (8 + GAP) - GAP
    labels = PixelData(data=torch.ones(1, 6, 8, dtype=torch.long))
    hook = DegradedVisualizationHook(draw=True, draw_restored=True, show=True, wait_time=3)
    hook.after_test_iter(None, 0, batch, [restored_sample(pred_sem_seg=labels)])
    name, image, step = drawn.pop()
    assert name == 'test_b.jpg' and image[STRIP, 2 * (8 + GAP)].tolist() == [0, 0, 255]  # RGB
    assert drawn.pop() == ('test_b.jpg', pytest.approx(image), 3) and not drawn


class Images:
    def __init__(self, *paths):
        self.paths = paths

    def __len__(self):
        return len(self.paths)

    def get_data_info(self, index):
        return dict(img_path=self.paths[index])


@pytest.mark.parametrize('cells', [False, True])
def test_restored_images_are_written(tmp_path, cells):
    dataset = Images('d/a/b.jpg', 'd/c/b.jpg')
    if cells:
        dataset = SimpleNamespace(dataset=dataset)
    hook = DegradedVisualizationHook(restored_dir=str(tmp_path / 'out'))
    hook.before_test(SimpleNamespace(test_dataloader=SimpleNamespace(dataset=dataset)))
    sample = restored_sample()
    sample.restored_img.data[0] = 0.2  # red
    if cells:
        sample.set_metainfo(dict(cell='gblur_5'))
    hook.after_test_iter(None, 0, dict(inputs=[INPUTS]), [sample])
    written = tmp_path / 'out' / ('gblur_5/a/b.png' if cells else 'a/b.png')
    assert cv2.imread(str(written))[0, 0].tolist() == [255, 255, 51]


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / 'file').write_text('in the way')
    hook = DegradedVisualizationHook(restored_dir=str(tmp_path / 'file'))
    loader = SimpleNamespace(dataset=Images('d/a/b.jpg'))
    hook.before_test(SimpleNamespace(test_dataloader=loader))
    with pytest.raises(OSError):
        hook.after_test_iter(None, 0, dict(inputs=[INPUTS]), [restored_sample()])


def test_errors():
    with pytest.raises(ValueError, match='interval=0'):
        DegradedVisualizationHook(interval=0)
    with pytest.raises(ValueError, match='makes no restored images; leave draw_restored'):
        restored_sheet(INPUTS, SegDataSample(), META)
    with pytest.warns(UserWarning, match='draw_restored=True needs draw=True'):
        DegradedVisualizationHook(draw_restored=True)
