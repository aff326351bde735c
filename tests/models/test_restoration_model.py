"""RestorationModel: modes, losses, conditions, checkpoints, and a run of the stock kind."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from skimage.metrics import peak_signal_noise_ratio

from mmdegrade.models.restoration_model import named_losses
from tests import tiny_restorers  # noqa: F401
from tests.tiny import batch, fcn_r18, make_camvid, save_clean

L1 = dict(type='RestorationL1Loss')
MSE = dict(type='RestorationMSELoss')


def build(**kwargs):
    return MODELS.build(
        {'type': 'RestorationModel', 'restorer': dict(type='ConvRestorer'), 'losses': L1, **kwargs}
    )


def loaded(n=2, size=(16, 20), padding=0):
    """(a batch as a data loader gives it, clean images N×3×H×W RGB on [0, 1])."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (n, 2, 3, *size), np.uint8)
    data = dict(inputs=[torch.from_numpy(pair[0]) for pair in images], data_samples=[])
    for pair in images:
        sample = SegDataSample(metainfo=dict(img_shape=size, ori_shape=size))
        sample.clean_img = PixelData(data=torch.from_numpy(pair[1]))
        sample.gt_sem_seg = PixelData(data=torch.from_numpy(rng.integers(0, 5, (1, *size))))
        data['data_samples'].append(sample)
    return data, torch.from_numpy(images[:, :, ::-1].copy()) / 255


def test_the_restorer_sees_rgb_on_0_1_and_the_loss_the_clean_image():
    model = build(restorer=dict(type='ConvRestorer', zero=True), losses=dict(a=L1, b=MSE))
    data, images = loaded()
    prepared = model.data_preprocessor(data, True)
    assert torch.allclose(model(**prepared), images[:, 0], atol=1e-6)
    losses = model(**prepared, mode='loss')
    d = (images[:, 0] - images[:, 1]).double().numpy()
    assert set(losses) == {'loss_a', 'loss_b', 'psnr'}
    assert losses['loss_a'].item() == pytest.approx(np.abs(d).mean(), rel=1e-5)
    assert losses['loss_b'].item() == pytest.approx((d**2).mean(), rel=1e-5)
    expected = [peak_signal_noise_ratio(c.numpy(), i.numpy(), data_range=1) for i, c in images]
    assert losses['psnr'].item() == pytest.approx(np.mean(expected), abs=1e-4)
    total, logged = model.parse_losses(losses)
    assert total == losses['loss_a'] + losses['loss_b'] and 'psnr' in logged


def test_any_preprocessor_of_mmseg():
    stock = dict(
        type='SegDataPreProcessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        size=(16, 24),
    )
    model = build(restorer=dict(type='ConvRestorer', zero=True), data_preprocessor=stock)
    data, images = loaded()
    out = model(**model.data_preprocessor(data, True))
    assert out.shape[-2:] == (16, 24) and torch.allclose(out[..., :20], images[:, 0], atol=1e-5)


def test_a_batch_is_padded_to_its_largest_image():
    model = build()
    (small, _), (large, _) = loaded(1), loaded(1, (20, 18))
    data = {key: small[key] + large[key] for key in small}
    prepared = model.data_preprocessor(data, True)
    assert prepared['inputs'].shape == (2, 3, 20, 20)
    assert model(**prepared, mode='loss')['loss_l1'].isfinite()


def test_predictions_lose_the_padding_and_are_not_clipped():
    preprocessor = dict(
        type='DegradeDataPreprocessor', mean=[0] * 3, std=[255] * 3, bgr_to_rgb=True,
        test_cfg=dict(size_divisor=32),
    )  # fmt: skip
    model = build(data_preprocessor=preprocessor, losses=None).train(False)
    model.restorer.conv.bias.data += 1  # beyond white
    data, images = loaded()
    with torch.no_grad():
        samples = model.test_step(data)
        expected = model.restorer(torch.nn.functional.pad(images[:, 0], (0, 12, 0, 16)))
    assert expected.max() > 1
    for sample, image in zip(samples, expected, strict=True):
        assert torch.allclose(sample.restored_img.data, image[:, :16, :20], atol=1e-6)
    (alone,) = model(torch.zeros(1, 3, 8, 8), mode='predict')
    assert alone.restored_img.shape == (8, 8)


