"""What workers do: every image decoded and degraded once, packets of limited size."""

import numpy as np
import pytest
import torch
from mmseg.datasets.transforms import LoadAnnotations

from mmdegrade.apis import severity_grid
from mmdegrade.apis.severity_grid import loading
from mmdegrade.apis.severity_grid.choice import choose_cells
from mmdegrade.apis.severity_grid.contestant import load_contestant
from mmdegrade.apis.severity_grid.data_config import build_dataset, read_config
from mmdegrade.apis.severity_grid.loading import GridImages, Job, Views, freeze, small, thaw
from mmdegrade.datasets.transforms import Degrade, LoadImage
from tests.apis.severity_grid.tiny_grid import OURS, STOCK, write_config

CELLS = choose_cells(['gblur', 'awgn'], [1, 5])


def contestants(tiny, tmp_path, **pipelines):
    found = []
    for name, pipeline in pipelines.items():
        config = write_config(tmp_path, name, pipeline)
        cfg = read_config(str(config), {'test_dataloader.dataset.data_root': f'{tiny}/camvid'})
        data = build_dataset(cfg)
        classes = data.metainfo['classes']
        found.append(load_contestant(cfg, str(tiny / 'a.pth'), name, 'cpu', classes))
    return found, data


def test_decoded_and_degraded_once(tiny, tmp_path, monkeypatch):
    """Two models with our pipeline, a stock one: decoded once, degraded once, prepared twice."""
    counts = {LoadImage: [], LoadAnnotations: [], Degrade: []}
    for cls, seen in counts.items():
        original = cls.transform

        def spy(self, results, original=original, seen=seen):
            seen.append(results['img_path'])
            return original(self, results)

        monkeypatch.setattr(cls, 'transform', spy)
    (tmp_path / 'camvid').symlink_to(tiny / 'camvid')
    stock = [OURS[0], *STOCK[1:]]  # LoadImage, so that it is counted; its text is the stock one's
    ours, stock = write_config(tmp_path, 'a', OURS), write_config(tmp_path, 'c', stock)
    models = {
        'a': (ours, tiny / 'a.pth'),
        'b': (ours, tiny / 'b.pth'),
        'c': (stock, tiny / 'a.pth'),
    }
    severity_grid(models, cells=CELLS, workers=0)
    assert len(counts[LoadImage]) == len(set(counts[LoadImage])) == 4
    assert len(counts[Degrade]) == 4 * len(CELLS)
    assert len(counts[LoadAnnotations]) == 4 * 2  # one for each of the two pipelines


def test_views(tiny, tmp_path):
    other_seed = [OURS[0], dict(type='Degrade', seed=1), *OURS[2:]]
    float_images = [dict(type='LoadImage', to_float32=True), *OURS[1:]]
    models, _ = contestants(
        tiny, tmp_path, a=OURS, b=OURS, stock=STOCK, seed=other_seed, float=float_images
    )
    views = Views(models, CELLS)
    assert views.of == [0, 0, 1, 2, 3]
    assert views.group == [0, 0, 2, 3]  # the stock pipeline shares what our first one degraded


def packets(tiny, tmp_path, **kwargs):
    models, data = contestants(tiny, tmp_path, a=OURS, stock=STOCK)
    jobs = [Job((0, 1), (0, 1, 2)), Job((2,), (3, 4))]
    images = GridImages(data, Views(models, CELLS), jobs, **kwargs)
    return jobs, list(images)


def test_packets_are_limited(tiny, tmp_path, monkeypatch):
    _, found = packets(tiny, tmp_path)
    assert [(p.job, p.cells) for p in found] == [(0, [0, 1, 2]), (1, [3, 4])]
    one_cell = 2 * (32 * 40 + 38 * 48) * 3  # two images in two views
    monkeypatch.setattr(loading, 'PACKET_BYTES', 2 * one_cell)
    _, found = packets(tiny, tmp_path)
    assert [(p.job, p.cells) for p in found] == [(0, [0, 1]), (0, [2]), (1, [3, 4])]


def test_freezing_changes_nothing(tiny, tmp_path):
    """Images of two sizes and, unclipped noise, of two types; one mask for all cells."""
    _, found = packets(tiny, tmp_path)
    _, again = packets(tiny, tmp_path)
    for plain, packet in zip(again, found, strict=True):
        frozen = freeze(packet)
        _, stacks, truths = frozen.items
        assert len(stacks) == 2 and len(truths) == 2 * len(plain.items[0][0])
        thawed = thaw(frozen)
        for views, expected in zip(thawed.items, plain.items, strict=True):
            for items, others in zip(views, expected, strict=True):
                for item, other in zip(items, others, strict=True):
                    assert set(item) == {'inputs', 'data_samples'}
                    assert torch.equal(item['inputs'], other['inputs'])
                    sample, given = item['data_samples'], other['data_samples']
                    assert torch.equal(sample.gt_sem_seg.data, given.gt_sem_seg.data)
                    assert sample.metainfo == given.metainfo
        assert thaw(thawed) is thawed


def test_quality_and_pictures(tiny, tmp_path):
    _, found = packets(tiny, tmp_path, with_pictures=True)
    packet = found[0]
    assert packet.quality[0] == [[(None, None)] * 2] * 2  # clean
    psnr = packet.quality[1][0][0][0]
    clean, degraded = packet.pictures[1][0]
    error = np.mean((clean.astype(float) - degraded) ** 2)
    assert psnr == pytest.approx(10 * np.log10(255**2 / error))
    assert packet.quality[1][0] == packet.quality[1][1]  # at native resolution in both views


def test_small_pictures():
    image = np.zeros((100, 640, 3), np.float32)
    image[:] = (-20, 127.4, 300)
    assert small(image).shape == (50, 320, 3) and small(image)[0, 0].tolist() == [0, 127, 255]
    assert small(image[:, :320]).shape == (100, 320, 3)
