"""What only a built model shows: that it builds, taps, parts, parameters.

Before a run, the model is built on the meta device: its shapes and names without its weights.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.config import ConfigDict
from mmengine.registry import MODELS, DefaultScope
from torch import nn

from mmdegrade.models.taps import resolve_taps
from mmdegrade.models.teacher import without_pretrained
from mmdegrade.models.unwrapped import unwrapped

from .names import bare
from .orphans import orphan_problems
from .problem import Problem
from .stages import part_problems
from .walk import typed_parts

#: What a constructor raises for a wrong setting. Others are mistakes of the code.
_SETTINGS = (KeyError, TypeError, ValueError, FileNotFoundError, AssertionError)


@contextmanager
def _scope(cfg):
    """The registries that a runner would look in, and nothing in the log: the run tells it all."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with DefaultScope.overwrite_default_scope(cfg.get('default_scope') or 'mmengine'):
            yield
    finally:
        logging.disable(before)


def build_empty(cfg: dict) -> nn.Module:
    """Build a network on the meta device, or on the CPU where a constructor computes with tensors.

    The random state of the process stays as it was.
    """
    for device in ('meta', 'cpu'):
        with torch.random.fork_rng(devices=[]), torch.device(device):
            try:
                return MODELS.build(ConfigDict(copy.deepcopy(cfg)))
            except (RuntimeError, NotImplementedError):
                if device == 'cpu':
                    raise
    raise RuntimeError('unreachable')


def whole_model(cfg) -> dict:
    """The model's config as the runner builds it."""
    model = copy.deepcopy(cfg['model'])
    if cfg.get('data_preprocessor') is not None and isinstance(model, dict):
        model.setdefault('data_preprocessor', copy.deepcopy(cfg['data_preprocessor']))
    return model


def tapped_networks(cfg) -> Iterator[tuple[str, object, dict, str]]:
    """Every ``taps`` of a config: its key, value, the network it reads, and a way into it."""
    for key, part in typed_parts(cfg):
        kind = bare(part['type'])
        if kind == 'UBCNSegmentor':
            yield f'{key}.features', part.get('features', 'out_indices'), part['segmentor'], ''
        if 'taps' not in part:
            continue
        taps = part['taps']
        if part.get('tap') is not None and isinstance(taps, dict):
            taps = taps.get(part['tap'], taps)
        network, prefix = part.get('segmentor'), ''
        if kind == 'GramGapHook':
            network = cfg['model'].get('segmentor', cfg['model'])
        if network is None:
            network, prefix = part.get('backbone'), 'backbone'
        if isinstance(network, dict):
            yield f'{key}.taps', taps, network, prefix


def patterns_of(taps) -> list:
    """The single patterns of a ``taps``, so that each can be tried by itself."""
    if isinstance(taps, str):
        return [taps]
    if isinstance(taps, dict):
        taps = [
            one
            for group in taps.values()
            for one in ([group] if isinstance(group, str) else group or ())
        ]
    return list(taps or ())


def tap_problems(cfg) -> Iterator[Problem]:
    """Taps that match nothing, one problem for each pattern."""
    with _scope(cfg):
        for key, taps, network, prefix in tapped_networks(cfg):
            try:
                model = build_empty(without_pretrained(network))
            except _SETTINGS:
                continue  # told by the key that is wrong
            if prefix:
                model = nn.ModuleDict({prefix: model})
            for pattern in patterns_of(taps) or [taps]:
                try:
                    resolve_taps(model, pattern if isinstance(pattern, str) else taps)
                except (TypeError, ValueError) as error:
                    yield Problem(key, str(error), value=pattern)


def looked_at(cfg, model: nn.Module) -> list[Problem]:
    """What a built model shows about its training.

    Args:
        cfg (Config): A complete config.
        model (nn.Module): Its model, wrapped or not.
    """
    model = unwrapped(model)
    with _scope(cfg):
        problems = part_problems(cfg, model)
        if any(problem.severity == 'error' for problem in problems):
            return problems  # optimisers are of the parts that stages name
        return [*problems, *orphan_problems(cfg, model)]


def model_problems(cfg, told: bool = False) -> list[Problem]:
    """Build the model of a config without weights and look at it.

    Args:
        cfg (Config): A complete config.
        told (bool): Whether something else is wrong with the model's config already. That the model
            does not build is no news then.
    """
    if not cfg.get('model'):
        return []
    try:
        with _scope(cfg):
            model = build_empty(whole_model(cfg))
    except _SETTINGS as error:
        taps = list(tap_problems(cfg))
        return taps if taps or told else [Problem('model', f'does not build: {error}')]
    hooks = [hook for hook in cfg.get('custom_hooks') or () if 'taps' in hook]
    problems = list(tap_problems(cfg)) if hooks else []
    return problems + looked_at(cfg, model)
