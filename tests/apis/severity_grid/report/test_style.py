"""Contrast of the page's colours, computed as WCAG 2.2 defines it."""

import pytest

from mmdegrade.apis.severity_grid.report.style import DARK, LIGHT


def luminance(colour: str) -> float:
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return sum(weight * v for weight, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_formula():
    assert contrast('#000000', '#ffffff') == pytest.approx(21)
    assert contrast('#767676', '#ffffff') == pytest.approx(4.54, abs=0.01)  # W3C's example


@pytest.mark.parametrize('colours', [LIGHT, DARK], ids=['light', 'dark'])
def test_contrast(colours):
    for ground in ('page', 'card'):
        for text in ('text', 'quiet', 'link'):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        for mark in (f'm{place}' for place in range(8)):
            assert contrast(colours[mark], colours[ground]) >= 3, (mark, ground)
    for heat in ('good', 'middling', 'bad'):
        assert contrast(colours['text'], colours[heat]) >= 4.5, heat


@pytest.mark.parametrize('colours', [LIGHT, DARK], ids=['light', 'dark'])
def test_the_scale_keeps_its_order_in_grey(colours):
    """In print without colour, and for whoever sees none, lower mIoU is further from the page."""
    steps = [contrast(colours[name], colours['page']) for name in ('good', 'middling', 'bad')]
    assert steps == sorted(steps)
