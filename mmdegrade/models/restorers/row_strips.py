"""A network by strips of rows: layers that compute the next rows of a map and forget old ones.

An image comes in by strips of a few rows. Every layer computes as many rows of its map as have
become possible, which lag behind the strip by the layer's reach and that of all layers before it;
of each map only the latest rows are kept. So all layers work on a strip while it is in the
processor's cache, nothing is computed twice, and memory does not grow with the height of the image.

Maps are H×W×C, rows×width×channels, so that 1×1 convolutions are matrix products on pixels×channels
and concatenating means to write to the next channels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .sft import FEATURES as CONDITION
from .sft import HIDDEN, SLOPE


class Strip:
    """How far an image has come in: the rows before ``bottom``, ``rows`` of them just now.

    ``bottom`` goes on beyond ``height``, until the last layer has done its last row.
    """

    def __init__(self, bottom: int, rows: int, height: int) -> None:
        self.bottom, self.rows, self.height = bottom, rows, height

    def behind(self, delay: int) -> slice:
        """Rows that a layer computes now which lags behind by ``delay`` rows; possibly none."""
        last = self.bottom - delay
        return slice(*(min(max(row, 0), self.height) for row in (last - self.rows, last)))


class Rows:
    """The latest rows of a map, addressed by their number in the image.

    Args:
        data (Tensor): Place for R rows, R×W×C: a strip and those to keep, or the whole map.
        keep (int): How many old rows are still needed when new ones come in.
    """

    def __init__(self, data: Tensor, keep: int) -> None:
        self.data, self.keep, self.first = data, keep, 0

    def make_room(self, rows: slice) -> None:
        """Before new rows are written: forget old ones if the place does not suffice."""
        if rows.stop - self.first > len(self.data):
            kept = self[rows.start - self.keep : rows.start]
            overlap = rows.start - self.first < 2 * self.keep
            self.data[: self.keep] = kept.clone() if overlap else kept
            self.first = rows.start - self.keep

    def __getitem__(self, rows: slice) -> Tensor:
        return self.data[rows.start - self.first : rows.stop - self.first]

    def pixels(self, rows: slice) -> Tensor:
        """The rows as a matrix, pixels×channels."""
        return self[rows].flatten(0, 1)


class RowConvolution:
    """3×3 convolution and ReLU of the next rows.

    Args:
        conv (nn.Conv2d): With zero padding that keeps the size.
        source (slice): Channels it reads.
        target (slice): Channels it writes.
        delay (int): Rows by which its result lags behind the strip: at least its reach more than
            what it reads.
    """

    def __init__(self, conv: nn.Conv2d, source: slice, target: slice, delay: int) -> None:
        # With the channels last, as the maps are: about twice as fast on CPUs.
        self.weight = conv.weight.contiguous(memory_format=torch.channels_last)
        self.bias, self.reach = conv.bias, conv.dilation[0]
        self.source, self.target, self.delay = source, target, delay

    def __call__(self, strip: Strip, source: Rows, target: Rows) -> None:
        """Read ``source`` and write ``target``, which may be the same map."""
        rows = strip.behind(self.delay)
        if rows.start == rows.stop:
            return
        first, last = rows.start - self.reach, rows.stop + self.reach
        inside = slice(max(first, 0), min(last, strip.height))
        x = source[inside][..., self.source]
        if inside != slice(first, last):  # zeros above and below the image
            x = F.pad(x, (0, 0, 0, 0, inside.start - first, last - inside.stop))
        x = x.permute(2, 0, 1).unsqueeze(0)
        padding = 0, self.reach
        out = F.conv2d(x, self.weight, self.bias, padding=padding, dilation=self.reach)
        torch.clamp(out[0].permute(1, 2, 0), min=0, out=target[rows][..., self.target])


def as_matrix(conv: nn.Conv2d) -> Tensor:
    """Weights of a 1×1 convolution as a matrix, in×out."""
    return conv.weight.flatten(1).t()


class ModulatedProduct:
    """A 1×1 convolution W of features that an SFT modulates: W(x·(γ + 1) + β), pixels×channels.

    Fewer products than layer by layer: the last layer of β, Bl + b, and W are both linear, so that
    this is W(x·(γ + 1)) + (WB)l + Wb, where WB is no wider than l; the first layers of γ and β are
    one product; the 1 is in the bias of γ.

    Args:
        conv (nn.Conv2d): W, 1×1.
        sft (SpatialFeatureTransform, optional): None for W alone.
        work (Tensor): Place for intermediate values, pixels×(32 + 32 + C) or more. As many pixels
            as it has are done at once.
    """

    def __init__(self, conv: nn.Conv2d, sft: nn.Module | None, work: Tensor) -> None:
        self.channels, self.modulated = conv.in_channels, sft is not None
        self.pixels, self.work = len(work), work.view(-1)
        self.weight = as_matrix(conv)
        self.bias = work.new_zeros(conv.out_channels) if conv.bias is None else conv.bias
        if sft is not None:
            (scale, _, scale_last), (shift, _, shift_last) = sft.scale, sft.shift
            self.first = torch.cat([as_matrix(scale), as_matrix(shift)], 1)
            self.first_bias = torch.cat([scale.bias, shift.bias])
            self.scale, self.scale_bias = as_matrix(scale_last), scale_last.bias + 1
            self.shift = as_matrix(shift_last) @ self.weight
            self.bias = self.bias + shift_last.bias @ self.weight

    def __call__(self, x: Tensor, out: Tensor) -> None:
        """Write ``out``, pixels×O, from ``x``: C channels of features first, q the 16 last."""
        for piece, target in zip(x.split(self.pixels), out.split(self.pixels), strict=True):
            features = piece[:, : self.channels]
            if self.modulated:
                hidden, product = self._places(len(piece))
                torch.addmm(self.first_bias, piece[:, -CONDITION:], self.first, out=hidden)
                F.leaky_relu_(hidden, SLOPE)
                torch.addmm(self.scale_bias, hidden[:, :HIDDEN], self.scale, out=product)
                product *= features
                torch.addmm(self.bias, hidden[:, HIDDEN:], self.shift, out=target)
                target.addmm_(product, self.weight)
            else:
                torch.addmm(self.bias, features, self.weight, out=target)

    def _places(self, pixels: int) -> tuple[Tensor, Tensor]:
        """pixels×64 and pixels×C of the working place."""
        widths = 2 * HIDDEN, self.channels
        parts = self.work[: pixels * sum(widths)].split([pixels * width for width in widths])
        return tuple(part.view(pixels, width) for part, width in zip(parts, widths, strict=True))
