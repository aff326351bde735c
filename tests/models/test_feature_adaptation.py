"""FAM: one adversarial step equals two plain ones written out; processes, resuming, mistakes."""

import copy
import os
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.registry import RUNNERS
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import nn

from mmdegrade.compat.checkpoint_loading import load_checkpoint_safely
from tests.engine.test_resume import same
from tests.models.ubcn_parts import MEAN, STD, build, ubcn
from tests.tiny import fcn_r18, make_camvid, save_clean
from tests.two_processes import run_in_two

PARTS = ('segmentor', 'discriminator')
DISCRIMINATOR = dict(type='FeatureDiscriminator', in_channels=64, strides=(1,) * 6)
LR = dict(segmentor=0.05, discriminator=0.2)


def data(n: int = 4) -> dict:
    """A batch as a loader gives it."""
    generator = torch.Generator().manual_seed(2)
    images = torch.randint(0, 256, (2, n, 3, 64, 64), generator=generator).float()
    labels = torch.randint(0, 11, (n, 1, 64, 64), generator=generator)
    samples = []
    for clean, label in zip(images[1], labels, strict=True):
        sample = SegDataSample(gt_sem_seg=PixelData(data=label), clean_img=PixelData(data=clean))
        samples.append(sample)
    return dict(inputs=list(images[0]), data_samples=samples)


def model_of(**kwargs):
    """In float64, in the stage FAM."""
    model = build(discriminator=DISCRIMINATOR, adversarial_weight=0.5, **kwargs).double()
    model.train_only(*PARTS)
    return model.train()


def freeze_norms(model):
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.train(False)
    return model


def optimisers(model) -> OptimWrapperDict:
    return OptimWrapperDict(**{
        part: OptimWrapper(torch.optim.SGD(getattr(model, part).parameters(), lr=LR[part]))
        for part in PARTS
    })  # fmt: skip


def weights(model) -> dict:
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def descend(loss, part, lr: float) -> None:
    """One step of gradient descent on the parameters of a part alone."""
    parameters = list(part.parameters())
    with torch.no_grad():
        for parameter, grad in zip(
            parameters, torch.autograd.grad(loss, parameters, retain_graph=True), strict=True
        ):
            parameter -= lr * grad


def expected_after_a_step(model) -> tuple[dict, float, float]:
    """The step of the header with plain torch: weights, D's loss, the adversarial term."""
    model = copy.deepcopy(model)
    batch = data()
    rgb = [torch.stack(x).double().flip(1) for x in (
        batch['inputs'], [s.clean_img.data for s in batch['data_samples']])]  # fmt: skip
    derained = (model.derain(rgb[0] / 255).detach() * 255 - MEAN) / STD
    made = model.segmentor.backbone(derained)[-1]
    scores = model.segmentor.decode_head((None, None, None, made))
    scores = F.interpolate(scores, (64, 64), mode='bilinear', align_corners=False)
    labels = torch.cat([s.gt_sem_seg.data for s in batch['data_samples']])
    ce = F.cross_entropy(scores, labels)
    real = model.segmentor.backbone((rgb[1] - MEAN) / STD)[-1].detach()
    logits = model.discriminator(torch.cat([real, made.detach()]))
    answers = torch.cat([torch.ones_like(logits[:4]), torch.zeros_like(logits[:4])])
    bce = F.binary_cross_entropy_with_logits(logits, answers)
    descend(bce, model.discriminator, LR['discriminator'])
    fooled = model.discriminator(torch.cat([real, made]))[4:]
    adversarial = 0.5 * F.binary_cross_entropy_with_logits(fooled, torch.ones_like(fooled))
    # retain_graph: the discriminator has changed in place, but what it did here is fresh.
    descend(ce + adversarial, model.segmentor, LR['segmentor'])
    return weights(model), float(bce), float(adversarial)


@pytest.mark.parametrize('frozen', [True, False])
def test_a_step_equals_two_plain_ones(frozen):
    """So neither step moves the other's part, and what is not trained stays."""
    model = model_of()
    if frozen:
        freeze_norms(model)
    before = weights(model)
    expected, bce, adversarial = expected_after_a_step(model)
    logged = model.train_step(data(), optimisers(model))
    assert float(logged['discriminator_bce']) == pytest.approx(bce, rel=1e-9)
    assert float(logged['loss_adversarial']) == pytest.approx(adversarial, rel=1e-9)
    total = float(logged['decode.loss_ce']) + adversarial
    assert float(logged['loss']) == pytest.approx(total, rel=1e-6)
    for name, value in weights(model).items():
        torch.testing.assert_close(value, expected[name], rtol=1e-9, atol=1e-11)
        part = name.split('.')[0]
        assert part in PARTS or torch.equal(value, before[name])
    for part in PARTS:  # and they do move
        own = [name for name in before if name.startswith(part) and 'weight' in name]
        now = dict(model.named_parameters())
        still = [name for name in own if torch.equal(now[name], before[name])]
        # The last BN of a residual unit starts at zero: what is before it has no gradient yet.
        assert all('.layer' in name for name in still), still


