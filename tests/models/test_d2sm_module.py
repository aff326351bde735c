"""D2SMLoss: what are its samples, its queues, its gradient in the image, several processes."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS

from mmdegrade.models.losses import d2sm_loss
from mmdegrade.models.losses.patch_grid import patch_grid
from tests.tiny_features import TinyFeatures
from tests.two_processes import run_in_two

FEATURES = dict(type='TinyFeatures')


def build(**kwargs):
    given = dict(feature_extractor=FEATURES, queue_size=6, patches=2, patch_size=8)
    loss = MODELS.build(dict(type='D2SMLoss', **{**given, **kwargs}))
    loss.init_weights()
    return loss


def images(seed: int, n: int = 2, size=(12, 14), dtype=torch.float64) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((n, 3, *size), generator=generator, dtype=dtype)


def vectors(patches: torch.Tensor) -> torch.Tensor:
    """Flattened features of length 1, by a plain loop."""
    extractor = TinyFeatures()
    extractor.init_weights()
    rows = [extractor(patch[None])[0].flatten() for patch in patches]
    return torch.stack([row / row.norm() for row in rows])


def test_patches_and_queue_by_hand():
    """Three steps against the function, with a queue kept as a list: a batch joins afterwards."""
    loss, kept = build(), [[], []]
    for step in range(3):
        pair = images(step), images(10 + step)
        rows = [vectors(patch_grid(one, 2, 8)) for one in pair]
        queues = [torch.stack(one) for one in kept] if step else (None, None)
        assert loss(*pair).item() == pytest.approx(d2sm_loss(*rows, *queues).item(), rel=1e-9)
        kept = [(one + list(new))[-6:] for one, new in zip(kept, rows, strict=True)]
    assert len(loss.queue) == 6


def test_whole_crops():
    loss = build(patches=None, queue_size=0)
    pair = images(0, n=3), images(1, n=3)
    expected = d2sm_loss(*(vectors(one) for one in pair))
    assert loss(*pair).item() == pytest.approx(expected.item(), rel=1e-9) and expected > 0
    assert len(loss.queue) == 0


def test_weight_border_divergence():
    pair = images(0), images(1)
    inner = [one[..., 1:-1, 1:-1] for one in pair]
    rows = [vectors(patch_grid(one, 2, 8)) for one in inner]
    loss = build(loss_weight=2.5, border=1, divergence='js')
    expected = 2.5 * d2sm_loss(*rows, divergence='js').item()
    assert loss(*pair).item() == pytest.approx(expected, rel=1e-9)


def test_several_maps_count_alike():
    """The cosine of samples with two maps is the mean of the maps' cosines."""
    extractor = TinyFeatures(2)
    extractor.init_weights()
    pair = images(0, n=4), images(1, n=4)
    kernels = []
    for one in pair:
        maps = [F.normalize(m.flatten(1), dim=1) for m in extractor(one)]
        kernel = (sum(m @ m.T for m in maps) / 2 + 1) / 2
        kernel.fill_diagonal_(0)
        kernels.append(kernel / kernel.sum(1, keepdim=True))
    p, q = (kernel[~torch.eye(4, dtype=bool)].view(4, 3) for kernel in kernels)
    expected = (p * ((p + 1e-6) / (q + 1e-6)).log()).sum(1).mean()
    loss = build(feature_extractor=dict(FEATURES, layers=2), patches=None)
    assert loss(*pair).item() == pytest.approx(expected.item(), rel=1e-9)


def test_identical_images_cost_nothing():
    loss = build()
    for step in range(3):
        assert loss(images(step), images(step)).item() == 0


def test_gradient_reaches_the_restored_image_alone():
    loss, clean = build(), images(1).requires_grad_()
    loss(images(2), images(3))  # something in the queue
    restored = images(0).requires_grad_()
    loss(restored, clean).backward()
    assert (restored.grad != 0).float().mean() > 0.9 and clean.grad is None
    assert not any(p.requires_grad for p in loss.parameters())


def test_gradcheck_through_the_extractor():
    loss = build()
    loss(images(2), images(3))
    loss.train(False)  # the queue stands still
    clean, restored = images(1, n=1, size=(9, 10)), images(0, n=1, size=(9, 10))
    assert torch.autograd.gradcheck(lambda x: loss(x, clean), restored.requires_grad_())


def test_descending_it_matches_the_statistics():
    """What the released code of the method cannot do: its term has no gradient."""
    loss, clean = build(queue_size=0), images(1)
    restored = images(0).requires_grad_()
    optimizer = torch.optim.Adam([restored], lr=0.02)
    first = loss(restored, clean).item()
    for _ in range(60):
        optimizer.zero_grad()
        loss(restored, clean).backward()
        optimizer.step()
    assert loss(restored, clean).item() < 0.1 * first


def test_nothing_joins_the_queue_in_evaluation():
    loss = build()
    loss(images(0), images(1))
    before = {key: value.clone() for key, value in loss.state_dict().items()}
    loss.train(False)
    loss(images(2), images(3))
    assert all(torch.equal(value, before[key]) for key, value in loss.state_dict().items())
    assert set(before) == {'queue.restored', 'queue.clean', 'queue.enqueued'}


