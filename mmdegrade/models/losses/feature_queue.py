"""Features of earlier batches, first in, first out."""

import torch
from torch import Tensor, nn


class FeatureQueue(nn.Module):
    """The last rows of restored images and of the clean ones that belong to them.

    Kept in buffers, so that a resumed training goes on with the same queue. Their width is known
    with the first rows; until then, and in a model that only tests, they take no memory.

    Args:
        size (int): Rows kept of each kind.
        dtype (torch.dtype, optional): In which they are kept. Defaults to that of the first rows.
    """

    def __init__(self, size: int, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.size = size
        self.dtype = dtype
        self.register_buffer('restored', torch.empty(0))
        self.register_buffer('clean', torch.empty(0))
        self.register_buffer('enqueued', torch.zeros((), dtype=torch.long))  # rows so far

    def __len__(self) -> int:
        """Rows there are."""
        return min(int(self.enqueued), self.size)

    def rows(self) -> tuple[Tensor, Tensor]:
        """What is there of the restored and of the clean rows, L×D each; places never filled are
        left out.
        """
        return self.restored[: len(self)], self.clean[: len(self)]

    def check_width(self, width: int) -> None:
        """Refuse rows that do not fit those that are there.

        Raises:
            ValueError: Says what must keep its size.
        """
        if len(self) and self.restored.shape[1] != width:
            raise ValueError(
                f'D2SMLoss: features of {width} values after some of {self.restored.shape[1]} in '
                'the queue: patches, or without patches crops, must keep one size. If the queue '
                'came with a checkpoint, give feature_extractor and patch_size as they were then, '
                'or start from the restorer alone: model.restorer_checkpoint instead of load_from'
            )

    @torch.no_grad()
    def enqueue(self, restored: Tensor, clean: Tensor) -> None:
        """Add rows, and let go of as many of the oldest.

        Args:
            restored (Tensor): N×D.
            clean (Tensor): N×D.

        Raises:
            ValueError: Rows of another width than those before.
        """
        width = restored.shape[1]
        if not len(self):
            shape = (self.size, width)
            self.restored = restored.new_zeros(shape, dtype=self.dtype)
            self.clean = clean.new_zeros(shape, dtype=self.dtype)
        self.check_width(width)
        restored, clean = restored[-self.size :], clean[-self.size :]
        start = int(self.enqueued)
        places = torch.arange(start, start + len(restored), device=restored.device) % self.size
        self.restored[places] = restored.to(self.restored.dtype)
        self.clean[places] = clean.to(self.clean.dtype)
        self.enqueued += len(restored)

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        """Make room for what a checkpoint holds; of a longer queue, for its newest rows."""
        stored = {name: state_dict.get(prefix + name) for name in ('restored', 'clean', 'enqueued')}
        if all(value is not None for value in stored.values()):
            self._fit(stored)
            state_dict.update({prefix + name: value for name, value in stored.items()})
            for name in ('restored', 'clean'):
                value, own = stored[name], getattr(self, name)
                setattr(self, name, own.new_empty(value.shape, dtype=self.dtype or value.dtype))
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _fit(self, stored: dict[str, Tensor]) -> None:
        """Lay a queue of another size out anew, oldest row first. Changes ``stored``."""
        enqueued, length = int(stored['enqueued']), len(stored['restored'])
        if length in (0, self.size):
            return
        kept = min(enqueued, length, self.size)
        newest = torch.arange(enqueued - kept, enqueued) % length
        for name in ('restored', 'clean'):
            rows = stored[name]
            stored[name] = rows.new_zeros((self.size, rows.shape[1]))
            stored[name][:kept] = rows[newest.to(rows.device)]
        stored['enqueued'] = torch.tensor(kept)
