"""ONNX files give what the models predict, at sizes that they were not traced with."""

import json

import numpy as np
import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

import tests.tiny_restorers  # noqa: F401  registers ConvRestorer
from mmdegrade.apis.onnx_export import export_onnx
from mmdegrade.apis.onnx_export.packages import load
from mmdegrade.models.inference_graph import inference_tensors
from tests.models.ubcn_parts import ubcn
from tests.tiny import dense_gram, fcn_r18, save_clean
from tools.export_onnx import main

onnx = pytest.importorskip('onnx')
runtime = pytest.importorskip('onnxruntime')

SEG = fcn_r18(dropout=0)
CONV = dict(type='ConvRestorer')


def behind(restorer: dict, **kwargs) -> dict:
    return dict(type='RestoreThenSegment', segmentor=SEG, restorer=restorer, **kwargs)


# Its head crops where others resize.
FCN8S = dict(
    SEG,
    backbone=dict(type='VGG16FCN', pad=1, fc6_pad=3, base_channels=4, fc_channels=16),
    decode_head=dict(
        type='FCN8sHead',
        in_channels=(16, 32, 16),
        pad=1,
        fc6_pad=3,
        num_classes=11,
        loss_decode=dict(type='CrossEntropyLoss'),
    ),
)
# Its Upsample works out sizes in Python.
FPN = dict(
    SEG,
    decode_head=dict(
        type='FPNHead',
        in_channels=[8, 16, 32, 64],
        in_index=[0, 1, 2, 3],
        feature_strides=[4, 8, 8, 8],
        channels=8,
        num_classes=11,
        norm_cfg=dict(type='BN'),
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss'),
    ),
)

MODELS_OF = dict(
    plain=SEG,
    fcn8s=FCN8S,
    fpn=FPN,
    dgn=dense_gram(SEG, 'clean.pth'),
    cascade=behind(CONV),
    dgn_cascade=behind(CONV) | dict(segmentor=dense_gram(SEG, 'clean.pth')),
    padded=behind(dict(type='FFDNet'), condition=dict(name='noise_level', sigma=25)),
    sdabn=dict(type='SDABNSegmentor', segmentor=SEG, denoiser=CONV | dict(condition_channels=11)),
    ubcn=ubcn(iterations=2),
    fidelity=dict(
        type='FidelitySegmentor',
        segmentor=SEG,
        restorer=dict(type='DnCNN', depth=3, width=4),
        estimator=dict(type='DnCNN', depth=3, width=4),
        ensemble=True,
    ),
    restoration=dict(type='RestorationModel', restorer=CONV),
    restoration_cascade=dict(type='CascadeRestorationModel', restorer=CONV),
)
BOTH = ('logits', 'restored')
OUTPUTS = dict.fromkeys(MODELS_OF, BOTH) | dict(
    plain=('logits',),
    fcn8s=('logits',),
    fpn=('logits',),
    dgn=('logits',),
    restoration=('restored',),
    restoration_cascade=('restored',),
)


def write(folder, model: dict) -> tuple[str, str, torch.nn.Module]:
    """Config and checkpoint of random weights, and the model they are of."""
    torch.manual_seed(0)
    save_clean(SEG, folder / 'clean.pth')
    network = MODELS.build(ConfigDict(model))
    for parameter in network.parameters():
        if parameter.ndim == 1:  # norms and biases that do something
            torch.nn.init.uniform_(parameter, -0.5, 0.5)
    Config(dict(default_scope='mmseg', model=model)).dump(folder / 'config.py')
    meta = dict(dataset_meta=dict(classes=tuple('abcdefghijk')))
    torch.save(dict(state_dict=network.state_dict(), meta=meta), folder / 'weights.pth')
    network.train(False)
    return str(folder / 'config.py'), str(folder / 'weights.pth'), network


def run(path: str, batch: torch.Tensor) -> dict:
    """What the runtime makes of a batch, by name."""
    session = runtime.InferenceSession(path, providers=['CPUExecutionProvider'])
    (given,) = session.get_inputs()
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {given.name: batch.numpy()}), strict=True))


