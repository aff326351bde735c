"""Groups of classes, by name, and their maps: which path of UBCN's SAM a pixel belongs to.

UBCN (joint deraining and segmentation) has ten groups for Cityscapes, nine dominant classes and the
others, and foreground and background for VOC. The paper names road, sidewalk and building among the
nine, fence and pole among the others; the remaining six are ours, the next ones by pixels but for
person and wall. CamVid's are ours, few enough for a CPU.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from mmseg.registry import DATASETS
from torch import Tensor, nn

from .tracing import is_traced

#: Written instead of a list of names: all classes that no other group names.
REST = '*'

_CITYSCAPES = (
    'road', 'sidewalk', 'building', 'vegetation', 'car', 'sky', 'terrain', 'person', 'wall',
)  # fmt: skip
_CAMVID = dict(
    sky=['Sky'],
    building=['Building'],
    ground=['Road', 'Pavement'],
    tree=['Tree'],
    others=REST,
)
#: Dataset type -> its groups.
GROUPS = {
    'CityscapesDataset': {**{name: [name] for name in _CITYSCAPES}, 'others': REST},
    'PascalVOCDataset': dict(background=['background'], foreground=REST),
    'CamVidDataset': _CAMVID,
    'StreetScenesDataset': _CAMVID,
}


def class_names(classes: str | Sequence[str], key: str = 'model.classes') -> tuple[str, ...]:
    """Class names, given as such or by the type of a dataset.

    Raises:
        ValueError: No such dataset, one without classes, or a name twice.
    """
    if isinstance(classes, str):
        dataset = DATASETS.get(classes)
        names = getattr(dataset, 'METAINFO', {}).get('classes')
        if not names:
            raise ValueError(
                f"{key}={classes!r} is no dataset with classes; allowed: its type ('CamVidDataset'"
                ') or a list of class names'
            )
        return tuple(names)
    names = tuple(classes)
    if len(set(names)) < len(names):
        raise ValueError(f'{key}={list(names)}: class names must differ')
    return names


def resolve_groups(
    groups: Mapping[str, Sequence[str] | str], classes: Sequence[str], key: str = 'model.groups'
) -> dict[str, list[int]]:
    """Class numbers of each group.

    Args:
        groups (Mapping): Group name to the names of its classes; one group may be ``'*'``: every
            class that no other names.
        classes (Sequence[str]): The dataset's classes, in the order of their numbers.
        key (str): Config key named in errors.

    Returns:
        dict[str, list[int]]: Each class is in one group. Groups are ordered by the first of their
        classes, that of all the rest comes last, whatever their order in ``groups``.

    Raises:
        ValueError: An unknown class, a class in two groups or in none, an empty group, two groups
            of the rest.
    """
    number = {name: place for place, name in enumerate(classes)}
    owner: dict[str, str] = {}
    rest = [group for group, members in groups.items() if members == REST]
    if len(rest) > 1:
        raise ValueError(f'{key}: {rest} are all {REST!r}; allowed: one group of all the rest')
    for group, members in groups.items():
        if members == REST:
            continue
        if isinstance(members, str) or not members:
            raise ValueError(
                f'{key}.{group}={members!r}; allowed: a list of class names, or {REST!r}'
            )
        for name in members:
            if name not in number:
                raise ValueError(f'{key}.{group}: unknown class {name!r}; allowed: {list(classes)}')
            if name in owner:
                raise ValueError(f'{key}: class {name!r} is in {owner[name]!r} and in {group!r}')
            owner[name] = group
    left = [name for name in classes if name not in owner]
    if left and not rest:
        raise ValueError(
            f'{key} miss the classes {left}; add them, or a group of all the rest: others={REST!r}'
        )
    if rest and not left:
        raise ValueError(f'{key}.{rest[0]}={REST!r} is empty: other groups name every class')
    owner.update(dict.fromkeys(left, *rest))
    # Config.dump sorts keys: the order of the paths must not depend on how the config was written.
    ordered = [*dict.fromkeys(owner[name] for name in classes if owner[name] not in rest), *rest]
    return {group: [number[name] for name in classes if owner[name] == group] for group in ordered}


class ClassGroups(nn.Module):
    """Turn class probabilities into maps of groups.

    Args:
        classes (str | Sequence[str]): The dataset's type, or its class names.
        groups (Mapping, optional): See :func:`resolve_groups`. Defaults to those of `GROUPS`.

    Raises:
        ValueError: Groups that do not fit the classes, or no groups for this dataset.
    """

    def __init__(self, classes: str | Sequence[str], groups: Mapping | None = None) -> None:
        super().__init__()
        self.classes = class_names(classes)
        if groups is None:
            known = GROUPS.get(classes) if isinstance(classes, str) else None
            if known is None:
                raise ValueError(
                    f'model.groups is not set, and there are none for model.classes={classes!r}; '
                    f'known: {sorted(GROUPS)}. Set groups=dict(road=[…], others={REST!r})'
                )
            groups = known
        self.groups = resolve_groups(groups, self.classes)
        owner = {c: place for place, group in enumerate(self.groups.values()) for c in group}
        index = torch.tensor([owner[c] for c in range(len(self.classes))])
        self.register_buffer('index', index, persistent=False)  # the config's, not the training's

    def __len__(self) -> int:
        return len(self.groups)

    def forward(self, probabilities: Tensor) -> Tensor:
        """Sum the probabilities of each group's classes.

        Args:
            probabilities (Tensor): N×K×H×W; over the classes they add up to 1.

        Returns:
            Tensor: N×P×H×W; over the groups they add up to the same.
        """
        if is_traced():
            # ONNX writes index_add as a scatter that keeps one of several classes of a group.
            groups = torch.arange(len(self), device=self.index.device)
            member = (self.index == groups[:, None]).to(probabilities)
            return F.conv2d(probabilities, member[:, :, None, None])
        n, _, height, width = probabilities.shape
        maps = probabilities.new_zeros((n, len(self), height, width))
        return maps.index_add(1, self.index, probabilities)