def test_statistics_are_those_of_derained_images():
    """Clean images pass without a trace, and the discriminator learns statistics once a step."""
    model = model_of()
    model.train_step(data(), optimisers(model))
    norms = [m for part in PARTS for m in getattr(model, part).modules()
             if isinstance(m, nn.BatchNorm2d)]  # fmt: skip
    assert len(norms) > 20 and all(int(norm.num_batches_tracked) == 1 for norm in norms)
    other = model_of()
    inputs = other.data_preprocessor(data(), True)['inputs']
    other.segmentor(other._images.to_inputs(other.derain(other._images.from_inputs(inputs))))
    first = [next(m for m in one.segmentor.modules() if isinstance(m, nn.BatchNorm2d))
             for one in (model, other)]  # fmt: skip
    torch.testing.assert_close(first[0].running_mean, first[1].running_mean)


def test_no_gradient_is_left_and_no_hook_stays():
    model = model_of()
    hooks = [len(m._forward_hooks) for m in model.modules()]
    wrapper = optimisers(model)
    model.train_step(data(), wrapper)
    assert [len(m._forward_hooks) for m in model.modules()] == hooks
    assert all(p.requires_grad for part in PARTS for p in getattr(model, part).parameters())
    # Nor in the discriminator, which the segmentor's step runs through: it would join the next one.
    assert all(p.grad is None for p in model.parameters())


def test_any_layer_may_be_judged():
    strides = dict(DISCRIMINATOR, in_channels=32)
    model = build(discriminator=strides, features='backbone.layer3').train()
    model.train_only(*PARTS)
    assert 'loss_adversarial' in model.train_step(data(2), optimisers(model))


def test_mistakes_are_named():
    model = build(discriminator=dict(DISCRIMINATOR, in_channels=2048)).train()
    wrappers = optimisers(model)
    with pytest.raises(ValueError, match=r'discriminator stages|in a stage of its own'):
        model.train_step(data(2), wrappers)
    model.train_only(*PARTS)
    with pytest.raises(ValueError, match='in_channels=2048, but .*out_indices. have 64.*to 64'):
        model.train_step(data(2), wrappers)
    with pytest.raises(ValueError, match=r"train=\['segmentor', 'discriminator'\]"):
        model.train_step(data(2), wrappers['segmentor'])
    batch = data(2)
    for sample in batch['data_samples']:
        del sample.clean_img
    with pytest.raises(ValueError, match='training with model.discriminator needs clean images'):
        model.train_step(batch, wrappers)


WHOLE = ('derain', 'segmentor', 'attentive')


def two_steps(model) -> dict:
    """Weights after two adversarial steps and one of all parts, each called several times.

    Of the processes there are, each takes its share of the images.
    """
    world = torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1
    mine = slice(torch.distributed.get_rank() if world > 1 else 0, None, world)
    bare = getattr(model, 'module', model)
    wrapper = optimisers(bare)
    for _ in range(2):
        batch = {key: value[mine] for key, value in data().items()}
        model.train_step(batch, wrapper)
    bare.train_only(*WHOLE)
    freeze_norms(bare.train())
    parameters = [p for part in WHOLE for p in getattr(bare, part).parameters()]
    whole = OptimWrapper(torch.optim.SGD(parameters, lr=0.01))
    model.train_step({key: value[mine] for key, value in data().items()}, whole)
    return {name.replace('.module.', '.'): p.detach() for name, p in bare.named_parameters()}


TWO_PROCESSES = """
import sys, torch
import torch.distributed as dist
from mmengine.registry import init_default_scope
from mmdegrade.engine import StagedDistributedDataParallel
from tests.models.test_feature_adaptation import freeze_norms, model_of, two_steps
init_default_scope('mmseg')
torch.set_num_threads(1)
dist.init_process_group('gloo')
model = StagedDistributedDataParallel(freeze_norms(model_of()))
after = two_steps(model)
if dist.get_rank() == 0:
    torch.save(after, sys.argv[1])
dist.barrier()
del model
dist.destroy_process_group()
"""


