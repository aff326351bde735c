"""Walk through the parts of a config that a run uses."""

from __future__ import annotations

from collections.abc import Iterator

#: Top-level keys that a runner reads. Others are variables of the config's author.
USED = (
    'model', 'data_preprocessor', 'tta_model', 'tta_pipeline', 'train_dataloader',
    'val_dataloader', 'test_dataloader', 'train_cfg', 'val_cfg', 'test_cfg', 'val_evaluator',
    'test_evaluator', 'optim_wrapper', 'param_scheduler', 'default_hooks', 'custom_hooks',
    'visualizer', 'log_processor', 'model_wrapper_cfg',
)  # fmt: skip


def typed_below(node, key: str) -> Iterator[tuple[str, dict]]:
    """Every dict with a ``type`` in a part of a config, with its key.

    Args:
        node: Part of a config.
        key (str): Its own key, as ``--cfg-options`` spells it: ``model``.
    """
    if isinstance(node, dict):
        if node.get('type') is not None:
            yield key, node
        for name, child in node.items():
            yield from typed_below(child, f'{key}.{name}')
    elif isinstance(node, (list, tuple)):
        for place, child in enumerate(node):
            yield from typed_below(child, f'{key}.{place}')


def typed_parts(cfg) -> Iterator[tuple[str, dict]]:
    """Every dict with a ``type`` that a run of a config uses, with its key."""
    for name in USED:
        yield from typed_below(cfg.get(name), name)
