"""Transforms in an order that cannot work, and degradations that cannot be built."""

from __future__ import annotations

from collections.abc import Iterator

from ..degradation import LOADERS, fill_degradation
from .keys import unknown_keys
from .names import bare, near, our_class, registered
from .problem import Problem
from .walk import typed_parts

#: Transforms that expect the three channels of one image; why: datasets/transforms/paired.py.
COLOUR = (
    'AdjustGamma', 'Albu', 'CLAHE', 'ColorJitter', 'ColorTransform', 'AutoContrast', 'Brightness',
    'Contrast', 'Equalize', 'GaussianBlur', 'Invert', 'Lighting', 'Normalize',
    'PhotoMetricDistortion', 'Posterize', 'RandomGrayscale', 'Rerange', 'RGB2Gray', 'Sharpness',
    'Solarize', 'SolarizeAdd',
)  # fmt: skip
DEGRADING = ('Degrade', 'RandomDegrade', 'Restore')


def flattened(pipeline, key: str) -> Iterator[tuple[str, dict]]:
    """Transforms of a pipeline in order, those inside others (``RandomApply``) in their place."""
    for place, transform in enumerate(pipeline):
        here = f'{key}.{place}'
        if isinstance(transform, (list, tuple)):
            yield from flattened(transform, here)
        elif isinstance(transform, dict):
            yield here, transform
            yield from flattened(transform.get('transforms') or (), f'{here}.transforms')


def pipelines(cfg) -> Iterator[tuple[str, list]]:
    """Pipelines of the datasets that a run uses, with their keys."""

    def below(node, key: str):
        if isinstance(node, dict):
            if isinstance(node.get('pipeline'), (list, tuple)):
                yield f'{key}.pipeline', node['pipeline']
            for name, child in node.items():
                if name != 'pipeline':
                    yield from below(child, f'{key}.{name}')
        elif isinstance(node, (list, tuple)):
            for place, child in enumerate(node):
                yield from below(child, f'{key}.{place}')

    for loader in LOADERS:
        yield from below((cfg.get(loader) or {}).get('dataset'), f'{loader}.dataset')
    for place, stage in enumerate((cfg.get('train_cfg') or {}).get('stages') or ()):
        if isinstance(stage, dict):
            yield from below(stage.get('dataloader'), f'train_cfg.stages.{place}.dataloader')


def stacked_problems(pipeline, key: str) -> Iterator[Problem]:
    """What stands between ``StackPair`` and ``SplitPair`` and changes more than geometry."""
    stack = None
    for here, transform in flattened(pipeline, key):
        name = bare(transform.get('type', ''))
        if name == 'StackPair':
            stack = here
        elif name == 'SplitPair':
            if stack is None:
                yield Problem(here, 'SplitPair without a StackPair before it', 'Add StackPair')
            stack = None
        elif stack is not None and name in COLOUR:
            yield Problem(
                f'{here}.type', 'a colour transform between StackPair and SplitPair, where an '
                'image has six channels', 'Put it before the degradation', name,
            )  # fmt: skip
        elif stack is not None and name in DEGRADING:
            yield Problem(
                f'{here}.type', 'it would change the clean image, too, between StackPair and '
                'SplitPair', 'Put it before StackPair', name,
            )  # fmt: skip
        elif stack is not None and name == 'Pad':
            yield Problem(
                f'{here}.type', 'OpenCV pads four channels at most, and between StackPair and '
                'SplitPair there are six', 'Set size or size_divisor of model.data_preprocessor',
                name,
            )  # fmt: skip
        elif stack is not None and name == 'RandomRotate' and transform.get('pad_val', 0) != 0:
            yield Problem(
                f'{here}.pad_val', 'only 0 reaches all six channels between StackPair and '
                'SplitPair', 'Leave it out', transform['pad_val'],
            )  # fmt: skip
    if stack is not None:
        yield Problem(stack, 'StackPair without a SplitPair after it', 'Add SplitPair')


def pipeline_problems(cfg) -> list[Problem]:
    """Problems of every pipeline that a run uses."""
    return [
        problem for key, pipeline in pipelines(cfg) for problem in stacked_problems(pipeline, key)
    ]


def degradation_problems(cfg) -> list[Problem]:
    """A top-level ``degradation`` that means nothing, and parts whose parameters are wrong.

    The parts are those that take the parameters of a kind or method: they are built, which takes no
    data and next to no time.
    """
    problems = []
    try:
        cfg = fill_degradation(cfg)
    except (TypeError, ValueError) as error:
        problems.append(Problem('degradation', str(error)))
    known = registered()
    for key, part in typed_parts(cfg):
        cls = our_class(part['type'], known)
        if cls is None or cls.__name__ not in (*DEGRADING, 'ClassicalRestorer'):
            continue
        if list(unknown_keys(key, part, cls)):
            continue  # told by the check of keys
        try:
            cls(**{name: value for name, value in part.items() if name not in ('type', '_scope_')})
        except (TypeError, ValueError) as error:
            problems.append(Problem(key, str(error)))
    for name in cfg:
        if name not in ('degradation', 'degradations') and near(name, ['degradation'], 0.85):
            problems.append(
                Problem(name, 'no part reads this key', "did you mean 'degradation'?",
                        cfg[name], severity='warning')
            )  # fmt: skip
    return problems