@pytest.mark.parametrize(
    ('condition', 'width', 'num_classes'),
    [('image', 3, None), (dict(name='noise_level', sigma=51), 1, None), ('onehot-gt', 5, 5)],
)
def test_conditions(condition, width, num_classes):
    restorer = dict(type='ConvRestorer', condition_channels=width)
    model = build(restorer=restorer, condition=condition, num_classes=num_classes)
    data, images = loaded()
    model.loss(**model.data_preprocessor(data, True))
    (seen,) = model.restorer.seen
    assert seen.shape[1] == width
    if condition == 'image':
        assert torch.allclose(seen, images[:, 0], atol=1e-6)
    elif num_classes:
        labels = torch.stack([s.gt_sem_seg.data[0] for s in data['data_samples']])
        assert torch.equal(seen.argmax(1), labels)
    else:
        assert torch.allclose(seen, torch.full((2, 1, 1, 1), 0.2))


def test_labels_that_are_missing_in_a_test():
    restorer = dict(type='ConvRestorer', condition_channels=5)
    model = build(restorer=restorer, condition='onehot-gt', num_classes=5).train(False)
    data, _ = loaded()
    for sample in data['data_samples']:
        del sample.gt_sem_seg
    with pytest.raises(ValueError, match="condition='onehot-gt' needs the labels.*LoadMask"):
        model.test_step(data)


def test_dms(tmp_path):
    """MSE + 0.02 CE of a frozen segmentor."""
    clean = save_clean(fcn_r18(), tmp_path / 'clean.pth')
    segmentation = dict(
        type='SegmentationLoss', segmentor=fcn_r18(), checkpoint=clean, loss_weight=0.02
    )
    model = build(losses=[MSE, segmentation])
    model.init_weights()
    data, _ = loaded(size=(32, 32))
    losses = model.train()(**model.data_preprocessor(data, True), mode='loss')
    assert set(losses) == {'loss_mse', 'loss_segmentation', 'psnr'}
    losses['loss_segmentation'].backward()
    assert model.restorer.conv.weight.grad.abs().sum() > 0
    assert {key.partition('.')[0] for key in model.state_dict()} == {'restorer'}


def test_named_losses():
    assert named_losses(None) == {}
    assert named_losses(L1) == {'l1': L1} and named_losses([L1, MSE]) == {'l1': L1, 'mse': MSE}
    assert named_losses(dict(x=L1, y=L1)) == {'x': L1, 'y': L1}
    with pytest.raises(ValueError, match="two of type 'RestorationL1Loss'; name them"):
        named_losses([L1, L1])


def test_checkpoints(tmp_path):
    model = build()
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'model.pth')
    torch.save(model.restorer.state_dict(), tmp_path / 'restorer.pth')
    wanted = model.restorer.conv.weight
    for name in ('model.pth', 'restorer.pth'):
        started = build(restorer_checkpoint=str(tmp_path / name))
        started.init_weights()
        assert torch.equal(started.restorer.conv.weight, wanted)
    tested = build(losses=None)  # as test.py loads either
    tested.load_state_dict(torch.load(tmp_path / 'restorer.pth'))
    assert torch.equal(tested.restorer.conv.weight, wanted)
    behind = MODELS.build(
        dict(
            type='RestoreThenSegment',
            segmentor=fcn_r18(),
            restorer=dict(type='ConvRestorer'),
            restorer_checkpoint=str(tmp_path / 'model.pth'),
        )
    )
    behind.init_weights()
    assert torch.equal(behind.restorer.conv.weight, wanted)
    with pytest.raises(FileNotFoundError, match='model.restorer_checkpoint=.*no such checkpoint'):
        build(restorer_checkpoint=str(tmp_path / 'none.pth')).init_weights()


def test_errors():
    with pytest.raises(TypeError, match="restorer.type='FCNHead' is not a Restorer"):
        build(restorer=fcn_r18()['decode_head'])
    with pytest.raises(ValueError, match='ConvRestorer needs a condition'):
        build(restorer=dict(type='ConvRestorer', condition_channels=1))
    with pytest.raises(ValueError, match='ConvRestorer takes no condition'):
        build(condition='image')
    inputs, samples = batch(2, (16, 16), clean=True)
    with pytest.raises(ValueError, match="mode='train'; allowed: 'tensor', 'loss', 'predict'"):
        build()(inputs, samples, mode='train')
    with pytest.raises(ValueError, match='model.losses is not set'):
        build(losses=None)(inputs, samples, mode='loss')
    with pytest.raises(ValueError, match=r'RestorationModel needs clean.*keep_clean=True'):
        build()(*batch(2, (16, 16)), mode='loss')


