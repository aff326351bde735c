"""How a config written for GPUs is rewritten for CPU processes."""

import pytest
import torch
from mmengine.config import Config

from mmdegrade.compat import cpu_distributed
from mmdegrade.compat.cpu_distributed import (
    adapt_config_to_cpu,
    init_cpu_distributed,
    replace_sync_bn,
)


def _config(**extra):
    norm = dict(type='SyncBN', requires_grad=True)
    heads = [
        dict(type='FCNHead', norm_cfg=dict(type='SyncBN')),
        dict(type='X', norm=dict(type='LN')),
    ]
    model = dict(backbone=dict(norm_cfg=norm), heads=heads, tail=(dict(type='mmcv.MMSyncBN'),))
    env_cfg = dict(dist_cfg=dict(backend='nccl'))
    return Config(dict(model=model, env_cfg=env_cfg, norm_cfg=dict(norm), **extra))


def test_config_is_rewritten_recursively():
    cfg = _config(find_unused_parameters=True, sync_bn='torch')
    adapt_config_to_cpu(cfg)
    assert cfg.model.backbone.norm_cfg == dict(type='BN', requires_grad=True)
    assert [cfg.model.heads[0].norm_cfg.type, cfg.model.tail[0].type] == ['BN', 'BN']
    assert cfg.model.heads[1].norm.type == 'LN' and cfg.norm_cfg.type == 'BN'
    assert cfg.sync_bn is None
    assert cfg.env_cfg.dist_cfg.backend == 'gloo'
    assert cfg.model_wrapper_cfg == dict(
        type='MMDistributedDataParallel',
        broadcast_buffers=False,
        find_unused_parameters=True,
        device_ids=None,
    )


def test_own_wrapper_is_kept():
    cfg = _config(model_wrapper_cfg=dict(type='MMSeparateDistributedDataParallel'))
    adapt_config_to_cpu(cfg)
    assert cfg.model_wrapper_cfg == dict(type='MMSeparateDistributedDataParallel', device_ids=None)


def test_says_so_in_one_line(monkeypatch):
    lines = []
    monkeypatch.setattr(cpu_distributed, 'print_log', lambda text, **_: lines.append(text))
    adapt_config_to_cpu(_config())
    assert len(lines) == 1 and '4 SyncBN' in lines[0] and '\n' not in lines[0]


def test_replace_counts_and_takes_classes():
    node = [dict(type=torch.nn.SyncBatchNorm), dict(type='BN'), 'SyncBN', 3]
    assert replace_sync_bn(node) == 1
    assert node == [dict(type='BN'), dict(type='BN'), 'SyncBN', 3]


@pytest.mark.parametrize(
    ('launcher', 'device'), [('none', 'cpu'), ('pytorch', 'cuda'), ('slurm', 'cpu')]
)
def test_left_alone_otherwise(monkeypatch, launcher, device):
    monkeypatch.setattr(cpu_distributed, 'get_device', lambda: device)
    cfg = _config(launcher=launcher)
    before = cfg.to_dict()
    assert init_cpu_distributed(cfg) is False
    assert cfg.to_dict() == before and not torch.distributed.is_initialized()


def test_missing_environment_is_explained(monkeypatch):
    monkeypatch.setattr(cpu_distributed, 'get_device', lambda: 'cpu')
    monkeypatch.delenv('RANK', raising=False)
    with pytest.raises(RuntimeError, match=r'RANK.*tools/dist_train\.sh'):
        init_cpu_distributed(_config(launcher='pytorch'))


def test_starts_gloo(monkeypatch):
    """The real thing is run by tests/tools/test_launch.py, in two processes."""
    started = []
    monkeypatch.setattr(cpu_distributed, 'get_device', lambda: 'cpu')
    monkeypatch.setattr(
        cpu_distributed.dist, 'init_process_group', lambda **kwargs: started.append(kwargs)
    )
    for name in ('RANK', 'LOCAL_RANK'):
        monkeypatch.setenv(name, '0')
    monkeypatch.setenv('WORLD_SIZE', '1')
    monkeypatch.setenv('MASTER_ADDR', '127.0.0.1')
    monkeypatch.setenv('MASTER_PORT', '29511')
    cfg = _config(launcher='pytorch')
    cfg.env_cfg.dist_cfg.timeout = 90
    assert init_cpu_distributed(cfg) is True
    assert started[0]['backend'] == 'gloo' and started[0]['timeout'].total_seconds() == 90
    assert cfg.model.backbone.norm_cfg.type == 'BN'
