"""d2sm_loss: values against the equations in plain loops, properties, gradients."""

import numpy as np
import pytest
import torch

from mmdegrade.models.losses import d2sm_loss

EPSILON = 1e-6
DIVERGENCES = ('kl', 'ikl', 'js')


def features(rows: int, seed: int, width: int = 7) -> torch.Tensor:
    return torch.randn(
        (rows, width), generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )


def probabilities(rows: np.ndarray, queue: np.ndarray) -> np.ndarray:
    """Eq. 2 in plain loops: of all samples but itself, how likely each is picked by row i."""
    everyone = np.concatenate([rows, queue])
    p = np.zeros((len(rows), len(everyone)))
    for i, a in enumerate(rows):
        for j, b in enumerate(everyone):
            if i != j:
                p[i, j] = (a @ b / np.sqrt((a @ a) * (b @ b)) + 1) / 2
        p[i] /= p[i].sum()
    return p


def expected(restored, clean, restored_queue, clean_queue, divergence) -> float:
    """Eq. 1 in plain loops; ε in both probabilities of the logarithm; mean over i."""
    p = probabilities(restored.numpy(), restored_queue.numpy())
    q = probabilities(clean.numpy(), clean_queue.numpy())

    def kl(a, b):
        total = 0.0
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                if i != j:
                    total += a[i, j] * np.log((a[i, j] + EPSILON) / (b[i, j] + EPSILON))
        return total / a.shape[0]

    middle = (p + q) / 2
    return {'kl': kl(p, q), 'ikl': kl(q, p), 'js': (kl(p, middle) + kl(q, middle)) / 2}[divergence]


@pytest.mark.parametrize('divergence', DIVERGENCES)
@pytest.mark.parametrize('queued', [0, 5])
def test_value(divergence, queued):
    given = [features(4, 0), features(4, 1), features(queued, 2), features(queued, 3)]
    want = expected(*given, divergence)
    assert want > 0.01
    queues = given[2:] if queued else (None, None)
    found = d2sm_loss(*given[:2], *queues, divergence)
    assert found.item() == pytest.approx(want, rel=1e-10)
    if not queued:  # an empty queue is none
        assert d2sm_loss(*given, divergence).item() == found.item()


def test_value_by_hand():
    """Three unit vectors of a plane: kernel 1, ½ and 0 for angles of 0°, 90° and 180°."""
    restored = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    clean = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    # p' = (½, ½), (⅓, ⅔), (⅓, ⅔);  p = (⅓, ⅔), (½, ½), (⅔, ⅓)
    rows = [
        0.5 * np.log(0.5 / (1 / 3)) + 0.5 * np.log(0.5 / (2 / 3)),
        (1 / 3) * np.log((1 / 3) / 0.5) + (2 / 3) * np.log((2 / 3) / 0.5),
        (1 / 3) * np.log((1 / 3) / (2 / 3)) + (2 / 3) * np.log((2 / 3) / (1 / 3)),
    ]
    assert d2sm_loss(restored, clean).item() == pytest.approx(np.mean(rows), abs=1e-5)


def test_js_is_symmetric_and_bounded_and_kl_is_not_symmetric():
    a, b = features(5, 0), features(5, 1)
    there, back = d2sm_loss(a, b, divergence='js'), d2sm_loss(b, a, divergence='js')
    assert there.item() == pytest.approx(back.item(), rel=1e-12) and 0 < there < np.log(2)
    assert d2sm_loss(a, b).item() == d2sm_loss(b, a, divergence='ikl').item()
    assert abs(d2sm_loss(a, b) - d2sm_loss(b, a)) > 1e-4


@pytest.mark.parametrize('divergence', DIVERGENCES)
def test_zero_for_equal_statistics(divergence):
    a, queue = features(4, 0), features(6, 1)
    assert d2sm_loss(a, a, queue, queue, divergence).item() == 0
    # Statistics, not features, are compared: a common rotation and any lengths change nothing.
    turn, _ = torch.linalg.qr(features(7, 2))
    moved = 3 * a @ turn, 0.1 * queue @ turn
    assert d2sm_loss(moved[0], a, moved[1], queue, divergence).abs() < 1e-12


def test_order_of_samples_does_not_matter():
    a, b, queue_a, queue_b = (features(n, s) for s, n in enumerate((5, 5, 6, 6)))
    batch, queue = torch.randperm(5), torch.randperm(6)
    mixed = d2sm_loss(a[batch], b[batch], queue_a[queue], queue_b[queue])
    assert mixed.item() == pytest.approx(d2sm_loss(a, b, queue_a, queue_b).item(), rel=1e-12)
    assert abs(d2sm_loss(a[batch], b, queue_a, queue_b) - mixed) > 1e-4


def test_one_sample_has_nothing_to_compare_with():
    row = features(1, 0).requires_grad_()
    loss = d2sm_loss(row, features(1, 1))
    loss.backward()
    assert loss.item() == 0 and not row.grad.any()


def test_only_restored_rows_of_the_batch_have_gradients():
    given = [features(n, s).requires_grad_() for s, n in enumerate((4, 4, 5, 5))]
    d2sm_loss(*given).backward()
    assert (given[0].grad.abs().sum(1) > 1e-4).all()
    assert all(one.grad is None for one in given[1:])


@pytest.mark.parametrize('divergence', DIVERGENCES)
def test_gradcheck(divergence):
    clean, queues = features(4, 1), (features(5, 2), features(5, 3))
    restored = features(4, 0).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: d2sm_loss(x, clean, *queues, divergence), restored)


@pytest.mark.parametrize('divergence', DIVERGENCES)
def test_descending_matches_the_statistics(divergence):
    clean, queues = features(6, 1), (features(8, 2), features(8, 2))
    restored = features(6, 0).requires_grad_()
    optimizer = torch.optim.Adam([restored], lr=0.05)
    first = d2sm_loss(restored, clean, *queues, divergence).item()
    for _ in range(200):
        optimizer.zero_grad()
        d2sm_loss(restored, clean, *queues, divergence).backward()
        optimizer.step()
    assert d2sm_loss(restored, clean, *queues, divergence).item() < 0.01 * first


def test_half_precision_is_lifted():
    a, b = features(4, 0).bfloat16(), features(4, 1).bfloat16()
    loss = d2sm_loss(a, b)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(d2sm_loss(a.double(), b.double()).item(), rel=1e-4)


@pytest.mark.parametrize(
    ('given', 'match'),
    [
        (((4, 7), (3, 7)), r'restored \(4, 7\) and clean \(3, 7\)'),
        (((4, 7, 1), (4, 7, 1)), 'N×D'),
        (((4, 7), (4, 7), (2, 7)), r'restored_queue \(2, 7\) and clean_queue None'),
        (((4, 7), (4, 7), (2, 6), (2, 6)), 'D = 7'),
    ],
)
def test_wrong_shapes(given, match):
    with pytest.raises(ValueError, match=match):
        d2sm_loss(*(torch.ones(shape) for shape in given))


def test_wrong_divergence():
    with pytest.raises(ValueError, match=r"divergence='jsd'; allowed: \('kl', 'ikl', 'js'\)"):
        d2sm_loss(torch.ones(2, 3), torch.ones(2, 3), divergence='jsd')
