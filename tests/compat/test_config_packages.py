"""``_base_ = ['mmseg::…']`` finds mmseg's configs whatever its distribution is called."""

from importlib import metadata

import pytest
from mmengine.config import Config
from mmengine.config.utils import MODULE2PACKAGE

from mmdegrade.compat import config_packages
from mmdegrade.compat.config_packages import resolve_config_packages

BASE = 'mmseg::_base_/schedules/schedule_20k.py'


def test_base_of_mmseg(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text(f"_base_ = ['{BASE}']\nmine = 1\n")
    cfg = Config.fromfile(path)
    assert cfg.mine == 1 and cfg.train_cfg.max_iters == 20000


@pytest.mark.parametrize(('installed', 'expected'), [(True, 'mmsegmentation'), (False, 'mmseg')])
def test_original_distribution_is_left_alone(monkeypatch, installed, expected):
    def version(name):
        if installed:
            return '1.2.2'
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setitem(MODULE2PACKAGE, 'mmseg', 'mmsegmentation')
    monkeypatch.setattr(config_packages.metadata, 'version', version)
    resolve_config_packages()
    assert MODULE2PACKAGE['mmseg'] == expected
