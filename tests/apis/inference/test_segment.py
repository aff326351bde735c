"""Labels, overlays and restored images, against the network called by hand."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mmdegrade.apis.inference import Segmenter, segment
from mmdegrade.apis.inference.pipeline import read_degradation
from mmdegrade.datasets.camvid import PALETTE
from mmdegrade.degradations import degrade
from tests.apis.inference.models import (
    CASCADE,
    STOCK_PIPELINE,
    labels_of,
    make_picture,
    write_model,
    write_pictures,
    write_video,
)
from tests.tiny import fcn_r18

ROOT = Path(__file__).resolve().parents[3]


def test_one_image(tmp_path):
    model, network = write_model(tmp_path)
    (path,) = write_pictures(tmp_path / 'in', 1)
    result = segment(path, model)
    image = make_picture()
    # The config degrades, and nobody asked for it here.
    np.testing.assert_array_equal(result.image, image)
    assert len(np.unique(result.labels)) > 1
    np.testing.assert_array_equal(result.labels, labels_of(network, image))
    colours = np.array(PALETTE)[result.labels][..., ::-1]
    np.testing.assert_allclose(result.overlay, (colours + image.astype(float)) / 2, atol=1)
    assert result.path == path and result.frame is None and result.restored is None
    assert result.classes[3] == 'Road'


def test_degraded_first(tmp_path):
    model, network = write_model(tmp_path)
    image = make_picture()
    result = segment(image, model, degrade='gblur:5')
    blurred = degrade(image, 'gblur', degree=5)
    np.testing.assert_array_equal(result.image, blurred)
    np.testing.assert_array_equal(result.labels, labels_of(network, blurred))
    assert result.path is None


def test_restored_by_a_cascade(tmp_path):
    model, network = write_model(tmp_path, CASCADE)
    segmenter = Segmenter(*model)
    image = make_picture()
    result = segment(image, segmenter, restore=True)
    rgb = torch.from_numpy(image[..., ::-1].transpose(2, 0, 1) / np.float32(255))[None]
    with torch.no_grad():
        restored = network.restorer(rgb)[0].clamp(0, 1).numpy()
    wanted = np.rint(restored * 255)[::-1].transpose(1, 2, 0)
    np.testing.assert_allclose(result.restored, wanted, atol=1)
    assert (result.restored != image).mean() > 0.5
    assert segment(image, segmenter).restored is None


def test_a_model_that_only_restores(tmp_path):
    model, _ = write_model(
        tmp_path, dict(type='RestorationModel', restorer=dict(type='ConvRestorer'))
    )
    result = segment(make_picture(), model, restore=True)
    assert result.labels is None and result.overlay is None
    assert result.restored.shape == (40, 56, 3)


def test_stock_pipeline_resizes_and_labels_come_back_at_full_size(tmp_path):
    model, _ = write_model(tmp_path, pipeline=STOCK_PIPELINE)
    result = segment(make_picture(), model)
    assert result.labels.shape == (40, 56) and result.overlay.shape == (40, 56, 3)


def test_folder_pattern_and_list_are_iterated(tmp_path):
    model, network = write_model(tmp_path)
    paths = write_pictures(tmp_path / 'in' / 'a')
    segmenter = Segmenter(*model)
    for given in (tmp_path / 'in', str(tmp_path / 'in' / '*' / '*.png'), paths):
        results = segment(given, segmenter)
        assert [result.path for result in results] == paths
    mixed = list(segment([paths[2], make_picture(1)], segmenter))
    np.testing.assert_array_equal(mixed[0].labels, labels_of(network, make_picture(2)))
    np.testing.assert_array_equal(mixed[1].labels, labels_of(network, make_picture(1)))


def test_video_frame_by_frame(tmp_path):
    model, network = write_model(tmp_path)
    path = write_video(tmp_path / 'drive.avi')
    results = list(segment(path, model, degrade='awgn:sigma=30'))
    assert [result.frame for result in results] == [0, 1, 2, 3]
    assert {result.path for result in results} == {path}
    # The frames are alike, their noise is not; and again it is the same.
    assert (results[0].image != results[1].image).mean() > 0.5
    again = next(segment(path, model, degrade='awgn:sigma=30'))
    np.testing.assert_array_equal(results[0].image, again.image)
    np.testing.assert_array_equal(again.labels, labels_of(network, again.image))


def test_stock_call_of_the_inferencer(tmp_path):
    model, network = write_model(tmp_path)
    (path,) = write_pictures(tmp_path / 'in', 1)
    segmenter = Segmenter(*model)
    found = segmenter(path, out_dir=str(tmp_path / 'out'))
    np.testing.assert_array_equal(found['predictions'], labels_of(network, make_picture()))
    assert (tmp_path / 'out' / 'vis' / '0.png').is_file()


def test_unreadable_files(tmp_path):
    model, _ = write_model(tmp_path)
    paths = write_pictures(tmp_path / 'in')
    Path(paths[1]).write_bytes(Path(paths[1]).read_bytes()[:200])
    segmenter = Segmenter(*model)
    with pytest.raises(ValueError, match='1.png is truncated'):
        segment(paths[1], segmenter)
    with pytest.raises(ValueError, match='1.png is truncated'):
        list(segment(tmp_path / 'in', segmenter))
    failed = {}
    results = list(segment(tmp_path / 'in', segmenter, on_error=failed.__setitem__))
    assert [result.path for result in results] == [paths[0], paths[2]]
    assert list(failed) == [paths[1]]
    broken = tmp_path / 'broken.mp4'
    broken.write_bytes(b'no video')
    with pytest.raises(ValueError, match='broken.mp4 cannot be read'):
        list(segment(broken, segmenter))


def test_errors(tmp_path):
    model, _ = write_model(tmp_path)
    image = make_picture()
    segmenter = Segmenter(*model)
    with pytest.raises(ValueError, match='EncoderDecoder restores no image'):
        segment(image, segmenter, restore=True)
    with pytest.raises(FileNotFoundError, match='no file .*none.png'):
        segment(str(tmp_path / 'none.png'), segmenter)
    (tmp_path / 'empty').mkdir()
    with pytest.raises(FileNotFoundError, match='below .*empty'):
        segment(tmp_path / 'empty', segmenter)
    with pytest.raises(ValueError, match='allowed: H×W×3 uint8'):
        segment(image[..., 0], segmenter)
    with pytest.raises(TypeError, match=r'\(config, checkpoint\)'):
        segment(image, model[0])
    with pytest.raises(ValueError, match='opacity=2'):
        Segmenter(*model, opacity=2)
    with pytest.raises(ValueError, match="device='cuda:99'.*there are: cpu"):
        Segmenter(*model, device='cuda:99')


def test_number_of_classes_is_checked(tmp_path):
    model, _ = write_model(tmp_path, fcn_r18(num_classes=5))
    with pytest.raises(ValueError, match='predicts 5 classes, the dataset has 11'):
        Segmenter(*model)


@pytest.mark.parametrize(
    ('text', 'cell'),
    [
        (None, dict(kind='clean')),
        ('clean', dict(kind='clean')),
        ('gblur:5', dict(kind='gblur', degree=5)),
        ('awgn:sigma=12.5', dict(kind='awgn', sigma=12.5)),
        ('fog:3:preset=imagenet-c', dict(kind='fog', degree=3, preset='imagenet-c')),
        (dict(kind='gblur', degree=2, seed=3), dict(kind='gblur', degree=2, seed=3)),
    ],
)
def test_degradations_in_words(text, cell):
    assert read_degradation(text) == cell


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('gblurr:5', "did you mean 'gblur'"),
        ('gblur:9', 'degree'),
        ('gblur:high', "'high' is no number"),
        ('awgn:=3', 'names no parameter'),
        ('awgn:sigmaa=3', 'sigmaa'),
    ],
)
def test_wrong_degradations(text, message):
    with pytest.raises(ValueError, match=f'(?i){message}'):
        read_degradation(text)


def test_the_example_in_the_documents(tmp_path, monkeypatch, capsys):
    write_model(tmp_path, CASCADE)
    (path,) = write_pictures(tmp_path / 'photos', 1)
    cv2.imwrite(str(tmp_path / 'street.png'), make_picture(5))
    text = (ROOT / 'docs' / 'inference.md').read_text(encoding='utf-8')
    (example,) = re.findall(r'```python\n(.*?)```', text, re.S)
    monkeypatch.chdir(tmp_path)
    known = {}
    exec(compile(example, 'docs/inference.md', 'exec'), known)
    assert 'photos/0.png None (40, 56)' in capsys.readouterr().out
    assert cv2.imread('overlay.png').shape == cv2.imread('restored.png').shape == (40, 56, 3)
    assert 0 <= known['share'] <= 1
