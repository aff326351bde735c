"""RestorationMetric: values, protocols, what may be missing, loops, several processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.registry import METRICS, RUNNERS
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from mmdegrade.degradations import degrade
from mmdegrade.evaluation import RestorationMetric
from tests import tiny_restorers  # noqa: F401
from tests.tiny import fcn_r18, make_camvid, save_clean

ROOT = Path(__file__).resolve().parents[2]
SIZES = [(24, 30), (24, 30), (40, 26)]


def batch(restored=None, dtype=np.uint8):
    """(data batch, predictions, [(degraded, clean, restored)]) of three images.

    The pictures of the last are H×W×3 RGB on [0, 1], float64.
    """
    rng = np.random.default_rng(0)
    inputs, given, predicted, pictures = [], [], [], []
    for number, size in enumerate(SIZES):
        clean = rng.integers(0, 256, (*size, 3)).astype(dtype)
        image = degrade(clean.astype(np.float32) / 255, 'awgn', sigma=25, rng=number) * 255
        fixed = (image + clean) / 510 if restored is None else restored(clean / 255)
        meta = dict(img_path=f'{number}.png')
        inputs.append(torch.from_numpy(image.astype(np.float32).transpose(2, 0, 1).copy()))
        tensor = torch.from_numpy(clean.transpose(2, 0, 1).copy())
        given.append(SegDataSample(metainfo=meta, clean_img=PixelData(data=tensor)))
        rgb = torch.from_numpy(fixed[..., ::-1].astype(np.float32).transpose(2, 0, 1).copy())
        predicted.append(SegDataSample(metainfo=meta, restored_img=PixelData(data=rgb)))
        pictures.append(
            tuple(x[..., ::-1].astype(float) for x in (image / 255, clean / 255, fixed))
        )
    return dict(inputs=inputs, data_samples=given), predicted, pictures


def measure(data_batch, predicted, **kwargs) -> dict:
    evaluator = Evaluator([dict(type='RestorationMetric', **kwargs)])
    evaluator.process(predicted, data_batch)
    return evaluator.evaluate(len(predicted))


def skimage_means(pairs, border=0, change=lambda x: x):
    psnr, ssim = [], []
    for a, b in pairs:
        stop = -border or None
        a, b = (change(x)[border:stop, border:stop] for x in (a, b))
        psnr.append(peak_signal_noise_ratio(b, a, data_range=1))
        ssim.append(
            structural_similarity(
                a, b, data_range=1, channel_axis=2, gaussian_weights=True, sigma=1.5,
                use_sample_covariance=False,
            )
        )  # fmt: skip
    return pytest.approx(np.mean(psnr), abs=1e-4), pytest.approx(np.mean(ssim), abs=1e-5)


def clip(x):
    return np.clip(x, 0, 1)


@pytest.mark.parametrize(
    ('kwargs', 'border', 'change'),
    [
        ({}, 0, clip),
        (dict(protocol='sdabn'), 1, lambda x: x),
        (dict(protocol='sdabn', border=3, clip=True), 3, clip),
        (dict(clip=False), 0, lambda x: x),
        (dict(round=True), 0, lambda x: np.rint(clip(x) * 255) / 255),
        (dict(protocol='d2sm', border=4), 4, clip),
    ],
)
@pytest.mark.parametrize('image', ['restored_img', 'input'])
def test_values_are_those_of_scikit_image(kwargs, border, change, image):
    data_batch, predicted, pictures = batch()
    metrics = measure(data_batch, predicted, image=image, **kwargs)
    pairs = [(x[2] if image == 'restored_img' else x[0], x[1]) for x in pictures]
    psnr, ssim = skimage_means(pairs, border, change)
    prefix = 'input/' if image == 'input' else ''
    assert metrics == {f'{prefix}PSNR': psnr, f'{prefix}SSIM': ssim}


def test_d2sm_shaves_64_pixels():
    metric = METRICS.build(dict(type='RestorationMetric', protocol='d2sm'))
    assert (metric.border, metric.clip, metric.round) == (64, True, False)


def test_gaussian_noise_of_known_level():
    """25 of 255 unclipped: 20.17 dB."""
    clean = np.zeros((200, 200, 3), np.uint8) + 128
    image = degrade(clean, 'awgn', sigma=25, clip=False, rng=0) * 255
    data = dict(
        inputs=[torch.from_numpy(image.transpose(2, 0, 1).copy())],
        data_samples=[
            SegDataSample(clean_img=PixelData(data=torch.from_numpy(clean.transpose(2, 0, 1))))
        ],
    )
    metrics = measure(data, [SegDataSample()], image='input', protocol='sdabn', metrics='psnr')
    assert metrics == {'input/PSNR': pytest.approx(20 * np.log10(255 / 25), abs=0.05)}


def test_a_perfect_image_does_not_poison_the_mean():
    data_batch, predicted, pictures = batch(restored=lambda clean: clean)
    assert measure(data_batch, predicted) == {'PSNR': 100, 'SSIM': pytest.approx(1)}
    predicted[0].restored_img = batch()[1][0].restored_img
    one = peak_signal_noise_ratio(pictures[0][1], clip(batch()[2][0][2]), data_range=1)
    mean = measure(data_batch, predicted)['PSNR']
    assert mean == pytest.approx((one + 200) / 3, abs=1e-3) and np.isfinite(mean)


def test_dicts_bare_tensors_and_float_images():
    data_batch, predicted, _ = batch(dtype=np.float32)
    expected = measure(data_batch, predicted)
    data_batch['data_samples'] = [
        dict(img_path='0', clean_img=one.clean_img.data) for one in data_batch['data_samples']
    ]
    assert measure(data_batch, predicted) == expected
    data_batch['data_samples'] = [
        dict(clean_img=dict(data=one['clean_img'])) for one in data_batch['data_samples']
    ]
    assert measure(data_batch, predicted) == expected


def test_on_its_own_prefix_and_order():
    metric = RestorationMetric(metrics=['ssim'], prefix='after')
    assert metric.prefix == 'after' and RestorationMetric(image='input').prefix == 'input'
    data_batch, predicted, _ = batch()
    assert list(measure(data_batch, predicted, metrics=['ssim'], prefix='after')) == ['after/SSIM']


def test_no_images_at_all():
    assert np.isnan(RestorationMetric().compute_metrics([])['PSNR'])


@pytest.mark.parametrize(
    ('kwargs', 'words'),
    [
        (dict(metrics=['psnr', 'mse']), r"metrics=\['psnr', 'mse'\]; allowed: some of"),
        (dict(metrics=[]), 'allowed: some of'),
        (dict(image='clean'), r"image='clean'; allowed: \('restored_img', 'input'\)"),
        (dict(protocol='dgn'), "protocol='dgn'; allowed: None, 'sdabn', 'd2sm'"),
        (dict(border=-1), 'border=-1; allowed: 0 or more'),
        (dict(border=2.0), 'border=2.0'),
        (dict(lpips=dict(net='alex')), "metrics does not have 'lpips'"),
        (dict(metrics=['lpips']), 'lpips.backbone is not set'),
    ],
)
def test_wrong_options(kwargs, words):
    with pytest.raises(ValueError, match=words):
        METRICS.build(dict(type='RestorationMetric', **kwargs))


def test_what_is_missing_is_named():
    data_batch, predicted, _ = batch()
    for sample in data_batch['data_samples']:
        del sample.clean_img
    with pytest.raises(ValueError, match=r'0.png has no clean.*keep_clean=True.*PackDegradeInputs'):
        measure(data_batch, predicted)
    data_batch, predicted, _ = batch()
    with pytest.raises(ValueError, match="0.png has no restored_img: .*image='input'"):
        measure(data_batch, [SegDataSample(metainfo=dict(img_path='0.png'))])
    predicted[2].restored_img = PixelData(data=predicted[2].restored_img.data[:, :39])
    with pytest.raises(ValueError, match=r'2.png: restored_img is \(3, 39, 26\), the clean .*40'):
        measure(data_batch, predicted)
    data_batch, predicted, _ = batch()
    with pytest.raises(ValueError, match='0.png: border=64 leaves nothing of images of 24x30'):
        measure(data_batch, predicted, protocol='d2sm')
    with pytest.raises(ValueError, match='0.png: SSIM looks through windows .* 10x16'):
        measure(data_batch, predicted, border=7)
    waiting = [dict(kind='awgn', params={}, device_seed=3)]
    data_batch['data_samples'][0].set_metainfo(dict(degradations=waiting))
    with pytest.raises(ValueError, match='0.png is still clean.*on_device=False'):
        measure(data_batch, predicted, image='input')


# --- in runs -----------------------------------------------------------------------------------

PIPELINE = [
    dict(type='LoadImage'),
    dict(type='Degrade', keep_clean=True),
    dict(type='LoadMask'),
    dict(type='PackDegradeInputs'),
]
EVALUATOR = [
    dict(type='IoUMetric', iou_metrics=['mIoU']),
    dict(type='RestorationMetric', protocol='sdabn'),
    dict(type='RestorationMetric', protocol='sdabn', image='input'),
]


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp('metric')
    make_camvid(root / 'camvid', images=3, size=(32, 40))
    save_clean(fcn_r18(), root / 'clean.pth')
    return root


def run_test(data, **kwargs) -> dict:
    cfg = dict(
        default_scope='mmseg',
        runner_type='DegradeRunner',
        work_dir=str(data / 'work'),
        degradation=dict(kind='awgn', sigma=25, clip=False),
        model=dict(
            type='RestoreThenSegment',
            segmentor=fcn_r18(),
            restorer=dict(type='ConvRestorer', zero=True),
            clip=False,
        ),
        load_from=str(data / 'clean.pth'),
        test_dataloader=dict(
            batch_size=2,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            dataset=dict(
                type='CamVidDataset',
                data_root=str(data / 'camvid'),
                ann_file='test.txt',
                pipeline=PIPELINE,
            ),
        ),
        test_evaluator=EVALUATOR,
        test_cfg=dict(type='TestLoop'),
        experiment_name=f'metric{len(str(kwargs))}',
    )
    cfg.update(kwargs)
    return RUNNERS.build(Config(cfg)).test()


def test_beside_iou_in_one_pass(data):
    metrics = run_test(data)
    assert {'mIoU', 'PSNR', 'SSIM', 'input/PSNR', 'input/SSIM'} <= set(metrics)
    # A restorer that changes nothing.
    assert metrics['PSNR'] == pytest.approx(metrics['input/PSNR'], abs=1e-3)
    assert metrics['PSNR'] == pytest.approx(20 * np.log10(255 / 25), abs=0.3)


def test_padding_of_the_preprocessor_does_not_count(data):
    segmentor = fcn_r18()
    segmentor['data_preprocessor']['test_cfg'] = dict(size_divisor=32)  # 40 pixels become 64
    model = dict(
        type='RestoreThenSegment',
        segmentor=segmentor,
        restorer=dict(type='ConvRestorer', zero=True),
        clip=False,
    )
    padded = run_test(data, model=model)
    assert padded['PSNR'] == pytest.approx(run_test(data)['PSNR'], abs=1e-4)


def test_several_degradations_in_one_run(data):
    cells = [dict(kind='clean'), dict(kind='awgn', sigma=25, clip=False)]
    together = run_test(data, test_cfg=dict(type='DegradationTestLoop', cells=cells))
    assert together['clean/PSNR'] > 90 and together['clean/input/PSNR'] == 100
    alone = run_test(data)
    assert {k: together[f'awgn_sigma25_clipFalse/{k}'] for k in alone} == alone


def test_stock_test_py_keeps_clean_images(data):
    """Where DegradationHook fills the degradation in, it leaves keep_clean as it is."""
    alone = run_test(data)
    plain = run_test(
        data,
        runner_type='Runner',
        custom_imports=dict(imports=['mmdegrade']),
        custom_hooks=[dict(type='DegradationHook')],
    )
    assert plain == alone


TWO = """
import sys, json
import torch.distributed as dist
import mmdegrade
from mmengine.evaluator import Evaluator
from tests.evaluation.test_restoration_metric import batch
rank, folder = int(sys.argv[1]), sys.argv[2]
dist.init_process_group('gloo', init_method=f'file://{folder}/init', rank=rank, world_size=2)
data, predicted, _ = batch()
mine = range(rank, 4, 2)                       # 0 2 and 1 3: the sampler repeats image 0 as 3
evaluator = Evaluator([dict(type='RestorationMetric', protocol='sdabn')])
for i in mine:
    i = i % 3
    one = {key: value[i:i + 1] for key, value in data.items()}
    evaluator.process(predicted[i:i + 1], one)
metrics = evaluator.evaluate(3)
json.dump(metrics, open(f'{folder}/{rank}.json', 'w'))
"""


@pytest.mark.slow
def test_two_processes(tmp_path):
    env = {**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
    commands = [[sys.executable, '-c', TWO, str(rank), str(tmp_path)] for rank in (0, 1)]
    running = [
        subprocess.Popen(c, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) for c in commands
    ]
    for process in running:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
    data_batch, predicted, _ = batch()
    expected = measure(data_batch, predicted, protocol='sdabn')
    for rank in (0, 1):
        assert json.loads((tmp_path / f'{rank}.json').read_text()) == pytest.approx(expected)
