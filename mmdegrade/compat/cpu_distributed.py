"""Distributed runs on CPU processes, which MMEngine's launcher cannot start by itself.

Three separate things fail without CUDA: ``init_dist`` calls ``torch.cuda.set_device``; the default
model wrapper passes ``device_ids``, which DDP rejects for CPU modules; and torch's SyncBatchNorm
refuses CPU tensors. Configs stay written for GPUs (nccl, SyncBN); they are adapted here, in
memory, only where there is no accelerator.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import is_main_process
from mmengine.logging import print_log

__all__ = ['init_cpu_distributed', 'adapt_config_to_cpu', 'replace_sync_bn']

_SYNC_BN_NAMES = ('SyncBN', 'MMSyncBN', 'SyncBatchNorm')
_RENDEZVOUS = ('RANK', 'LOCAL_RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT')


def init_cpu_distributed(cfg: Config) -> bool:
    """Start gloo and adapt the config if this is a ``pytorch`` launch without an accelerator.

    Call it after the command line was merged into the config and before the Runner is built; the
    Runner then finds the process group started and leaves it alone.

    Args:
        cfg: The whole config; ``cfg.launcher`` must be set. Changed in place.

    Returns:
        Whether anything was done.

    Raises:
        RuntimeError: If the launcher's environment variables are missing.
    """
    if cfg.get('launcher') != 'pytorch' or get_device() != 'cpu':
        return False
    if not dist.is_initialized():
        missing = [name for name in _RENDEZVOUS if name not in os.environ]
        if missing:
            raise RuntimeError(
                f"launcher='pytorch' needs the environment variables {', '.join(missing)}; "
                'start with: bash tools/dist_train.sh CONFIG NPROC   (or torchrun)'
            )
        # In seconds, as MMEngine reads it.
        seconds = cfg.get('env_cfg', {}).get('dist_cfg', {}).get('timeout')
        timeout = None if seconds is None else timedelta(seconds=seconds)
        dist.init_process_group(backend='gloo', timeout=timeout)
    adapt_config_to_cpu(cfg)
    return True


def adapt_config_to_cpu(cfg: Config) -> None:
    """Rewrite backend, model wrapper and normalisation of a config for CPU processes, in place."""
    env_cfg = cfg.setdefault('env_cfg', {})
    env_cfg.setdefault('dist_cfg', {})['backend'] = 'gloo'
    if cfg.get('model_wrapper_cfg') is None:
        # What the Runner would use by default, without its device_ids=[LOCAL_RANK].
        cfg.model_wrapper_cfg = dict(
            type='MMDistributedDataParallel',
            broadcast_buffers=False,
            find_unused_parameters=cfg.get('find_unused_parameters', False),
        )
    cfg.model_wrapper_cfg['device_ids'] = None
    replaced = sum(replace_sync_bn(value) for value in cfg.values())
    if cfg.get('sync_bn') is not None:
        cfg.sync_bn = None  # would turn every BN back into SyncBN
        replaced += 1
    if replaced and is_main_process():
        print_log(
            f'no GPU: {replaced} SyncBN setting(s) of the config replaced by BN, so each CPU '
            'process normalises over its own samples',
            logger='current',
        )


def replace_sync_bn(node: Any) -> int:
    """Turn every ``dict(type='SyncBN', …)`` inside a config value into ``'BN'``, in place.

    Args:
        node: Any part of a config: dicts, lists and tuples are searched, the rest is ignored.

    Returns:
        How many were replaced.
    """
    if isinstance(node, dict):
        kind = node.get('type')
        is_sync = (isinstance(kind, str) and kind.rpartition('.')[2] in _SYNC_BN_NAMES) or (
            isinstance(kind, type) and issubclass(kind, torch.nn.SyncBatchNorm)
        )
        if is_sync:
            node['type'] = 'BN'
        return is_sync + sum(replace_sync_bn(value) for value in node.values())
    if isinstance(node, (list, tuple)):
        return sum(replace_sync_bn(value) for value in node)
    return 0
