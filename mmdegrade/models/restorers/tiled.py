"""Any restorer, tile by tile: images of any size in the memory of a tile."""

import torch
from mmengine.registry import MODELS
from torch import Tensor, nn

from .base import Restorer
from .build import build_restorer


@MODELS.register_module()
class TiledRestorer(Restorer):
    """Run a restorer on overlapping tiles and put the inner parts together.

    The result is that of the restorer on the whole image, if the overlap is at least its receptive
    radius: every tile is enlarged by the overlap on those sides where the image goes on.
    Checkpoints fit with and without tiles: keys are those of the restorer itself.

    Args:
        restorer (dict): Config of a ``Restorer``.
        tile (int | tuple[int, int]): Largest tile without overlap, pixels, or (height, width).
            Tiles of an image are equal in size but for a pixel (the restorer's ``stride``).
            Defaults to 512.
        overlap (int, optional): Pixels by which a tile is enlarged on each side. Defaults to the
            ``receptive_radius`` of the restorer, where it states one. Rounded up to whole cells of
            the restorer's ``stride``.

    Raises:
        TypeError: ``restorer`` is not a ``Restorer``.
        ValueError: A size that is not positive, a negative overlap, or none where the restorer does
            not state its radius.
    """

    def __init__(
        self,
        restorer: dict,
        tile: int | tuple[int, int] = 512,
        overlap: int | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.tile = tuple(tile) if isinstance(tile, (tuple, list)) else (tile, tile)
        if len(self.tile) != 2 or not all(isinstance(x, int) and x > 0 for x in self.tile):
            raise ValueError(
                f'TiledRestorer: tile={tile!r}; allowed: a positive integer, or (height, width)'
            )
        self.restorer = build_restorer(restorer, 'TiledRestorer.restorer')
        self.receptive_radius = self.restorer.receptive_radius
        self.overlap = self.receptive_radius if overlap is None else overlap
        if self.overlap is None:
            raise ValueError(
                f'TiledRestorer: overlap is not set, and {type(self.restorer).__name__} does not '
                'state its receptive_radius: set overlap to the number of pixels by which results '
                'depend on their surroundings, e.g. 32'
            )
        if not isinstance(self.overlap, int) or self.overlap < 0:
            raise ValueError(f'TiledRestorer: overlap={overlap!r}; allowed: 0, 1, 2, …')
        self.stride = self.restorer.stride
        self.overlap += -self.overlap % self.stride
        self.conditional = self.restorer.conditional
        if hasattr(self.restorer, 'condition_channels'):
            self.condition_channels = self.restorer.condition_channels
        self._register_state_dict_hook(_without_prefix)
        self._register_load_state_dict_pre_hook(_with_prefix, with_module=True)

    def forward(self, images: Tensor, condition: Tensor | None = None) -> Tensor:
        """Restore; arguments and result as of the restorer.

        Raises:
            ValueError: A condition that is neither of the images' size nor 1×1.
        """
        size = tuple(images.shape[-2:])
        whole = condition is None or not self.conditional or tuple(condition.shape[-2:]) == (1, 1)
        if not whole and tuple(condition.shape[-2:]) != size:
            raise ValueError(
                f'TiledRestorer: condition of shape {tuple(condition.shape)} for images of shape '
                f'{tuple(images.shape)}; allowed: the same H×W, or 1×1'
            )

        def restore(rows: slice, columns: slice) -> Tensor:
            (top, bottom), (left, right) = (
                (max(inner.start - self.overlap, 0), inner.stop + self.overlap)
                for inner in (rows, columns)
            )
            piece = (..., slice(top, bottom), slice(left, right))
            given = condition if whole else condition[piece]
            restored = self.restorer(images[piece], given)
            return restored[
                ...,
                rows.start - top : rows.stop - top,
                columns.start - left : columns.stop - left,
            ]

        all_rows, all_columns = (
            _pieces(*x, self.stride) for x in zip(size, self.tile, strict=True)
        )
        return torch.cat(
            [torch.cat([restore(rows, columns) for columns in all_columns], -1)
             for rows in all_rows], -2,
        )  # fmt: skip


def _pieces(length: int, largest: int, cell: int = 1) -> list[slice]:
    """Cut 0…length into as few pieces as possible, equal but for one cell, between cells."""
    cells = -(-length // cell)
    count = -(-cells // max(largest // cell, 1))
    ends = [min(cells * i // count * cell, length) for i in range(count + 1)]
    return [slice(*pair) for pair in zip(ends[:-1], ends[1:], strict=True)]


def _without_prefix(module: nn.Module, state_dict: dict, prefix: str, local_metadata: dict) -> None:
    """Save ``restorer.x`` as ``x``."""
    inner = f'{prefix}restorer.'
    own = {key: state_dict.pop(key) for key in list(state_dict) if key.startswith(inner)}
    state_dict.update({prefix + key[len(inner) :]: value for key, value in own.items()})


def _with_prefix(module: nn.Module, state_dict: dict, prefix: str, *_) -> None:
    """Load ``x`` into ``restorer.x``."""
    own = {key: state_dict.pop(key) for key in list(state_dict) if key.startswith(prefix)}
    state_dict.update({f'{prefix}restorer.{key[len(prefix) :]}': own[key] for key in own})
