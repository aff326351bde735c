"""Prepare public datasets from what people download: one file a dataset."""

import difflib

from .caltech256 import CALTECH256
from .camvid import CAMVID
from .cityscapes import CITYSCAPES
from .outdoorseg import OUTDOORSEG
from .prepare import check_counts, prepare_dataset
from .real_haze import REAL_HAZE
from .recipe import Recipe
from .sunrgbd import SUNRGBD
from .voc import VOC

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (VOC, SUNRGBD, CAMVID, CITYSCAPES, OUTDOORSEG, CALTECH256, REAL_HAZE)
}


def get_recipe(name: str) -> Recipe:
    """The recipe of a dataset.

    Raises:
        ValueError: An unknown name; tells the nearest and all of them.
    """
    if name not in RECIPES:
        near = difflib.get_close_matches(name.lower(), RECIPES, n=1)
        hint = f'; did you mean {near[0]!r}?' if near else ''
        raise ValueError(f'NAME={name!r}; allowed: {", ".join(RECIPES)}{hint}')
    return RECIPES[name]


__all__ = ['RECIPES', 'Recipe', 'check_counts', 'get_recipe', 'prepare_dataset']
