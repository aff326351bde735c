"""mmseg's own test.py, unmodified, runs our configs: the override of the degradation reaches it."""

import runpy
import sys
from pathlib import Path

import mmseg
import pytest
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from tests.tiny import fcn_r18, make_camvid, save_clean

STOCK = Path(mmseg.__path__[0]) / '.mim' / 'tools' / 'test.py'
CONFIG = """
_base_ = ['{root}/configs/_base_/datasets/camvid.py',
          '{root}/configs/_base_/schedules/sgd_poly_1500.py',
          '{root}/configs/_base_/default_runtime.py']
model = {model}
test_dataloader = dict(num_workers={workers}, persistent_workers={persistent},
                       dataset=dict(data_root='{data}'))
custom_hooks = [dict(type='RecordDegradations')]
"""


@pytest.mark.skipif(not STOCK.is_file(), reason=f'no test.py in the installed mmseg ({STOCK})')
@pytest.mark.parametrize('workers', [0, 1])
def test_override_reaches_stock_test_py(tmp_path, monkeypatch, workers):
    seen = []

    @HOOKS.register_module()
    class RecordDegradations(Hook):
        def after_test_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            seen.append(data_batch['data_samples'][0].degradations[0])

    make_camvid(tmp_path / 'camvid', images=2)
    clean = save_clean(fcn_r18(), tmp_path / 'clean.pth')
    config = tmp_path / 'config.py'
    config.write_text(
        CONFIG.format(
            root=Path(__file__).parents[2],
            model=fcn_r18(),
            workers=workers,
            persistent=workers > 0,
            data=tmp_path / 'camvid',
        )
    )
    argv = [str(STOCK), str(config), clean, '--work-dir', str(tmp_path / 'out')]
    argv += ['--cfg-options', 'degradation.kind=saltpepper', 'degradation.degree=2']
    monkeypatch.setattr(sys, 'argv', argv)
    runpy.run_path(str(STOCK), run_name='__main__')
    assert [(record['kind'], record['degree']) for record in seen] == [('saltpepper', 2)] * 2
    assert seen[0]['params'] == {'amount': 0.04}
