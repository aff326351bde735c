"""tools/infer.py: what it writes, and its exit status."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mmdegrade.apis.inference import Segmenter, segment
from mmdegrade.apis.inference.sheet import CELL, fit
from mmdegrade.datasets.camvid import PALETTE
from mmdegrade.degradations import degrade
from mmdegrade.visualization.sheet import colour_mask
from tests.apis.inference.models import (
    CASCADE,
    labels_of,
    make_picture,
    write_model,
    write_pictures,
    write_video,
)
from tools.infer import main


def files_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob('*.*'))


def test_overlays_masks_and_restored_images(tmp_path, capsys):
    model, _ = write_model(tmp_path, CASCADE)
    write_pictures(tmp_path / 'in' / 'a', 2)
    write_pictures(tmp_path / 'in' / 'b', 1)
    out = tmp_path / 'out'
    command = [*model, str(tmp_path / 'in'), '--out', str(out), '--device', 'cpu']
    assert main([*command, '--degrade', 'gblur:5', '--restore', '--opacity', '1']) == 0
    names = ['a/0.png', 'a/1.png', 'b/0.png']
    kinds = ('mask', 'overlay', 'restored')
    assert files_below(out) == sorted(f'{kind}/{name}' for kind in kinds for name in names)
    assert '3 files (3 pictures), 0 failed' in capsys.readouterr().out
    result = segment(make_picture(1), Segmenter(*model), degrade='gblur:5', restore=True)
    np.testing.assert_array_equal(result.image, degrade(make_picture(1), 'gblur', degree=5))
    mask = Image.open(out / 'mask' / 'a' / '1.png')
    assert mask.mode == 'P'
    np.testing.assert_array_equal(np.array(mask), result.labels)
    colours = np.array(PALETTE)[result.labels]
    np.testing.assert_array_equal(np.array(mask.convert('RGB')), colours)
    # Opaque, an overlay is the mask in colours.
    np.testing.assert_array_equal(cv2.imread(str(out / 'overlay/a/1.png')), colours[..., ::-1])
    np.testing.assert_array_equal(cv2.imread(str(out / 'restored/a/1.png')), result.restored)


def test_sheet(tmp_path):
    model, _ = write_model(tmp_path, CASCADE)
    paths = write_pictures(tmp_path / 'in', 2)
    out = tmp_path / 'out'
    command = [*model, str(tmp_path / 'in'), '--out', str(out), '--device', 'cpu', '--sheet']
    assert main([*command, '--restore']) == 0
    sheet = cv2.imread(str(out / 'sheet.png'))
    width, height = CELL
    assert sheet.shape[1] == 3 * (width + 4) - 4  # given, restored, segmented
    second = sheet[26 + height + 4 :][:height]
    given, restored, colours = (second[:, i * (width + 4) :][:, :width] for i in range(3))
    one = segment(make_picture(1), Segmenter(*model), restore=True)
    plate = slice(40, None)  # below the file's name
    np.testing.assert_array_equal(given[plate], fit(cv2.imread(paths[1]))[plate])
    np.testing.assert_array_equal(restored, fit(one.restored))
    np.testing.assert_array_equal(colours, colour_mask(fit(one.labels), PALETTE))
    assert main([*command[:-1], '--sheet', '--degrade', 'gblur:5']) == 0
    assert cv2.imread(str(out / 'sheet.png')).shape[1] == 2 * (width + 4) - 4


def test_fitting_keeps_the_shape():
    tall = np.zeros((30, 10, 3), np.uint8)
    cell = fit(tall)
    assert cell.shape == (CELL[1], CELL[0], 3)
    rows, columns = np.nonzero((cell == 0).all(-1))
    assert np.ptp(rows) == CELL[1] - 1 and np.ptp(columns) == CELL[1] // 3 - 1
    labels = fit(np.full((10, 40), 3))
    assert labels.shape == CELL[::-1] and set(np.unique(labels)) == {3, 255}
    assert (labels == 3).sum() == CELL[0] * (CELL[0] // 4)


def test_videos(tmp_path):
    model, network = write_model(tmp_path, CASCADE)
    path = write_video(tmp_path / 'drive.avi')
    out = tmp_path / 'out'
    assert main([*model, path, '--out', str(out), '--restore', '--opacity', '0']) == 0
    assert files_below(out) == ['overlay/drive.mp4', 'restored/drive.mp4']
    video = cv2.VideoCapture(str(out / 'overlay' / 'drive.mp4'))
    assert video.get(cv2.CAP_PROP_FPS) == 10
    frames = []
    while (read := video.read())[0]:
        frames.append(read[1])
    assert len(frames) == 4
    # Transparent, an overlay is the frame, but for the codec.
    assert np.abs(frames[0].astype(float) - make_picture()).mean() < 8


def test_unreadable_files_are_named_and_the_others_done(tmp_path, capsys):
    model, network = write_model(tmp_path)
    paths = write_pictures(tmp_path / 'in')
    Path(paths[0]).write_bytes(b'')
    out = tmp_path / 'out'
    assert main([*model, *paths, '--out', str(out)]) == 1
    said = capsys.readouterr()
    assert f'{paths[0]}: image file' in said.err and 'is empty' in said.err
    assert '2 files (2 pictures), 1 failed' in said.out
    mask = np.array(Image.open(out / 'mask' / '2.png'))
    np.testing.assert_array_equal(mask, labels_of(network, make_picture(2)))
    assert not (out / 'mask' / '0.png').exists()


def test_mistakes_are_answered_with_a_sentence(tmp_path, capsys):
    model, _ = write_model(tmp_path)
    (path,) = write_pictures(tmp_path / 'in', 1)
    out = str(tmp_path / 'out')
    for options, message in [
        ([*model, path, '--degrade', 'gblurr:5'], 'gblur'),
        ([*model, path, '--device', 'cuda:99'], 'there are: cpu'),
        ([*model, path, '--restore'], 'restores no image'),
        ([*model, str(tmp_path / 'no.png')], 'no.png'),
        ([model[0], str(tmp_path / 'no.pth'), path], 'no.pth'),
    ]:
        assert main([*options, '--out', out]) == 2
        assert message in capsys.readouterr().err