# --- in a run ----------------------------------------------------------------------------------


def config(root, work_dir, **kwargs) -> Config:
    pipeline = [
        dict(type='LoadImage'),
        dict(type='Degrade', kind='awgn', sigma=25, clip=False, keep_clean=True),
        dict(type='PackDegradeInputs'),
    ]
    crop = [pipeline[0], dict(type='RandomCrop', crop_size=(24, 24)), *pipeline[1:]]
    loader = dict(batch_size=1, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False))
    image_set = dict(type='CleanImageDataset', data_root=str(root / 'camvid' / 'test'))
    cfg = dict(
        default_scope='mmseg',
        runner_type='DegradeRunner',
        work_dir=str(work_dir),
        model=dict(
            type='RestorationModel',
            restorer=dict(type='ConvRestorer'),
            losses=dict(mse=dict(MSE, reduction='half_sum', border=1)),
        ),
        train_dataloader=dict(
            batch_size=2,
            num_workers=0,
            sampler=dict(type='KeyedSampler'),
            dataset=dict(
                type='CleanImageDataset', data_root=str(root / 'camvid' / 'train'), pipeline=crop
            ),
        ),
        val_dataloader=dict(loader, dataset=dict(image_set, pipeline=pipeline, test_mode=True)),
        test_dataloader=dict(loader, dataset=dict(image_set, pipeline=pipeline, test_mode=True)),
        val_evaluator=dict(type='RestorationMetric', protocol='sdabn'),
        test_evaluator=dict(type='RestorationMetric', protocol='sdabn'),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=1e-3, weight_decay=1e-4)),
        train_cfg=dict(type='IterBasedTrainLoop', max_iters=3, val_interval=3),
        val_cfg=dict(),
        test_cfg=dict(),
        default_hooks=dict(
            logger=dict(type='LoggerHook', interval=1, log_metric_by_epoch=False),
            checkpoint=dict(
                type='CheckpointHook', by_epoch=False, interval=3, save_best='PSNR', rule='greater'
            ),
            visualization=dict(
                type='DegradedVisualizationHook', restored_dir=str(work_dir / 'restored')
            ),
        ),
        log_processor=dict(by_epoch=False),
        randomness=dict(seed=0),
        experiment_name=f'restoration{len(str(work_dir))}{len(kwargs)}',
    )
    return Config({**cfg, **kwargs})


def test_three_iterations_through_the_runner(tmp_path):
    make_camvid(tmp_path / 'camvid', images=3, size=(32, 40))
    runner = RUNNERS.build(config(tmp_path, tmp_path / 'work'))
    runner.train()
    logged = runner.message_hub.log_scalars
    assert {'train/loss_mse', 'train/psnr', 'val/PSNR', 'val/SSIM'} <= set(logged)
    assert len(logged['train/loss_mse'].data[0]) == 3
    checkpoint = torch.load(tmp_path / 'work' / 'iter_3.pth', weights_only=False)
    assert set(checkpoint['state_dict']) == {'restorer.conv.weight', 'restorer.conv.bias'}
    assert (tmp_path / 'work' / 'best_PSNR_iter_3.pth').is_file()

    tester = RUNNERS.build(
        config(tmp_path, tmp_path / 'test', load_from=str(tmp_path / 'work' / 'iter_3.pth'))
    )
    metrics = tester.test()
    assert metrics['PSNR'] == pytest.approx(logged['val/PSNR'].current())
    # Independently: the restorer on the data set, compared by scikit-image.
    restorer, expected = runner.model.restorer, []
    for item in tester.test_dataloader.dataset:
        rgb, clean = (
            x.float().flip(0) / 255 for x in (item['inputs'], item['data_samples'].clean_img.data)
        )
        with torch.no_grad():
            out = restorer(rgb[None])[0]
        name = item['data_samples'].img_path.rpartition('/')[2]
        written = cv2.imread(str(tmp_path / 'test' / 'restored' / name))
        shown = np.rint(out.clamp(0, 1).numpy() * 255).astype(np.uint8)
        assert np.array_equal(written[..., ::-1].transpose(2, 0, 1), shown)
        inner = (x[:, 1:-1, 1:-1].double().numpy() for x in (clean, out))
        expected.append(peak_signal_noise_ratio(*inner, data_range=1))
    assert len(expected) == 3 and metrics['PSNR'] == pytest.approx(np.mean(expected), abs=1e-4)