def test_two_processes_equal_one_with_the_same_four_images(tmp_path):
    out = tmp_path / 'weights.pth'
    run_in_two(tmp_path, TWO_PROCESSES, out)
    one, two = two_steps(freeze_norms(model_of())), torch.load(out, weights_only=True)
    assert one.keys() == two.keys() and len(one) > 100
    for name, value in one.items():
        scale = max(1.0, float(value.abs().max()))
        assert float((two[name] - value).abs().max()) <= 1e-12 * scale, name


def config(root, work_dir: str) -> Config:
    pipeline = [
        dict(type='LoadImage'),
        dict(type='LoadMask'),
        dict(type='RandomCrop', crop_size=(64, 64)),
        dict(type='Degrade', kind='rain', degree=2, preset='ubcn', keep_clean=True),
        dict(type='PackDegradeInputs'),
    ]
    sgd = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9))
    adam = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
    model = ubcn(
        clean_checkpoint=str(root / 'clean.pth'), discriminator=DISCRIMINATOR, iterations=1,
        segmentor=fcn_r18(dropout=0.5),
    )  # fmt: skip
    return Config(
        dict(
            default_scope='mmseg',
            runner_type='DegradeRunner',
            work_dir=str(root / work_dir),
            model=model,
            train_dataloader=dict(
                batch_size=2,
                num_workers=0,
                sampler=dict(type='KeyedSampler'),
                dataset=dict(
                    type='CamVidDataset',
                    data_root=str(root / 'camvid'),
                    ann_file='train.txt',
                    pipeline=pipeline,
                ),
            ),
            train_cfg=dict(
                type='StagedTrainLoop',
                stages=[
                    dict(name='IDM', train=['derain'], iters=1),
                    dict(
                        name='FAM',
                        train=list(PARTS),
                        iters=4,
                        optim_wrapper=dict(segmentor=sgd, discriminator=adam),
                    ),
                    dict(name='SAM', train=['attentive'], iters=1),
                    dict(
                        name='all',
                        train=['derain', 'segmentor', 'attentive'],
                        iters=1,
                        optim_wrapper=sgd,
                    ),
                ],
            ),
            optim_wrapper=adam,
            param_scheduler=[dict(type='PolyLR', power=0.9, end=4, by_epoch=False)],
            default_hooks=dict(
                logger=dict(type='LoggerHook', interval=1),
                checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=1),
                random_state=dict(type='RandomStateHook'),
            ),
            log_processor=dict(by_epoch=False),
            env_cfg=dict(mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0)),
            randomness=dict(seed=4),
            experiment_name=work_dir,
        )
    )


@pytest.mark.filterwarnings('ignore')
def test_four_stages_and_resuming_inside_fam_is_exact(tmp_path):
    make_camvid(tmp_path / 'camvid', size=(64, 64))
    save_clean(fcn_r18(dropout=0.5), tmp_path / 'clean.pth')
    whole, part = config(tmp_path, 'whole'), config(tmp_path, 'part')
    RUNNERS.build(whole).train()
    states = [
        load_checkpoint_safely(f'{whole.work_dir}/stage_{i}_{name}.pth')['state_dict']
        for i, name in enumerate(('IDM', 'FAM', 'SAM', 'all'), 1)
    ]
    trained = (set(PARTS), {'attentive'}, {'derain', 'segmentor', 'attentive'})
    for before, after, parts in zip(states[:-1], states[1:], trained, strict=True):
        moved = {key.split('.')[0] for key in before if not torch.equal(before[key], after[key])}
        assert moved == parts
    middle = load_checkpoint_safely(f'{whole.work_dir}/iter_3.pth')
    assert set(middle['optimizer']) == set(PARTS)
    assert 'momentum_buffer' in middle['optimizer']['segmentor']['state'][0]
    assert 'exp_avg' in middle['optimizer']['discriminator']['state'][0]
    folder = Path(part.work_dir)
    folder.mkdir()
    os.link(f'{whole.work_dir}/iter_3.pth', folder / 'iter_3.pth')
    (folder / 'last_checkpoint').write_text(str(folder / 'iter_3.pth'))
    part.resume = True
    RUNNERS.build(part).train()
    for iteration in (5, 7):
        a, b = (load_checkpoint_safely(f'{one.work_dir}/iter_{iteration}.pth')
                for one in (whole, part))  # fmt: skip
        same(a, b)
