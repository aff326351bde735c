"""A heat map of a degradation matrix, as Fig. 1 of UBCN's supplement shows it."""

from pathlib import Path

from .degradation_matrix import DegradationMatrix


def plot_matrix(matrix: DegradationMatrix, out) -> None:
    """Draw training levels downwards, test levels to the right, mIoU as colour and number.

    Args:
        matrix (DegradationMatrix): What to draw.
        out: Picture to write (``.png``, ``.svg``, ``.pdf``).
    """
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    figure, panel = pyplot.subplots(figsize=(4.6, 3.8))
    image = panel.imshow(matrix.miou, cmap='cividis')
    places = range(len(matrix.levels))
    panel.set_xticks(places, matrix.levels)
    panel.set_yticks(places, matrix.levels)
    panel.set_xlabel(f'{matrix.kind} in the test ({matrix.parameter})')
    panel.set_ylabel('in training')
    low, high = min(map(min, matrix.miou)), max(map(max, matrix.miou))
    for row in places:
        for column in places:
            value = matrix.miou[row][column]
            dark = value < (low + high) / 2  # the map goes from dark to light
            panel.text(
                column, row, f'{value:.1f}', ha='center', va='center',
                color='white' if dark else 'black',
            )  # fmt: skip
    figure.colorbar(image, label='mIoU, %')
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=150, bbox_inches='tight')
    pyplot.close(figure)
