"""Table III of DGN: each network behind a classical restorer, as it trains without one."""

import pytest
import torch
from mmengine.config import Config
from mmseg.registry import MODELS

from mmdegrade.engine.degradation import fill_degradation
from tests.configs.names import KINDS, ROOT
from tests.tiny import batch

FOLDER = ROOT / 'dgn' / 'restored'
METHOD = dict(
    gblur='blind_deconvolution', mblur='blind_deconvolution', saltpepper='median',
    haze='colour_attenuation',
)  # fmt: skip


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('method', ['clean_', 'finetune_', ''])
def test_restored_config(kind, method):
    cfg = Config.fromfile(FOLDER / f'cgnet_camvid_restored_{method}{kind}_d5.py')
    folder = ROOT / 'dgn' if kind == 'gblur' or method == 'clean_' else ROOT / 'dgn' / kind
    plain = 'cgnet_camvid_clean' if method == 'clean_' else f'cgnet_camvid_{method}{kind}_d5'
    base = Config.fromfile(folder / f'{plain}.py')
    assert cfg.degradation == dict(kind=kind, degree=5)
    assert cfg.model.segmentor == base.model
    assert cfg.model.restorer.method == METHOD[kind]
    for key in ('optim_wrapper', 'param_scheduler', 'train_dataloader', 'load_from'):
        assert cfg.get(key) == base.get(key), key
    fill_degradation(cfg)


@pytest.mark.parametrize('kind', ['gblur', 'saltpepper', 'haze'])
def test_fine_tuning_behind_a_restorer_steps(kind):
    cfg = Config.fromfile(FOLDER / f'cgnet_camvid_restored_finetune_{kind}_d5.py')
    model = MODELS.build(cfg.model)
    model.train()
    total, _ = model.parse_losses(model.loss(*batch(2)))
    total.backward()
    assert torch.isfinite(total)
    assert all(p.grad is not None for p in model.segmentor.parameters())


def test_there_are_no_others():
    assert len(list(FOLDER.glob('*.py'))) == 12
