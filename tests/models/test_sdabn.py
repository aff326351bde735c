"""SDABN: the cascade equals the formulas, stages train their parts, mistakes are named."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.registry import RUNNERS
from mmseg.registry import MODELS
from torch import nn
from torch.nn import functional as F

from mmdegrade.compat.checkpoint_loading import load_checkpoint_safely
from mmdegrade.models.restorers import Restorer
from tests.tiny import batch, fcn_r18, make_camvid, save_clean
from tests.two_processes import run_in_two, stage_gradients

MEAN = torch.tensor([123.675, 116.28, 103.53])[:, None, None]
STD = torch.tensor([58.395, 57.12, 57.375])[:, None, None]


@ROOT_MODELS.register_module(force=True)
class TinyDenoiser(Restorer):
    """One convolution of image and condition."""

    conditional = True

    def __init__(self, condition_channels: int = 11, init_cfg=None) -> None:
        super().__init__(init_cfg)
        self.condition_channels = condition_channels
        self.conv = nn.Conv2d(3 + condition_channels, 3, 3, padding=1)

    def forward(self, images, condition=None):
        return self.conv(torch.cat([images, condition], 1))


def cascade(**kwargs) -> dict:
    return dict(
        dict(
            type='SDABNSegmentor',
            segmentor=fcn_r18(dropout=0),
            denoiser=dict(type='TinyDenoiser'),
        ),
        **kwargs,
    )


def build(**kwargs):
    torch.manual_seed(0)
    model = MODELS.build(cascade(**kwargs))
    model.init_weights()
    return model


def by_hand(model, inputs, blocks: int, condition=lambda logits: logits):
    """The two formulas of the header, written out."""
    noisy = (inputs * STD + MEAN) / 255
    restored = None
    for block in range(1, blocks + 1):
        given = inputs if restored is None else (restored * 255 - MEAN) / STD
        scores = getattr(model, f'S{block}')(given, mode='tensor')
        logits = F.interpolate(scores, inputs.shape[-2:], mode='bilinear', align_corners=False)
        if not hasattr(model, f'D{block}'):
            break
        before = 0 if restored is None else restored
        restored = getattr(model, f'D{block}')(noisy + before, condition(logits))
    return logits, restored


@pytest.mark.parametrize('last', ['S', 'D'])
@pytest.mark.parametrize('condition', ['logits', 'softmax'])
def test_cascade_equals_the_formulas(last, condition):
    model = build(num_blocks=3, last=last, condition=condition).eval()
    assert model.sequence == ['S1', 'D1', 'S2', 'D2', 'S3', 'D3'][: 5 if last == 'S' else 6]
    inputs, samples = batch(2)
    turn = dict(logits=lambda x: x, softmax=lambda x: x.softmax(1))[condition]
    with torch.no_grad():
        logits, restored = by_hand(model, inputs, 3, turn)
        predicted = model.predict(inputs, samples)
    for i, sample in enumerate(predicted):
        torch.testing.assert_close(sample.seg_logits.data, logits[i], rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(sample.restored_img.data, restored[i], rtol=1e-5, atol=1e-5)
        assert torch.equal(sample.pred_sem_seg.data[0], logits[i].argmax(0))
    assert float(restored.min()) < 0  # nothing is clipped on the way


def test_true_labels_and_the_image_as_condition():
    inputs, samples = batch(2)
    labels = torch.stack([sample.gt_sem_seg.data[0] for sample in samples])
    samples[0].gt_sem_seg.data[0, :5] = 255
    onehot = torch.zeros(2, 11, 64, 64).scatter_(1, labels[:, None].clamp(max=10), 1.0)
    onehot[0, :, :5] = 0
    model = build(condition='onehot-gt').eval()
    image = build(
        condition='image', denoiser=dict(type='TinyDenoiser', condition_channels=3)
    ).eval()
    noisy = (inputs * STD + MEAN) / 255
    with torch.no_grad():
        for one, condition in ((model, onehot), (image, noisy)):
            logits, _ = by_hand(one, inputs, 2, lambda _, condition=condition: condition)
            got = torch.stack([sample.seg_logits.data for sample in one.predict(inputs, samples)])
            torch.testing.assert_close(got, logits, rtol=1e-5, atol=1e-5)
        del samples[0].gt_sem_seg
        with pytest.raises(ValueError, match='onehot-gt'):
            model.predict(inputs, samples)


def test_a_stage_optimises_the_last_part_it_trains():
    model = build(num_blocks=2, last='D').train()
    inputs, samples = batch(2, clean=True)
    for part in model.sequence:
        model.train_only(part)
        model.train()
        model.zero_grad()
        total, _ = model.parse_losses(model.loss(inputs, samples))
        total.backward()
        moved = {name.split('.')[0] for name, p in model.named_parameters() if p.grad is not None}
        assert moved == {part}
        assert {n for n in model.sequence if getattr(model, n).training} == {part}
    # A D: half the squared error of an image, without its outermost pixels.
    restored = by_hand(model.eval(), inputs, 2)[1]
    clean = torch.stack([sample.clean_img.data for sample in samples]) * STD / 255 + MEAN / 255
    error = (restored - clean)[..., 1:-1, 1:-1].square().sum() / 4
    assert float(model.loss(inputs, samples)['loss_denoise']) == pytest.approx(
        float(error), rel=1e-4
    )


def test_joint_training_reaches_every_part():
    model = build().train()
    model.train_only('S1', 'D1', 'S2')
    losses = model.loss(*batch(2))
    assert set(losses) == {'decode.loss_ce', 'decode.acc_seg'}
    losses['decode.loss_ce'].backward()
    for part in model.sequence:
        grads = [p.grad for p in getattr(model, part).parameters()]
        assert all(grad is not None for grad in grads)
        assert any(float(grad.abs().max()) > 0 for grad in grads)


def test_stopping_early():
    inputs, samples = batch(1)
    whole = build(num_blocks=2, last='D').eval()
    for stop, blocks in (('S1', 1), ('D1', 1), ('S2', 2)):
        part = build(num_blocks=2, last='D', stop_after=stop).eval()
        part.load_state_dict(whole.state_dict())
        with torch.no_grad():
            logits, restored = by_hand(whole, inputs, blocks)
            sample = part.predict(inputs, samples)[0]
        torch.testing.assert_close(sample.seg_logits.data, logits[0], rtol=1e-5, atol=1e-5)
        assert ('restored_img' in sample) == (stop != 'S1')
        del samples[0].seg_logits, samples[0].pred_sem_seg
        samples[0].pop('restored_img', None)
    whole.train_only('S1')
    with torch.no_grad():
        assert 'restored_img' not in whole.predict(inputs, samples)[0]


@pytest.mark.parametrize(
    'change, match',
    [
        (dict(last='X'), "model.last='X'; allowed: 'S', 'D'"),
        (dict(condition='labels'), "model.condition='labels'; allowed: None, 'logits'"),
        (dict(num_blocks=0), 'model.num_blocks=0'),
        (dict(num_blocks=True), 'model.num_blocks=True'),
        (dict(stop_after='D2'), r"stop_after='D2'; allowed: \['S1', 'D1', 'S2'\]"),
        (
            dict(denoiser=dict(type='TinyDenoiser', condition_channels=19)),
            'condition_channels=19.*has 11 channels: set it to 11',
        ),
        (
            dict(denoiser=dict(type='ClassicalRestorer', method='median')),
            'ClassicalRestorer takes no condition',
        ),
        (dict(segmentor=dict(fcn_r18(), test_cfg=dict(mode='slide'))), "mode='slide'"),
    ],
)
def test_mistakes_are_named(change, match):
    with pytest.raises(ValueError, match=match):
        build(**change)
    with pytest.raises(TypeError, match='not a Restorer'):
        build(denoiser=dict(type='BaseDataPreprocessor'))


def test_clean_checkpoint_starts_every_segmentor(tmp_path):
    clean = save_clean(fcn_r18(dropout=0), tmp_path / 'clean.pth')
    state = torch.load(clean, weights_only=True)['state_dict']
    model = build(clean_checkpoint=clean)
    for part in ('S1', 'S2'):
        own = getattr(model, part).state_dict()
        assert all(torch.equal(own[key], value) for key, value in state.items())


def pipeline(*geometry):
    return [
        dict(type='LoadImage'),
        dict(type='LoadMask'),
        *geometry,
        dict(type='Degrade', kind='awgn', degree=4, preset='sdabn', keep_clean=True),
        dict(type='PackDegradeInputs'),
    ]


def camvid(folder, *geometry):
    make_camvid(folder)
    return dict(
        type='CamVidDataset',
        data_root=str(folder),
        ann_file='train.txt',
        pipeline=pipeline(*geometry),
    )


def crop(size):
    return dict(type='RandomCrop', crop_size=(size, size))


def test_three_stages_in_one_run(tmp_path):
    dataset = camvid(tmp_path / 'camvid', crop(48))
    clean = save_clean(fcn_r18(dropout=0), tmp_path / 'clean.pth')
    adam = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
    patches = dict(batch_size=3, dataset=dict(pipeline=pipeline(crop(32))))
    cfg = Config(
        dict(
            default_scope='mmseg',
            runner_type='DegradeRunner',
            work_dir=str(tmp_path / 'work'),
            model=cascade(clean_checkpoint=clean),
            train_dataloader=dict(
                batch_size=2, num_workers=0, sampler=dict(type='KeyedSampler'), dataset=dataset
            ),
            train_cfg=dict(
                type='StagedTrainLoop',
                stages=[
                    dict(name='S1', train=['S1'], iters=2),
                    dict(name='D1', train=['D1'], iters=2, optim_wrapper=adam, dataloader=patches),
                    dict(name='S2', train=['S2'], iters=2, init_from=dict(S2='S1')),
                ],
            ),
            optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01)),
            default_hooks=dict(
                logger=dict(type='LoggerHook', interval=1),
                checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=100),
                random_state=dict(type='RandomStateHook'),
            ),
            log_processor=dict(by_epoch=False),
            randomness=dict(seed=1),
            experiment_name='sdabn_stages',
        )
    )
    RUNNERS.build(cfg).train()
    states = [
        load_checkpoint_safely(f'{cfg.work_dir}/stage_{i}_{name}.pth')['state_dict']
        for i, name in ((1, 'S1'), (2, 'D1'), (3, 'S2'))
    ]

    def weights(state, part):
        return torch.cat([
            value.flatten().double()
            for key, value in state.items() if key.startswith(part)
        ])  # fmt: skip

    for part, moves in (('S1.', (0,)), ('D1.', (1,)), ('S2.', (2,))):
        for stage in (1, 2):
            same = torch.equal(weights(states[stage - 1], part), weights(states[stage], part))
            assert same == (stage not in moves)


def test_a_checkpoint_of_fewer_blocks_is_not_tested(tmp_path):
    dataset = camvid(tmp_path / 'camvid')
    one = build(num_blocks=1, last='D')
    torch.save(dict(state_dict=one.state_dict(), meta={}), tmp_path / 'sdb1.pth')

    def test(**changes):
        cfg = dict(
            default_scope='mmseg',
            runner_type='DegradeRunner',
            work_dir=str(tmp_path / 'work'),
            load_from=str(tmp_path / 'sdb1.pth'),
            model=cascade(num_blocks=2, last='D', **changes),
            test_dataloader=dict(batch_size=1, num_workers=0, dataset=dataset),  # without a sampler
            test_cfg=dict(type='TestLoop'),
            test_evaluator=dict(type='RestorationMetric'),
            experiment_name=f'sdabn_blocks_{len(changes)}',
        )
        runner = RUNNERS.build(Config(cfg))
        return runner.model, runner.test()

    message = 'holds the parts S1, D1, and .* tests S1, D1, S2, D2: S2, D2 .*stop_after=D1'
    with pytest.raises(ValueError, match=message):
        test()
    model, found = test(stop_after='D1')
    assert torch.equal(model.D1.conv.weight, one.D1.conv.weight)
    assert found['PSNR'] > 0


STAGES = [('S1',), ('D1',), ('S2',), ('S1', 'D1', 'S2')]
TWO_PROCESSES = """
import sys, torch
import torch.distributed as dist
from mmengine.registry import init_default_scope
from mmdegrade.engine import StagedDistributedDataParallel
from tests.models.test_sdabn import STAGES, build
from tests.tiny import batch
from tests.two_processes import stage_gradients
init_default_scope('mmseg')
torch.set_num_threads(1)
dist.init_process_group('gloo')
model = StagedDistributedDataParallel(build().double())
inputs, samples = batch(4, clean=True, dtype=torch.float64)
mine = slice(dist.get_rank(), None, 2)
grads = stage_gradients(model, STAGES, inputs[mine], samples[mine])
assert not any('.module.' in key for key in model.module.state_dict())
if dist.get_rank() == 0:
    torch.save(grads, sys.argv[1])
dist.barrier()
del model
dist.destroy_process_group()
"""


def test_two_processes_equal_one_with_the_same_four_images(tmp_path):
    out = tmp_path / 'grads.pth'
    run_in_two(tmp_path, TWO_PROCESSES, out)
    one = stage_gradients(build().double(), STAGES, *batch(4, clean=True, dtype=torch.float64))
    two = torch.load(out, weights_only=True)
    assert two.keys() == one.keys() and len(one) > 100
    for name, grad in one.items():
        scale = max(1.0, float(grad.abs().max()))
        assert float((two[name] - grad).abs().max()) <= 1e-12 * scale, name
