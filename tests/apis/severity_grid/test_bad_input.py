"""Mistakes are named before anything is predicted, with what would mend them."""

import shutil

import cv2
import pytest
import torch
from mmseg.registry import MODELS

from mmdegrade.apis import severity_grid
from mmdegrade.datasets.camvid import CLASSES
from tests.apis.severity_grid.tiny_grid import OURS, STOCK, write_config, write_weights
from tests.tiny import fcn_r18

CHOICE = dict(kinds=['gblur'], degrees=[1], workers=0)


@pytest.fixture
def root(tiny, tmp_path):
    """A copy to spoil."""
    shutil.copytree(tiny / 'camvid', tmp_path / 'camvid')
    write_config(tmp_path)
    shutil.copy(tiny / 'a.pth', tmp_path)
    return tmp_path


def run(root, checkpoint='a.pth', config='ours.py', **kwargs):
    return severity_grid({'net': (root / config, root / checkpoint)}, **{**CHOICE, **kwargs})


def fails(words, *args, error=ValueError, **kwargs):
    with pytest.raises(error, match=words):
        run(*args, **kwargs)


def test_checkpoints_that_cannot_be_read(root):
    fails("checkpoint '.*none.pth' does not exist", root, 'none.pth', error=FileNotFoundError)
    whole = (root / 'a.pth').read_bytes()
    for name, content in dict(cut=whole[: len(whole) // 2], empty=b'', text=b'hello').items():
        (root / f'{name}.pth').write_bytes(content)
        fails(f'net: checkpoint .*{name}.pth.* cannot be read', root, f'{name}.pth')
    torch.save(dict(meta=dict(epoch=1)), root / 'log.pth')
    fails('holds no weights', root, 'log.pth')
    torch.save([1, 2], root / 'list.pth')
    fails('holds no weights', root, 'list.pth')


def test_checkpoints_that_do_not_fit(root):
    state = torch.load(root / 'a.pth')['state_dict']
    torch.save({f'segmentor.{key}': value for key, value in state.items()}, root / 'wrapped.pth')
    fails("lacks .* of the weights.*it has others.*'segmentor.", root, 'wrapped.pth')
    write_weights(fcn_r18(num_classes=5), root / 'five.pth')
    fails('does not fit the config: size mismatch for decode_head.conv_seg', root, 'five.pth')
    partly = {key: value for key, value in state.items() if key != 'decode_head.conv_seg.bias'}
    torch.save(partly, root / 'partly.pth')
    fails(r"lacks 1 of the weights, first \['decode_head.conv_seg.bias", root, 'partly.pth')
    torch.save({f'module.{key}': value for key, value in state.items()}, root / 'parallel.pth')
    assert run(root, 'parallel.pth').cells == run(root).cells


def test_classes_that_are_not_the_datasets(root):
    write_config(root, 'five', model=fcn_r18(num_classes=5))
    write_weights(fcn_r18(num_classes=5), root / 'five.pth')
    fails('net predicts 5 classes, the dataset has 11', root, 'five.pth', 'five.py')

    def trained_on(*classes):
        found = dict(torch.load(root / 'a.pth'), meta=dict(dataset_meta=dict(classes=classes)))
        torch.save(found, root / 'named.pth')

    trained_on(*reversed(CLASSES))
    words = "trained on classes of other names .*0: 'Bicyclist' is 'Sky' .*10 in all"
    fails(words, root, 'named.pth')
    assert run(root, 'named.pth', same_names=False).cells == run(root).cells
    trained_on(*(name.upper() if name != 'SignSymbol' else 'sign-symbol' for name in CLASSES))
    assert run(root, 'named.pth').cells == run(root).cells
    trained_on(*CLASSES[:5])
    fails('trained on 5 classes, the dataset has 11', root, 'named.pth')


def test_data_that_are_not_there(root):
    fails("data 'nowhere': no such folder", root, dataset='nowhere', error=FileNotFoundError)
    shutil.rmtree(root / 'camvid')
    fails('no such folder.*prepare_dataset.py camvid', root, error=FileNotFoundError)


def test_configs(root):
    fails("config '.*ourss.py' does not exist", root, config='ourss.py', error=FileNotFoundError)
    write_config(root, 'untested', test_dataloader=None)
    fails('no test_dataloader.dataset', root, config='untested.py')
    inner = dict(type='CamVidDataset', data_root=str(root / 'camvid'), ann_file='test.txt')
    loader = dict(dataset=dict(type='RepeatDataset', times=2, dataset=inner))
    write_config(root, 'wrapper', test_dataloader=loader)
    fails('is a wrapper .RepeatDataset.', root, config='wrapper.py')
    assert run(root, images=1).dataset['images'] == 1
    write_config(root, 'unmasked', [OURS[0], OURS[3]])
    fails('there is no mask: the test pipeline needs LoadAnnotations', root, config='unmasked.py')
    fails('images=0', root, images=0)
    fails('batch=0', root, batch=0)
    fails("reference='x' is no model; there are net", root, reference='x')


@pytest.mark.parametrize('workers', [0, 1])
@pytest.mark.parametrize('pipeline', [OURS, STOCK])
def test_an_image_that_cannot_be_read(root, pipeline, workers):
    write_config(root, 'ours', pipeline)
    image = root / 'camvid' / 'test' / 'test_002.png'
    image.write_bytes(image.read_bytes()[:40])
    out = root / 'out'
    fails('test_002.png: .*What was predicted before is kept', root, out=out, workers=workers)
    shutil.copy(image.with_name('test_001.png'), image)
    steps = []
    run(root, out=out, progress=lambda *one: steps.append(one), workers=0)
    assert steps[-1] == (2 * 2, 2 * 2)  # two images of four, in two cells, were done


def test_a_mask_that_does_not_fit(root):
    mask = root / 'camvid' / 'testannot' / 'test_000.png'
    cv2.imwrite(str(mask), cv2.imread(str(mask), cv2.IMREAD_UNCHANGED)[:10])
    fails('test_000.png: .*differ in size', root)
    write_config(root, 'stock', STOCK)
    fails('net, .*test_000.png: prediction .* and label .* differ in size', root, config='stock.py')


def test_models_on_different_data(root):
    other = dict(type='CamVidDataset', data_root=str(root / 'camvid'), ann_file='val.txt')
    loader = dict(dataset=dict(other, pipeline=OURS))
    write_config(root, 'val', test_dataloader=loader)
    models = {'a': (root / 'ours.py', root / 'a.pth'), 'b': (root / 'val.py', root / 'a.pth')}
    with pytest.raises(ValueError, match='b is tested on other images or classes.*by --data'):
        severity_grid(models, **CHOICE)
    grid = severity_grid(models, str(root / 'val.py'), **CHOICE)
    assert grid.of('a')[0].mIoU == grid.of('b')[0].mIoU


def test_data_of_another_folder(root):
    shutil.move(root / 'camvid', root / 'elsewhere')
    fails('no such folder', root, error=FileNotFoundError)
    config = (root / 'ours.py', root / 'a.pth')
    assert severity_grid(config, str(root / 'elsewhere'), **CHOICE).dataset['images'] == 4


def test_things_that_are_no_models(root):
    for model, error, words in (
        ({}, ValueError, 'no model is given'),
        ('config.py', TypeError, 'str is neither a built segmentor nor'),
        (torch.nn.ReLU(), TypeError, 'ReLU has no test_step'),
    ):
        with pytest.raises(error, match=words):
            severity_grid(model, dict(type='CamVidDataset', data_root=str(root / 'camvid'),
                                      ann_file='test.txt', pipeline=OURS), **CHOICE)  # fmt: skip
    built = MODELS.build(fcn_r18())
    with pytest.raises(TypeError, match='either all models are built or none; built are b'):
        severity_grid({'a': (root / 'ours.py', root / 'a.pth'), 'b': built}, **CHOICE)
    with pytest.raises(ValueError, match='dataset is not given'):
        severity_grid(built, **CHOICE)