@torch.no_grad()
def predict(network, batch: torch.Tensor) -> list:
    size = tuple(batch.shape[-2:])
    meta = dict(img_shape=size, ori_shape=size, pad_shape=size)
    return network(batch, [SegDataSample(metainfo=dict(meta)) for _ in batch], mode='predict')


@pytest.mark.parametrize('name', MODELS_OF)
def test_file_gives_the_models_predictions(tmp_path, name):
    config, checkpoint, network = write(tmp_path, MODELS_OF[name])
    done = export_onnx(config, checkpoint, str(tmp_path / 'net'), size=(48, 56))
    assert done.path == str(tmp_path / 'net.onnx') and done.dynamic and not done.reason
    assert done.outputs == OUTPUTS[name]
    assert done.difference < 1e-4
    # A size, a parity and a number of images that export_onnx has not tried.
    batch = torch.randn(3, 3, 45, 61, generator=torch.Generator().manual_seed(7))
    found = run(done.path, batch)
    samples = predict(network, batch)
    if 'logits' in found:
        wanted = torch.stack([sample.seg_logits.data for sample in samples])
        assert wanted.std() > 1e-3
        np.testing.assert_allclose(found['logits'], wanted, atol=1e-4)
    if 'restored' in found:
        wanted = torch.stack([sample.restored_img.data for sample in samples])
        np.testing.assert_allclose(found['restored'], wanted, atol=1e-4)


def test_metadata_says_how_to_feed_it(tmp_path):
    config, checkpoint, _ = write(tmp_path, SEG)
    path = export_onnx(config, checkpoint, str(tmp_path / 'net.onnx')).path
    props = {prop.key: json.loads(prop.value) for prop in onnx.load(path).metadata_props}
    assert props == dict(
        model='EncoderDecoder',
        classes=list('abcdefghijk'),
        channel_order='RGB',
        mean=pytest.approx([123.675, 116.28, 103.53]),
        std=pytest.approx([58.395, 57.12, 57.375]),
        size_divisor=8,
        dynamic=True,
    )


def test_images_in_labels_out(tmp_path):
    config, checkpoint, network = write(tmp_path, behind(CONV))
    done = export_onnx(config, checkpoint, str(tmp_path / 'net'), labels=True, as_images=True)
    assert done.outputs == ('labels', 'restored')
    rng = np.random.default_rng(0)
    bgr = rng.integers(0, 256, (40, 64, 3), np.uint8)  # whole multiples of size_divisor
    rgb = torch.from_numpy(np.ascontiguousarray(bgr[..., ::-1].transpose(2, 0, 1)))[None]
    found = run(done.path, rgb)
    meta = dict(img_shape=(40, 64), ori_shape=(40, 64))
    data = dict(
        inputs=[torch.from_numpy(np.ascontiguousarray(bgr.transpose(2, 0, 1)))],
        data_samples=[SegDataSample(metainfo=meta)],
    )
    with torch.no_grad():
        (sample,) = network.test_step(data)
    assert found['labels'].dtype == np.int64 and found['labels'].shape == (1, 1, 40, 64)
    best = sample.seg_logits.data.sort(0).values
    clear = (best[-1] - best[-2]).numpy() > 1e-4
    assert clear.mean() > 0.9
    same = found['labels'][0, 0] == sample.pred_sem_seg.data[0].numpy()
    assert same[clear].all()
    np.testing.assert_allclose(found['restored'][0], sample.restored_img.data, atol=1e-5)


def test_ubcn_is_fixed_at_the_iterations_asked_for(tmp_path):
    config, checkpoint, network = write(tmp_path, ubcn(iterations=2))
    options = {'model.iterations': 1}
    path = export_onnx(config, checkpoint, str(tmp_path / 'net'), cfg_options=options).path
    batch = torch.randn(1, 3, 40, 48, generator=torch.Generator().manual_seed(3))
    restored = run(path, batch)['restored']
    with torch.no_grad():
        one, two = network.derained(batch, 2)[1:]
    np.testing.assert_allclose(restored, one, atol=1e-5)
    assert (one - two).abs().max() > 1e-3


