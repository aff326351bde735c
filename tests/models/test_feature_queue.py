"""FeatureQueue: first in, first out; in checkpoints."""

import pytest
import torch

from mmdegrade.models.losses.feature_queue import FeatureQueue


def rows(first: int, count: int) -> torch.Tensor:
    """Rows whose values are their running number."""
    return torch.arange(first, first + count).double()[:, None].expand(-1, 3)


def test_against_a_list():
    queue, kept, first = FeatureQueue(5), [], 0
    assert len(queue) == 0
    for count in (2, 2, 3, 1, 5, 8, 4):
        queue.enqueue(rows(first, count), -rows(first, count))
        kept = (kept + list(range(first, first + count)))[-5:]
        first += count
        restored, clean = queue.rows()
        assert len(queue) == len(restored) == len(kept)
        assert sorted(restored[:, 0].tolist()) == kept, 'the newest ones'
        assert torch.equal(restored, -clean), 'pairs stay pairs'


def test_places_never_filled_are_left_out():
    queue = FeatureQueue(100)
    queue.enqueue(rows(1, 2), rows(1, 2))
    assert queue.rows()[0].shape == (2, 3) and queue.restored.shape == (100, 3)


def test_rows_are_copies():
    queue, given = FeatureQueue(4), rows(0, 2).clone()
    queue.enqueue(given, given)
    given += 7
    assert queue.rows()[0][:, 0].tolist() == [0, 1]


def test_dtype():
    queue = FeatureQueue(4, torch.bfloat16)
    queue.enqueue(torch.full((1, 3), 1.0 / 3), torch.ones(1, 3))
    assert queue.restored.dtype == torch.bfloat16
    assert queue.rows()[0][0, 0].item() == pytest.approx(1 / 3, abs=1e-3)


def test_a_checkpoint_goes_on_where_it_was(tmp_path):
    first = FeatureQueue(5)
    first.enqueue(rows(0, 7), rows(50, 7))
    torch.save(first.state_dict(), tmp_path / 'queue.pth')
    second = FeatureQueue(5)
    second.load_state_dict(torch.load(tmp_path / 'queue.pth', weights_only=True))
    for queue in (first, second):
        queue.enqueue(rows(7, 2), rows(57, 2))
    assert all(torch.equal(a, b) for a, b in zip(first.rows(), second.rows(), strict=True))
    assert sorted(second.rows()[0][:, 0].tolist()) == [4, 5, 6, 7, 8]


def test_a_checkpoint_from_before_the_first_step():
    queue = FeatureQueue(5)
    queue.load_state_dict(FeatureQueue(5).state_dict())
    queue.enqueue(rows(0, 1), rows(0, 1))
    assert len(queue) == 1


def test_a_queue_of_another_size_is_refused():
    first = FeatureQueue(5)
    first.enqueue(rows(0, 2), rows(0, 2))
    with pytest.raises(RuntimeError, match='restored'):
        FeatureQueue(4).load_state_dict(first.state_dict())


def test_rows_of_another_width():
    queue = FeatureQueue(5)
    queue.enqueue(rows(0, 2), rows(0, 2))
    with pytest.raises(ValueError, match='features of 4 values after some of 3'):
        queue.enqueue(torch.ones(1, 4), torch.ones(1, 4))
