"""An exported network is plain mmseg: a process that cannot import mmdegrade loads and runs it."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmseg.registry import MODELS

import mmdegrade
from mmdegrade.apis import export_segmentor
from mmdegrade.apis.export import stock_model
from tests.tiny import dense_gram, fcn_r18, save_clean

# torchvision's schemas may be needed before mmseg imports: read the file, not the package.
STOCK_MMSEG = """
import importlib.util, json, sys
shim, folder = sys.argv[1:]
spec = importlib.util.spec_from_file_location('shim', shim)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.ensure_torchvision()
sys.modules['mmdegrade'] = None  # importing it is an ImportError from here on

import torch
torch.set_num_threads(1)
from mmseg.apis import inference_model, init_model

model = init_model(f'{folder}/net.py', f'{folder}/net.pth', device='cpu')
inputs = torch.load(f'{folder}/inputs.pth')
with torch.no_grad():
    logits = model(inputs, None, mode='tensor')
result = inference_model(model, f'{folder}/image.png')
torch.save(dict(logits=logits, labels=result.pred_sem_seg.data), f'{folder}/stock.pth')
from mmengine.registry import MODELS
assert MODELS.get('DenseGramLoss') is None
print(json.dumps(dict(type=type(model).__name__, meta=model.dataset_meta)))
"""

MEAN = [10.0, 20.0, 30.0]
PIPELINE = [
    dict(type='LoadImage'),
    dict(type='Resize', scale=(48, 40), keep_ratio=True),
    dict(type='Degrade', kind='gblur', degree=5, keep_clean=True),
    dict(type='StackPair'),
    dict(type='SplitPair'),
    dict(type='LoadMask'),
    dict(type='LoadDepth'),
    dict(type='PackDegradeInputs'),
]
CLASSES = [f'c{i}' for i in range(11)]


def write(tmp_path, model: dict, state: dict, meta: dict, **extra) -> tuple[str, str]:
    """A training config and checkpoint."""
    dataset = dict(type='CamVidDataset', ann_file='test.txt', pipeline=PIPELINE)
    cfg = dict(
        custom_imports=dict(imports=['mmdegrade']),
        runner_type='DegradeRunner',
        default_scope='mmseg',
        model=model,
        test_dataloader=dict(dataset=dataset),
        **extra,
    )
    Config(cfg).dump(str(tmp_path / 'train.py'))
    torch.save(dict(state_dict=state, meta=meta), tmp_path / 'train.pth')
    return str(tmp_path / 'train.py'), str(tmp_path / 'train.pth')


IMAGE = np.random.default_rng(0).integers(0, 256, (40, 48, 3), np.uint8)


def prepared(model) -> torch.Tensor:
    tensor = torch.from_numpy(IMAGE.transpose(2, 0, 1).copy())
    return model.data_preprocessor(dict(inputs=[tensor]), False)['inputs']


@pytest.fixture
def trained(tmp_path):
    """A DGN segmentor with weights of its own, and its files."""
    cfg = dense_gram(fcn_r18(), save_clean(fcn_r18(), tmp_path / 'clean.pth'))
    # The wrapper's own preprocessor goes before the segmentor's, as in training.
    cfg['data_preprocessor'] = dict(
        fcn_r18()['data_preprocessor'], type='DegradeDataPreprocessor', mean=MEAN
    )
    model = MODELS.build(cfg)
    torch.manual_seed(1)
    model.segmentor.apply(lambda m: m.reset_parameters() if hasattr(m, 'weight') else None)
    model.eval()
    with torch.no_grad():  # centre the logits, so that several classes are predicted
        head = model.segmentor.decode_head.conv_seg
        head.bias -= model(prepared(model), None, mode='tensor').mean((0, 2, 3))
    meta = dict(iter=7, dataset_meta=dict(classes=CLASSES, palette=[[i] * 3 for i in range(11)]))
    files = write(tmp_path, cfg, model.state_dict(), meta)
    return model, files


def test_stock_mmseg_gives_the_same_logits(trained, tmp_path):
    model, (config, checkpoint) = trained
    folder = tmp_path / 'new' / 'folder'
    written = export_segmentor(config, checkpoint, str(folder / 'net.pth'))
    assert written == (str(folder / 'net.py'), str(folder / 'net.pth'))

    cv2.imwrite(str(folder / 'image.png'), IMAGE)
    inputs = prepared(model)
    torch.save(inputs, folder / 'inputs.pth')
    with torch.no_grad():
        logits = model(inputs, None, mode='tensor')

    shim = Path(mmdegrade.__file__).parent / 'compat' / 'torchvision_schemas.py'
    run = subprocess.run(
        [sys.executable, '-c', STOCK_MMSEG, str(shim), str(folder)],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    report = json.loads(run.stdout.strip().splitlines()[-1])
    assert report['type'] == 'EncoderDecoder' and report['meta']['classes'] == CLASSES
    stock = torch.load(folder / 'stock.pth')
    assert torch.equal(stock['logits'], logits)
    # From the file: read, resize (a no-op here), normalise with the right mean, predict.
    full = torch.nn.functional.interpolate(logits, (40, 48), mode='bilinear', align_corners=False)
    assert stock['labels'].shape == (1, 40, 48) and stock['labels'].unique().numel() > 1
    assert (stock['labels'] == full.argmax(1)).float().mean() > 0.999

    text = (folder / 'net.py').read_text()
    assert 'mmdegrade' not in text and 'Degrade' not in text
    cfg = Config.fromfile(folder / 'net.py')
    assert [t.type for t in cfg.test_pipeline] == [
        'LoadImageFromFile', 'Resize', 'LoadAnnotations', 'PackSegInputs'
    ]  # fmt: skip
    assert cfg.test_dataloader.dataset.pipeline == cfg.test_pipeline
    assert cfg.test_pipeline[1].scale == (48, 40)
    assert cfg.model.data_preprocessor.mean == MEAN
    saved = torch.load(folder / 'net.pth', weights_only=True)
    assert saved['meta']['iter'] == 7 and 'mmdegrade' not in saved['meta']['cfg']
    assert not any(key.startswith(('segmentor.', 'source.')) for key in saved['state_dict'])


def test_a_plain_segmentor_and_wrapped_datasets(tmp_path):
    model = dict(fcn_r18())
    model['data_preprocessor'] = dict(model['data_preprocessor'], type='DegradeDataPreprocessor')
    state = MODELS.build(fcn_r18()).state_dict()
    dataset = dict(type='CamVidDataset', ann_file='test.txt', pipeline=PIPELINE)
    loader = dict(dataset=dict(type='RepeatDataset', times=1, dataset=dataset))
    config, checkpoint = write(tmp_path, model, state, {})
    cfg = Config.fromfile(config)
    cfg.test_dataloader = loader
    cfg.dump(config)
    config, checkpoint = export_segmentor(config, checkpoint, str(tmp_path / 'out'))
    exported = Config.fromfile(config)
    assert exported.model.data_preprocessor.type == 'SegDataPreProcessor'
    assert len(exported.test_pipeline) == 4
    saved = torch.load(checkpoint, weights_only=True)
    assert 'dataset_meta' not in saved['meta']  # mmseg then asks its own list of datasets
    assert all(torch.equal(saved['state_dict'][key], value) for key, value in state.items())


def test_a_network_of_ours_is_refused(tmp_path):
    fcn8s = Config.fromfile(Path(__file__).parents[2] / 'configs/_base_/models/fcn8s_vgg16.py')
    with pytest.raises(ValueError) as caught:
        stock_model(fcn8s.model.to_dict())
    for part in ("model.backbone.type='VGG16FCN'", "model.decode_head.type='FCN8sHead'",
                 "custom_imports=dict(imports=['mmdegrade'])"):  # fmt: skip
        assert part in str(caught.value)
    assert 'data_preprocessor' not in str(caught.value)
    config, checkpoint = write(tmp_path, fcn8s.model.to_dict(), {}, {})
    with pytest.raises(ValueError, match='stock mmseg cannot build'):
        export_segmentor(config, checkpoint, str(tmp_path / 'out'))
    assert not (tmp_path / 'out.py').exists()
    losses = dict(type='EncoderDecoder', auxiliary_head=[dict(loss=dict(type='DenseGramLoss'))])
    with pytest.raises(ValueError, match="model.auxiliary_head.0.loss.type='DenseGramLoss'"):
        stock_model(losses)


def test_what_does_not_fit_is_refused(tmp_path):
    state = MODELS.build(fcn_r18()).state_dict()
    config, checkpoint = write(tmp_path, fcn_r18(num_classes=5), state, {})
    with pytest.raises(ValueError, match='classes: 11 in the checkpoint, 5 in the config'):
        export_segmentor(config, checkpoint, str(tmp_path / 'out'))
    state.pop('decode_head.conv_seg.bias')
    config, checkpoint = write(tmp_path, fcn_r18(), state, {})
    with pytest.raises(ValueError, match=r"missing \['decode_head.conv_seg.bias'\]"):
        export_segmentor(config, checkpoint, str(tmp_path / 'out'))
    assert not (tmp_path / 'out.pth').exists()
    with pytest.raises(FileNotFoundError, match="CONFIG 'absent.py'"):
        export_segmentor('absent.py', checkpoint, str(tmp_path / 'out'))
    with pytest.raises(FileNotFoundError, match="CHECKPOINT 'absent.pth'"):
        export_segmentor(config, 'absent.pth', str(tmp_path / 'out'))
