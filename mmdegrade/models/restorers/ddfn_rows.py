"""DDFN by strips of rows, for inference: the same function as its layers one by one.

Layer by layer, an image of 2048×1024 pixels passes through maps of up to 96 channels, 768 MiB each,
that are written and read again and again, and most of the time goes into that. By strips
(`row_strips`) the maps never leave the processor's cache. Results differ by rounding.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .row_strips import ModulatedProduct, RowConvolution, Rows, Strip, as_matrix
from .sft import FEATURES as CONDITION
from .sft import HIDDEN, SLOPE

# Pixels of a strip, and pixels that matrix products take at once: their intermediate values fit
# into a second-level cache of 1 MiB. Other devices are kept busy by large pieces only (a guess).
_PIXELS = dict(cpu=(2**15, 2**11))
_OTHER_PIXELS = 2**18, 2**18


class BlockRows:
    """The next rows of a fusion block; the result lags 3 rows behind what it reads.

    Args:
        block (FusionBlock): Whose weights are read.
        delay (int): Rows by which its input lags behind the strip.
        rows (int): How many rows to keep: 4 more than a strip, or all of the image.
        width (int): Of the image.
        work (Tensor): See `ModulatedProduct`.
    """

    def __init__(self, block: nn.Module, delay: int, rows: int, width: int, work: Tensor) -> None:
        self.delay = delay
        self.reduce = ModulatedProduct(block.reduce[0], block.sft, work)
        self.h = Rows(work.new_empty(rows, width, 32), keep=4)
        self.f = Rows(work.new_empty(rows, width, 24), keep=4)  # [f1, f15, f2, f25]
        h, f1, f15, f2, f25 = (slice(*x) for x in ((0, 32), (0, 8), (8, 12), (12, 20), (20, 24)))
        self.of_h = (
            RowConvolution(block.f1[0], h, f1, delay + 1),
            RowConvolution(block.f2[0], h, f2, delay + 2),
        )
        self.of_f = (
            RowConvolution(block.f15[0], f1, f15, delay + 3),
            RowConvolution(block.f25[0], f2, f25, delay + 3),
        )
        fuse = block.fuse[0]
        self.fuse_weight, self.fuse_bias = fuse.weight.flatten(1), fuse.bias

    def __call__(self, strip: Strip, x: Rows) -> None:
        """Read C channels of ``x`` and write the next 8, which are g."""
        rows = strip.behind(self.delay)
        self.h.make_room(rows)
        self.reduce(x.pixels(rows), self.h.pixels(rows))
        self.h[rows].relu_()
        self.f.make_room(strip.behind(self.delay + 1))
        for conv in self.of_h:
            conv(strip, self.h, self.f)
        for conv in self.of_f:
            conv(strip, self.f, self.f)
        rows = strip.behind(self.delay + 3)
        g = F.linear(self.f[rows], self.fuse_weight, self.fuse_bias)
        channels = self.reduce.channels
        torch.clamp(g, min=0, out=x[rows][..., channels : channels + g.shape[-1]])


class DDFNRows:
    """A DDFN made ready to work through images of one size by strips of rows.

    Args:
        network (DDFN): Whose weights are read, now: they are not followed.
        size (tuple[int, int]): H×W of the images.
    """

    def __init__(self, network: nn.Module, size: tuple[int, int]) -> None:
        like = network.last.weight
        self.height, self.width = size
        strip, piece = _PIXELS.get(like.device.type, _OTHER_PIXELS)
        self.lag = network.receptive_radius
        self.rows = rows = min(max(strip // self.width, 8), self.height + self.lag)
        self.channels = network.last.in_channels
        self.piece = min(piece, rows * self.width)
        work = like.new_empty(self.piece, 2 * HIDDEN + self.channels)
        self.conditional = network.conditional
        # All features, and q behind them. Room for several strips, so that old rows are moved less
        # often.
        width = self.channels + (CONDITION if self.conditional else 0)
        room = min(self.lag + 4 * rows, self.height)
        self.x = Rows(like.new_empty(room, self.width, width), keep=self.lag)
        images, a, b, c, d = (slice(*x) for x in ((0, 3), (0, 8), (8, 16), (16, 24), (24, 32)))
        start = network.features
        self.of_images = (
            RowConvolution(start.a[0], images, a, 1),
            RowConvolution(start.b[0], images, b, 2),
        )
        self.of_features = (
            RowConvolution(start.c[0], b, c, 3),
            RowConvolution(start.d[0], a, d, 3),
        )
        self.blocks = [
            BlockRows(block, 3 + 3 * i, min(rows + 4, self.height), self.width, work)
            for i, block in enumerate(network.blocks)
        ]
        self.last = ModulatedProduct(network.last, network.sft, work)
        layers = network.condition or ()
        self.condition = [
            (as_matrix(layer), layer.bias) for layer in layers if isinstance(layer, nn.Conv2d)
        ]

    def __call__(self, image: Tensor, condition: Tensor | None) -> Tensor:
        """3×H×W and K×H×W → 3×H×W."""
        out = torch.empty_like(image, memory_format=torch.contiguous_format)
        image = Rows(image.permute(1, 2, 0), keep=0)
        for rows in (self.x, *(rows for block in self.blocks for rows in (block.h, block.f))):
            rows.first = 0
        for bottom in range(self.rows, self.height + self.lag + self.rows, self.rows):
            strip = Strip(bottom, self.rows, self.height)
            self.x.make_room(strip.behind(1))
            for conv in self.of_images:
                conv(strip, image, self.x)
            for conv in self.of_features:
                conv(strip, self.x, self.x)
            if self.conditional:
                self._write_q(condition, strip.behind(3))
            for block in self.blocks:
                block(strip, self.x)
            rows = strip.behind(self.lag)
            pixels = slice(rows.start * self.width, rows.stop * self.width)
            self.last(self.x.pixels(rows), out.view(len(out), -1)[:, pixels].t())
        return out

    def _write_q(self, condition: Tensor, rows: slice) -> None:
        pieces = condition[:, rows].flatten(1).t(), self.x.pixels(rows)[:, self.channels :]
        for q, target in zip(*(part.split(self.piece) for part in pieces), strict=True):
            for i, (weight, bias) in enumerate(self.condition):
                q = torch.addmm(bias, F.leaky_relu_(q, SLOPE) if i else q, weight)
            target.copy_(q)


def restore_by_rows(network: nn.Module, images: Tensor, condition: Tensor | None) -> Tensor:
    """What ``network`` (DDFN) makes of ``images``; arguments as of its ``forward``, checked."""
    size = tuple(images.shape[-2:])
    images = images.to(network.last.weight.dtype)
    conditions = [None] * len(images)
    if condition is not None:
        conditions = condition.to(images.dtype).expand(-1, -1, *size)
    # Autocast has no rule for products that write to a given place.
    with torch.autocast(images.device.type, enabled=False):
        by_rows = DDFNRows(network, size)
        restored = [by_rows(*pair) for pair in zip(images, conditions, strict=True)]
        return torch.stack(restored) if restored else torch.empty_like(images)