def test_resuming_is_exact(tmp_path):
    first = build(queue_dtype='float16')
    for step in range(2):
        first(images(step), images(5 + step))
    torch.save(first.state_dict(), tmp_path / 'loss.pth')
    second = build(queue_dtype='float16')
    second.load_state_dict(torch.load(tmp_path / 'loss.pth', weights_only=True))
    for step in range(2, 5):
        pair = images(step), images(5 + step)
        assert first(*pair).item() == second(*pair).item()
    assert second.queue.restored.dtype == torch.float16


def test_the_published_queues_take_206_megabytes():
    """2 × 256 vectors of 512·14·14 float32 values."""
    assert 2 * 256 * (512 * 14 * 14) * 4 == 205_520_896
    loss = build(queue_size=256, patches=5)
    loss(*(one.float() for one in (images(0), images(1))))
    held = sum(one.numel() * one.element_size() for one in (loss.queue.restored, loss.queue.clean))
    assert held == 2 * 256 * (4 * 4 * 4) * 4


@pytest.mark.parametrize(
    ('wrong', 'match'),
    [
        (dict(queue_size=-1), 'queue_size=-1; allowed: integers from 0'),
        (dict(patches=0), 'patches=0; allowed: integers from 1'),
        (dict(patches=(5, 0)), r'patches=\(5, 0\); allowed: integers from 1, two of them'),
        (dict(patches=[5]), r'patches=\[5\]; allowed'),
        (dict(patches=True), 'patches=True; allowed'),
        (dict(patch_size=2.5), r'patch_size=2\.5'),
        (dict(divergence='kld'), "divergence='kld'"),
        (dict(queue_dtype='int8'), "queue_dtype='int8'"),
        (dict(loss_weight=0), 'loss_weight=0'),
    ],
)
def test_wrong_settings(wrong, match):
    with pytest.raises(ValueError, match=f'D2SMLoss: {match}'):
        build(**wrong)


def test_settings_that_mean_the_same():
    """``patches`` as a pair, the dtype as torch writes it."""
    pair = images(0), images(1)
    one, two = build(patches=2), build(patches=[2, 2], queue_dtype=torch.float16)
    assert one(*pair).item() == two(*pair).item() > 0
    assert two.queue.restored.dtype == torch.float16
    assert len(build(patches=(2, 1)).queue) == 0
    uneven = build(patches=(2, 1))
    uneven(*pair)
    assert len(uneven.queue) == 2 * len(pair[0])


def test_wrong_images():
    with pytest.raises(ValueError, match='patch_size=8 does not fit into images of 6x14'):
        build()(images(0, size=(6, 14)), images(1, size=(6, 14)))
    with pytest.raises(TypeError, match=r'D2SMLoss.feature_extractor.type=.RestorationL1Loss'):
        build(feature_extractor=dict(type='RestorationL1Loss'))
    loss = build(patches=None)
    loss(images(0), images(1))
    with pytest.raises(ValueError, match='must keep one size'):
        loss(images(0, size=(20, 20)), images(1, size=(20, 20)))


def train(rank: int, world: int):
    """Three steps on 4 images, shared among processes; (values, weights, queue) at the end."""
    torch.manual_seed(0)
    restorer = torch.nn.Conv2d(3, 3, 3, padding=1).double()
    model = restorer
    if world > 1:
        model = torch.nn.parallel.DistributedDataParallel(restorer)
    optimizer = torch.optim.SGD(restorer.parameters(), lr=5.0)
    loss, values = build(), []
    for step in range(3):
        share = slice(rank * 4 // world, (rank + 1) * 4 // world)
        noisy, clean = images(step, n=4)[share], images(20 + step, n=4)[share]
        optimizer.zero_grad()
        value = loss(model(noisy), clean)
        value.backward()
        optimizer.step()
        values.append(value.detach())
    return [torch.stack(values), *restorer.parameters(), *loss.queue.rows()]


TWO_PROCESSES = """
import sys, torch
import mmdegrade
import torch.distributed as dist
from tests.models.test_d2sm_module import train
torch.set_num_threads(1)
dist.init_process_group('gloo')
torch.save(train(dist.get_rank(), 2), f'{sys.argv[1]}/{dist.get_rank()}.pth')
dist.barrier()
dist.destroy_process_group()
"""


def test_two_processes_equal_one(tmp_path):
    """2 × 2 images on two processes train, log and remember what 1 × 4 do."""
    run_in_two(tmp_path, TWO_PROCESSES, tmp_path)
    one = train(0, 1)
    assert (one[0] > 1e-5).all() and len(one[3]) == 6
    for rank in (0, 1):
        two = torch.load(tmp_path / f'{rank}.pth', weights_only=False)
        for a, b in zip(one, two, strict=True):
            assert float((a - b).abs().max()) <= 1e-12
