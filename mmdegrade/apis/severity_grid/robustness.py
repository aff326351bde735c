"""Single numbers for robustness: corruption degradation against a reference, and plain means.

Kamann and Rother, "Benchmarking the Robustness of Semantic Segmentation Models", CVPR 2020, after
Hendrycks and Dietterich, ICLR 2019. With the error D = 1 - mIoU of a model f under corruption c at
severity s,

    CD_c  = sum_s D(s, c, f) / sum_s D(s, c, reference)
    rCD_c = sum_s (D(s, c, f) - D(clean, f)) / sum_s (D(s, c, reference) - D(clean, reference))

Both are in percent here: 100 is as robust as the reference, less is more robust. rCD counts only
what is lost against the model's own clean score, so a model that is bad everywhere has a good rCD:
read it beside mIoU. mCD and mrCD are means over the corruptions. mPC is the mean mIoU over
corruptions and severities, rPC = mPC / clean mIoU (Michaelis et al., "Benchmarking Robustness in
Object Detection", 2019).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np


def corruption_degradation(scores: Sequence[float], reference: Sequence[float]) -> float:
    """CD in percent of mIoU (percent) over the severities of one corruption; NaN for 0 / 0."""
    return _ratio(sum(100 - s for s in scores), sum(100 - s for s in reference))


def relative_corruption_degradation(
    scores: Sequence[float], clean: float, reference: Sequence[float], reference_clean: float
) -> float:
    """rCD in percent; NaN where the reference loses nothing."""
    lost = sum(reference_clean - s for s in reference)
    return _ratio(sum(clean - s for s in scores), lost) if lost > 0 else float('nan')


def _ratio(above: float, below: float) -> float:
    return 100 * above / below if below else float('nan')


@dataclass
class Robustness:
    """Robustness of a model; CD and rCD are empty without a reference.

    Args:
        mPC: Mean mIoU over all degraded cells, a kind weighing as much as another.
        rPC: mPC in percent of the clean mIoU.
        CD, rCD: By kind, in percent.
        mCD, mrCD: Their means over the kinds.
    """

    mPC: float
    rPC: float
    CD: dict[str, float]
    rCD: dict[str, float]
    mCD: float | None = None
    mrCD: float | None = None

    def to_dict(self) -> dict:
        """For JSON."""
        return asdict(self)


def robustness(
    clean: float,
    scores: Mapping[str, Sequence[float]],
    reference_clean: float | None = None,
    reference: Mapping[str, Sequence[float]] | None = None,
) -> Robustness:
    """Sum up a model's mIoU.

    Args:
        clean: mIoU on clean images, percent.
        scores: Kind to its mIoU over the degrees, in order.
        reference_clean, reference: The same of the reference model.

    Raises:
        ValueError: The reference lacks a kind, or has another number of degrees of it.
    """
    mean = float(np.mean([np.mean(row) for row in scores.values()])) if scores else clean
    result = Robustness(mean, _ratio(mean, clean), {}, {})
    if reference is None or not scores:
        return result
    for kind, row in scores.items():
        theirs = reference.get(kind, ())
        if len(theirs) != len(row):
            raise ValueError(
                f'the reference has {len(theirs)} cells of {kind}, the model {len(row)}: both need '
                'the same kinds and degrees'
            )
        result.CD[kind] = corruption_degradation(row, theirs)
        result.rCD[kind] = relative_corruption_degradation(row, clean, theirs, reference_clean)
    result.mCD = float(np.mean(list(result.CD.values())))
    result.mrCD = float(np.mean(list(result.rCD.values())))
    return result
