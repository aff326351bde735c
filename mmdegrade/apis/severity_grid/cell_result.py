"""One cell of a grid: what is known of a model under one degradation."""

from dataclasses import dataclass, field


@dataclass
class CellResult:
    """One model under one degradation. Percentages are not rounded; NaN for what does not occur.

    Args:
        model: Name of the model.
        cell: Name of the cell: ``clean``, ``gblur_5``, ``imagenet-c:fog_3``.
        kind, degree, preset: What was asked for; degree and preset may be None.
        params: Every parameter of the degradation.
        seed: Of its random draws.
        images: Number of images.
        mIoU, mAcc, aAcc: Mean IoU, mean accuracy of classes, accuracy of pixels, percent.
            Rounded to two decimals, these are the numbers of ``tools/test.py``.
        IoU, Acc: Of each class, percent.
        pixels: Counts of each class over all images: ``intersect``, ``union``, ``predicted``,
            ``labelled``.
        psnr: Mean over images of the PSNR of the degraded image in dB; None for clean.
        ssim: The same of SSIM; None where it was not asked for.
        worst: The image of lowest mIoU by itself: ``dict(image=…, mIoU=…)``.
    """

    model: str
    cell: str
    kind: str
    degree: int | None
    preset: str | None
    params: dict
    seed: int
    images: int
    mIoU: float
    mAcc: float
    aAcc: float
    IoU: dict[str, float]
    Acc: dict[str, float]
    pixels: dict[str, list[int]]
    psnr: float | None = None
    ssim: float | None = None
    worst: dict = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was done to the images."""
        return self.kind == 'clean'

    @property
    def parts(self) -> tuple[str, str]:
        """The name without its degree: preset and kind before it, free parameters after it."""
        start = f'{self.preset}:{self.kind}' if self.preset else self.kind
        head = start if self.degree is None else f'{start}_{self.degree}'
        return start, self.cell.removeprefix(head).strip('_')


def series_label(cell: CellResult, with_preset: bool) -> str:
    """Name of the series that a cell is in: its kind, and its preset where a grid has several.

    Parameters set beside a degree belong to it: ``gblur kernel_size5``.
    """
    start, ending = cell.parts
    name = start if with_preset else cell.kind
    return name if cell.degree is None or not ending else f'{name} {ending}'
