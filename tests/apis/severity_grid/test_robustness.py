"""CD and rCD against the formulas written out, and their properties."""

import math

import pytest

from mmdegrade.apis.severity_grid import (
    corruption_degradation,
    relative_corruption_degradation,
    robustness,
)

MODEL = dict(blur=[60.0, 50.0, 40.0], noise=[30.0, 20.0, 10.0])
REFERENCE = dict(blur=[50.0, 40.0, 30.0], noise=[50.0, 35.0, 20.0])


def test_formulas():
    """Equations of Kamann and Rother with D = 1 - mIoU as fractions."""
    for kind, scores in MODEL.items():
        d = [1 - s / 100 for s in scores]
        r = [1 - s / 100 for s in REFERENCE[kind]]
        clean, reference_clean = 1 - 0.70, 1 - 0.65
        assert corruption_degradation(scores, REFERENCE[kind]) == pytest.approx(
            100 * sum(d) / sum(r)
        )
        assert relative_corruption_degradation(scores, 70, REFERENCE[kind], 65) == pytest.approx(
            100 * sum(x - clean for x in d) / sum(x - reference_clean for x in r)
        )


def test_by_hand():
    found = robustness(70.0, MODEL, 65.0, REFERENCE)
    assert found.CD == pytest.approx(dict(blur=100 * 150 / 180, noise=100 * 240 / 195))
    assert found.rCD == pytest.approx(dict(blur=100 * 60 / 75, noise=100 * 150 / 90))
    assert found.mCD == pytest.approx((150 / 180 + 240 / 195) * 50)
    assert found.mrCD == pytest.approx((60 / 75 + 150 / 90) * 50)
    assert found.mPC == pytest.approx(35) and found.rPC == pytest.approx(50)


def test_against_itself_is_100():
    found = robustness(70.0, MODEL, 70.0, MODEL)
    assert {*found.CD.values(), *found.rCD.values(), found.mCD, found.mrCD} == {100.0}


def test_a_kind_weighs_as_much_as_another():
    found = robustness(80.0, dict(a=[60.0], b=[40.0, 30.0, 20.0, 10.0]))
    assert found.mPC == pytest.approx((60 + 25) / 2)
    assert found.mCD is None and found.CD == {}


def test_where_nothing_is_lost_there_is_no_ratio():
    assert math.isnan(relative_corruption_degradation([50], 60, [65], 65))
    assert math.isnan(relative_corruption_degradation([50], 60, [66], 65))
    assert math.isnan(corruption_degradation([100.0], [100.0]))


def test_the_reference_needs_the_same_cells():
    with pytest.raises(ValueError, match='the reference has 2 cells of blur, the model 3'):
        robustness(70.0, MODEL, 65.0, dict(REFERENCE, blur=[1.0, 2.0]))
    with pytest.raises(ValueError, match='has 0 cells of noise'):
        robustness(70.0, MODEL, 65.0, dict(blur=REFERENCE['blur']))
