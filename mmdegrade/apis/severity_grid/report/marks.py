"""One colour and one shape for each model, the same in legends, curves and cards.

Eight colours and seven shapes: pairs repeat after 56 models, and shapes tell models apart where
colours do not (print in grey, colour-blind readers).
"""

from .markup import Html, breakable, tag

COLOURS = 8
# Around (0, 0), at most 4 units away from it.
SHAPES = (
    'M-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0z',  # disc
    'M-3-3h6v6h-6z',  # square
    'M0-4l3.8 6.6h-7.6z',  # triangle
    'M0-4.2l4 4.2l-4 4.2l-4-4.2z',  # diamond
    'M0 4l-3.8-6.6h7.6z',  # triangle downwards
    'M-4-1.4h2.6v-2.6h2.8v2.6h2.6v2.8h-2.6v2.6h-2.8v-2.6h-2.6z',  # plus
    'M-4-2l2-2l2 2l2-2l2 2l-2 2l2 2l-2 2l-2-2l-2 2l-2-2l2-2z',  # cross
)


def colour_class(place: int) -> str:
    """CSS class that sets ``--mark``, the colour of the model at ``place``."""
    return f'm{place % COLOURS}'


def shape(place: int) -> str:
    """SVG path of a model's mark."""
    return SHAPES[place % len(SHAPES)]


def swatch(place: int) -> Html:
    """The mark of a model before its name."""
    path = tag('path', d=shape(place))
    return tag(
        'svg', path, class_=f'mark {colour_class(place)}', viewBox='-5 -5 10 10', aria_hidden='true'
    )


def named(place: int, name: str) -> Html:
    """Mark and name of a model."""
    return tag('span', swatch(place), tag('span', breakable(name)), class_='named')


def legend(names) -> Html:
    """The models' marks."""
    return tag(
        'ul', [tag('li', named(place, name)) for place, name in enumerate(names)], class_='legend'
    )