# Pools to 1, 2, 3 and 6 cells, which ONNX has for one size only.
PSP = dict(SEG, decode_head=dict(SEG['decode_head'], type='PSPHead', pool_scales=(1, 2, 3, 6)))
del PSP['decode_head']['num_convs'], PSP['decode_head']['concat_input']


def test_a_network_for_one_size(tmp_path, capsys):
    config, checkpoint, network = write(tmp_path, PSP)
    out = tmp_path / 'net.onnx'
    with pytest.raises(ValueError, match='--size HEIGHT WIDTH'):
        export_onnx(config, checkpoint, str(out))
    assert not out.exists()
    assert main([config, checkpoint, str(out), '--size', '96', '192']) == 0
    said = capsys.readouterr()
    assert '96x192' in said.out and 'one size only' in said.err
    batch = torch.randn(1, 3, 96, 192, generator=torch.Generator().manual_seed(3))
    wanted = predict(network, batch)[0].seg_logits.data
    np.testing.assert_allclose(run(str(out), batch)['logits'][0], wanted, atol=1e-4)
    assert main([config, checkpoint, str(out), '--size', '96', '192', '--dynamic']) == 2


def test_what_computes_outside_of_torch_is_refused(tmp_path):
    model = behind(dict(type='ClassicalRestorer', method='median'))
    config, checkpoint, _ = write(tmp_path, model)
    with pytest.raises(ValueError, match='ClassicalRestorer'):
        export_onnx(config, checkpoint, str(tmp_path / 'net'), size=(32, 32))
    assert not (tmp_path / 'net.onnx').exists()


def test_a_graph_that_is_not_the_prediction_is_refused(tmp_path, monkeypatch):
    from mmseg.models.decode_heads import FCNHead

    own = FCNHead.predict
    monkeypatch.setattr(FCNHead, 'predict', lambda self, *args: 2 * own(self, *args))
    config, checkpoint, _ = write(tmp_path, SEG)
    with pytest.raises(ValueError, match='encode_decode'):
        export_onnx(config, checkpoint, str(tmp_path / 'net'))


def test_tolerance_is_kept(tmp_path):
    config, checkpoint, _ = write(tmp_path, SEG)
    with pytest.raises(ValueError, match=r'logits of inputs .* differs by'):
        export_onnx(config, checkpoint, str(tmp_path / 'net'), dynamic=True, tolerance=1e-12)


def test_models_without_scores_are_named():
    class Instances(torch.nn.Module):
        def forward(self, inputs, mode):
            return dict(boxes=inputs)

    with pytest.raises(TypeError, match='Instances gives dict'):
        inference_tensors(Instances(), torch.zeros(1, 3, 8, 8))


def test_missing_package_says_what_to_install():
    with pytest.raises(ImportError, match=r'pip install mmdegrade\[export\]'):
        load('onnx_of_another_name')


def test_command_line_says_what_is_wrong(tmp_path, capsys):
    config, checkpoint, _ = write(tmp_path, SEG)
    assert main([config, str(tmp_path / 'no.pth'), str(tmp_path / 'net')]) == 2
    assert 'no.pth' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([config, checkpoint, str(tmp_path / 'net'), '--fixed'])
    assert main([config, checkpoint, str(tmp_path / 'net'), '--labels']) == 0
    assert 'labels; any size' in capsys.readouterr().out


@pytest.mark.slow
def test_the_newer_exporter(tmp_path):
    config, checkpoint, network = write(tmp_path, behind(dict(type='CBDNet')))
    done = export_onnx(config, checkpoint, str(tmp_path / 'net'), size=(48, 56), dynamo=True)
    batch = torch.randn(1, 3, 48, 56, generator=torch.Generator().manual_seed(3))
    found = run(done.path, batch)
    (sample,) = predict(network, batch)
    np.testing.assert_allclose(found['restored'][0], sample.restored_img.data, atol=1e-4)
