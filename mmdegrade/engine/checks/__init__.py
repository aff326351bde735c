"""Checks of a config before data is loaded: everything that is wrong with it, at once.

``python tools/check_config.py CONFIG…`` runs them alone. ``tools/train.py``, ``tools/test.py`` and
``DegradeRunner`` run them at their start. docs/reliability.md lists them.
"""

from __future__ import annotations

import logging

from mmengine.logging import print_log
from torch import nn

from .keys import key_problems
from .model import looked_at, model_problems
from .paths import check_paths, leaf_datasets, path_problems
from .pipelines import degradation_problems, pipeline_problems
from .problem import ConfigError, MissingFilesError, Problem, numbered, raise_errors
from .stages import setting_problems
from .weights import weight_problems

__all__ = [
    'ConfigError',
    'MissingFilesError',
    'Problem',
    'check_config',
    'check_paths',
    'leaf_datasets',
    'numbered',
    'raise_errors',
    'require_sound',
]


def check_config(
    cfg, *loaders: str, files: bool = True, model: nn.Module | None = None
) -> list[Problem]:
    """Everything that is wrong with a config.

    Args:
        cfg (Config): A complete config; not changed.
        *loaders: The dataloaders that will be used. For those, files are looked for; if
            ``train_dataloader`` is among them, so are the checkpoints to start from, and the model
            is looked at as well. None: only what the text of the config shows.
        files (bool): Whether to look for data and checkpoints. Defaults to True.
        model (nn.Module, optional): The model, if it is built already. Otherwise it is built
            without weights.

    Returns:
        list[Problem]: Errors and warnings; empty for a sound config.
    """
    problems = [
        *key_problems(cfg),
        *degradation_problems(cfg),
        *pipeline_problems(cfg),
        *setting_problems(cfg),
        *weight_problems(cfg),
    ]
    if 'train_dataloader' in loaders:
        if model is not None:
            problems += looked_at(cfg, model)
        else:
            told = any(p.severity == 'error' and p.key.startswith('model') for p in problems)
            problems += model_problems(cfg, told)
    if files:
        problems += path_problems(cfg, *loaders)
    return problems


def require_sound(cfg, *loaders: str, model: nn.Module | None = None) -> None:
    """Log the warnings of :func:`check_config`, and stop at its errors.

    Raises:
        ConfigError: Lists all errors; a ``ValueError``.
        MissingFilesError: Files are missing and nothing else is wrong; also a
            ``FileNotFoundError``.
    """
    problems = check_config(cfg, *loaders, model=model)
    for problem in problems:
        if problem.severity == 'warning':
            print_log(f'config: {problem}', logger='current', level=logging.WARNING)
    raise_errors(problems)
