"""FeatureQueue: first in, first out; in checkpoints."""

import pytest
import torch
from mmengine.runner import load_checkpoint

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


@pytest.mark.parametrize('before', [0, 1, 3, 5, 7])
@pytest.mark.parametrize('size', [0, 1, 4, 8])
def test_a_queue_of_another_size_takes_the_newest_rows(before, size, tmp_path):
    first = FeatureQueue(5)
    if before:
        first.enqueue(rows(0, before), rows(50, before))
    torch.save(dict(state_dict=first.state_dict()), tmp_path / 'queue.pth')
    second = FeatureQueue(size)
    # By MMEngine's way of loading, which only warns of shapes that differ.
    load_checkpoint(second, str(tmp_path / 'queue.pth'), strict=False)
    there = list(range(max(before - 5, 0), before))
    there = there[len(there) - min(size, len(there)) :]
    assert second.rows()[0][:, 0].tolist() == there if there else len(second) == 0
    if not size:
        return
    for new in range(
        before, before + 6
    ):  # first in, first out, as if it had been so from the start
        second.enqueue(rows(new, 1), rows(50 + new, 1))
        there = [*there, new][-size:]
        assert sorted(second.rows()[0][:, 0].tolist()) == there
        assert torch.equal(second.rows()[1], second.rows()[0] + 50)


def test_a_checkpoint_is_kept_in_the_dtype_asked_for():
    first = FeatureQueue(5)
    first.enqueue(rows(0, 3), rows(50, 3))
    second = FeatureQueue(5, torch.float16)
    second.load_state_dict(first.state_dict())
    assert second.restored.dtype == second.clean.dtype == torch.float16
    assert second.rows()[0][:, 0].tolist() == [0, 1, 2]


def test_rows_of_another_width():
    queue = FeatureQueue(5)
    queue.enqueue(rows(0, 2), rows(0, 2))
    with pytest.raises(
        ValueError, match='features of 4 values after some of 3.*restorer_checkpoint'
    ):
        queue.enqueue(torch.ones(1, 4), torch.ones(1, 4))
