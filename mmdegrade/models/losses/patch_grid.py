"""Cut images into an even grid of patches that may overlap."""

import torch
from torch import Tensor


def _starts(length: int, patches: int, size: int) -> list[int]:
    """First pixels of ``patches`` intervals of ``size``, spread evenly from edge to edge."""
    room = length - size
    if patches == 1:
        return [room // 2]
    return [(2 * place * room + patches - 1) // (2 * (patches - 1)) for place in range(patches)]


def patch_grid(images: Tensor, patches: int | tuple[int, int], size: int) -> Tensor:
    """Cut every image into ``patches`` × ``patches``.

    Args:
        images (Tensor): N×C×H×W.
        patches (int | tuple[int, int]): Patches along each side, or (rows, columns); one is cut
            from the middle.
        size (int): Side of a patch in pixels.

    Returns:
        Tensor: (N·rows·columns)×C×size×size: all patches of the first image, row by row, then
        those of the second.

    Raises:
        ValueError: A patch is larger than the images.
    """
    height, width = images.shape[-2:]
    if size > min(height, width):
        raise ValueError(
            f'patch_size={size} does not fit into images of {height}x{width} (height x width); '
            f'allowed: up to {min(height, width)}, and well below it for patches to differ'
        )
    rows, columns = (patches, patches) if isinstance(patches, int) else patches
    cut = [
        images[..., top : top + size, left : left + size]
        for top in _starts(height, rows, size)
        for left in _starts(width, columns, size)
    ]
    return torch.stack(cut, 1).flatten(0, 1)
