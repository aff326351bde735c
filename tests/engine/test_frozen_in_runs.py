"""What is frozen is bit-identical after a training, and in no checkpoint."""

import hashlib

import pytest
from mmengine.config import Config
from mmengine.registry import RUNNERS

from mmdegrade.compat.checkpoint_loading import load_checkpoint_safely
from mmdegrade.models.frozen import FrozenNetwork
from tests import tiny_features  # noqa: F401
from tests.engine.test_resume import config
from tests.tiny import dense_gram, fcn_r18, make_camvid, save_clean

NET = dict(type='DnCNN', depth=3, width=4)


def digest(network) -> str:
    """SHA-256 of names, dtypes and bits of every parameter and buffer."""
    sha = hashlib.sha256()
    for name, value in (*network.named_parameters(), *network.named_buffers()):
        sha.update(f'{name} {value.dtype} {tuple(value.shape)}'.encode())
        sha.update(value.detach().cpu().contiguous().numpy().tobytes())
    return sha.hexdigest()


def restoring(clean: str) -> dict:
    """Two frozen networks: the segmentor of a loss and the extractor of D2SM."""
    d2sm = dict(
        type='D2SMLoss',
        feature_extractor=dict(type='TinyFeatures'),
        queue_size=6,
        patches=2,
        patch_size=8,
    )
    segmentation = dict(type='SegmentationLoss', segmentor=fcn_r18(dropout=0), checkpoint=clean)
    return dict(type='RestorationModel', restorer=NET, losses=dict(d2sm=d2sm, seg=segmentation))


def models(clean: str) -> dict:
    return {
        'gram': dense_gram(fcn_r18(dropout=0.5), clean),
        'paired': dense_gram(fcn_r18(dropout=0.5), clean, source_input='clean'),
        'restoring': restoring(clean),
    }


@pytest.mark.parametrize('name', list(models('')))
def test_frozen_networks_stay_out_of_it(tmp_path, name):
    make_camvid(tmp_path / 'camvid')
    clean = save_clean(fcn_r18(), tmp_path / 'clean.pth')
    cfg: Config = config(tmp_path, 0, 'work', 4)
    cfg.model = models(clean)[name]
    cfg.optim_wrapper.optimizer = dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=0.1)
    runner = RUNNERS.build(cfg)
    runner.model.init_weights()
    frozen = {
        key: part for key, part in runner.model.named_modules() if isinstance(part, FrozenNetwork)
    }
    assert frozen
    before = {key: digest(part) for key, part in frozen.items()}
    children = {key: part for key, part in runner.model.named_children() if key not in frozen}
    trained = {key: digest(part) for key, part in children.items()}
    runner.train()
    assert {key: digest(part) for key, part in frozen.items()} == before
    after = {key: digest(part) for key, part in children.items()}
    assert after != trained  # it did train
    held = {id(p) for group in runner.optim_wrapper.optimizer.param_groups for p in group['params']}
    for part in frozen.values():
        assert not any(id(p) in held and p.requires_grad for p in part.parameters())
        assert all(p.grad is None for p in part.parameters())
    saved = load_checkpoint_safely(f'{cfg.work_dir}/iter_4.pth')['state_dict']
    assert saved
    assert not [key for key in saved for name in frozen if key.startswith(f'{name}.')]
