"""patch_grid: the places of the patches, and their order."""

import pytest
import torch

from mmdegrade.models.losses.patch_grid import patch_grid


def test_places_and_order():
    """Values that say where they come from: image · 10⁴ + row · 100 + column."""
    rows, columns = torch.arange(13.0)[:, None] * 100, torch.arange(17.0)
    images = (rows + columns).repeat(2, 1, 1, 1) + torch.tensor([0.0, 1e4]).view(2, 1, 1, 1)
    patches = patch_grid(images, 3, 5)
    assert patches.shape == (18, 1, 5, 5)
    corners = patches[:, 0, 0, 0].long().tolist()
    grid = [row * 100 + column for row in (0, 4, 8) for column in (0, 6, 12)]
    assert corners == grid + [10_000 + place for place in grid]
    assert torch.equal(patches[4], images[0, :, 4:9, 6:11])


def test_the_published_size():
    """224 of 512 pixels, five a side: a stride of 72, from edge to edge."""
    images = torch.arange(512.0).expand(1, 1, 512, 512)
    patches = patch_grid(images, 5, 224)
    assert patches.shape == (25, 1, 224, 224)
    assert patches[:5, 0, 0, 0].tolist() == [0, 72, 144, 216, 288]


def test_uneven_room_is_spread_within_a_pixel():
    starts = patch_grid(torch.arange(20.0).expand(1, 1, 20, 20), 4, 9)[:4, 0, 0, 0].tolist()
    assert starts == [0, 4, 7, 11]


def test_rows_and_columns():
    images = (torch.arange(10.0)[:, None] * 100 + torch.arange(12.0)).expand(1, 1, 10, 12)
    corners = patch_grid(images, (2, 3), 4)[:, 0, 0, 0].tolist()
    assert corners == [0, 4, 8, 600, 604, 608]


def test_one_patch_is_cut_from_the_middle_and_a_full_one_is_the_image():
    images = torch.rand(2, 3, 12, 12)
    assert torch.equal(patch_grid(images, 1, 4), images[..., 4:8, 4:8])
    assert torch.equal(patch_grid(images, 1, 12), images)


def test_gradient_counts_the_patches_that_cover_a_pixel():
    images = torch.zeros(1, 1, 6, 6, requires_grad=True)
    patch_grid(images, 2, 4).sum().backward()
    line = torch.tensor([1.0, 1, 2, 2, 1, 1])
    assert torch.equal(images.grad[0, 0], line[:, None] * line)


def test_patches_larger_than_images():
    with pytest.raises(ValueError, match=r'patch_size=9 does not fit into images of 8x20'):
        patch_grid(torch.zeros(1, 3, 8, 20), 2, 9)
