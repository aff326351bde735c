"""tools/train.py and tools/test.py: flags, messages, and a real run in two CPU processes."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import mmseg
import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from mmdegrade.engine import launch
from tests.tiny import fcn_r18, make_camvid

ROOT = Path(__file__).resolve().parents[2]


def _tool(name):
    spec = importlib.util.spec_from_file_location(f'tool_{name}', ROOT / 'tools' / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run_tool(monkeypatch):
    """Function: run a tool's main() up to building the runner, and return the config it made."""

    class Fake:
        def train(self):
            self.done = 'train'

        def test(self):
            self.done = 'test'

        class model:
            started = 0

            @classmethod
            def init_weights(cls):
                cls.started += 1

    def run(name, *argv):
        made = []
        runner = Fake()
        monkeypatch.setattr(launch, 'build_runner', lambda cfg: made.append(cfg) or runner)
        monkeypatch.setattr(sys, 'argv', [f'{name}.py', *map(str, argv)])
        monkeypatch.delenv('LOCAL_RANK', raising=False)
        _tool(name).main()
        assert runner.done == name
        made[0].started = runner.model.started
        return made[0]

    yield run
    os.environ.pop('LOCAL_RANK', None)


@pytest.fixture
def write(tmp_path):
    """Function: write a config file and return its path."""

    def write(text="optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD'))\n"):
        path = tmp_path / 'my_config.py'
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    ('name', 'flags'),
    [
        ('train', ['--work-dir', '--resume', '--amp']),
        ('test', ['checkpoint', '--work-dir', '--out', '--show-dir', '--wait-time', '--tta']),
    ],
)
def test_help(name, flags, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', [f'{name}.py', '--help'])
    with pytest.raises(SystemExit) as caught:
        _tool(name).main()
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for flag in [*flags, '--cfg-options', '--launcher', '--local_rank', '--local-rank']:
        assert flag in text


def test_as_a_script_from_another_folder(tmp_path):
    command = [sys.executable, str(ROOT / 'tools' / 'train.py'), 'none.py']
    env = {**os.environ, 'PYTHONPATH': str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env)
    assert done.returncode == 2
    assert "error: config 'none.py' does not exist" in done.stderr
    assert 'Traceback' not in done.stderr


@pytest.mark.parametrize('name', ['train', 'test'])
def test_same_flags_as_mmseg(name):
    """Whoever comes from MMSegmentation types what they are used to."""
    stock = Path(mmseg.__file__).parent / '.mim' / 'tools' / f'{name}.py'
    if not stock.is_file():
        pytest.skip('this mmseg comes without its tools')
    pattern = r"'(--[\w-]+)'"
    ours = {
        flag for action in _tool(name).build_parser()._actions for flag in action.option_strings
    }
    assert set(re.findall(pattern, stock.read_text())) == ours - {'-h', '--help'}


@pytest.mark.parametrize('argv', [('train', 'my_confg.py'), ('test', 'my_confg.py', 'x.pth')])
def test_missing_config(run_tool, write, capsys, argv):
    name, config, *rest = argv
    existing = write()
    with pytest.raises(SystemExit) as caught:
        run_tool(name, existing.parent / config, *rest)
    assert caught.value.code == 2
    text = capsys.readouterr().err
    assert 'does not exist; did you mean' in text and str(existing) in text


def test_hidden_folders_are_not_searched(run_tool, tmp_path, capsys):
    (tmp_path / '.venv').mkdir()
    (tmp_path / '.venv' / 'my_config.py').write_text('')
    with pytest.raises(SystemExit):
        run_tool('train', tmp_path / 'my_confg.py')
    text = capsys.readouterr().err
    assert 'my_confg.py' in text and 'does not exist (looked from' in text


def test_missing_checkpoint(run_tool, write, capsys):
    with pytest.raises(SystemExit):
        run_tool('test', write(), 'none.pth')
    assert "checkpoint 'none.pth' does not exist" in capsys.readouterr().err


def test_without_a_checkpoint_the_model_starts_as_for_training(run_tool, write, tmp_path):
    checkpoint = tmp_path / 'x.pth'
    checkpoint.touch()
    cfg = run_tool('test', write(), checkpoint)
    assert cfg.load_from == str(checkpoint) and cfg.started == 0
    cfg = run_tool('test', write(), 'none')
    assert cfg.load_from is None and cfg.started == 1


def test_urls_are_not_looked_up_on_disk():
    for url in ('https://example.org/x.pth', 'torchvision://resnet18', 'open-mmlab://x'):
        assert launch.check_checkpoint(url) == url


def test_train_flags(run_tool, write):
    path = write()
    cfg = run_tool('train', path, '--cfg-options', 'a.b=3', 'c="[1,2]"', '--local-rank', '1')
    assert cfg.a.b == 3 and cfg.c == [1, 2]
    assert cfg.work_dir == 'work_dirs/my_config' and cfg.launcher == 'none'
    assert os.environ['LOCAL_RANK'] == '1'
    assert run_tool('train', path, '--work-dir', 'here').work_dir == 'here'


@pytest.mark.parametrize(
    ('text', 'flag', 'expected'),
    [('resume = True', [], True), ('', ['--resume'], True), ('', [], False)],
)
def test_resume_of_the_config_is_kept(run_tool, write, text, flag, expected):
    assert run_tool('train', write(text), *flag).get('resume', False) is expected


def test_test_flags(run_tool, write, tmp_path):
    config = write(
        "default_hooks = dict(visualization=dict(type='V', draw=False))\n"
        "visualizer = dict(type='SegLocalVisualizer')\n"
        "test_evaluator = [dict(type='IoUMetric'), dict(type='Other')]\n"
        'test_dataloader = dict(dataset=dict(pipeline=[1]))\n'
        "model = dict(type='M')\ntta_model = dict(type='T')\ntta_pipeline = [2]\n"
    )
    weights = tmp_path / 'w.pth'
    weights.touch()
    argv = ['--show', '--show-dir', 'painted', '--wait-time', '0.5', '--tta', '--out', 'masks']
    cfg = run_tool('test', config, weights, *argv)
    assert cfg.load_from == str(weights)
    hook = cfg.default_hooks.visualization
    assert hook == dict(type='V', draw=True, show=True, wait_time=0.5)
    assert cfg.visualizer.save_dir == 'painted'
    assert cfg.test_evaluator[0] == dict(type='IoUMetric', output_dir='masks', keep_results=True)
    assert cfg.test_evaluator[1] == dict(type='Other')
    assert cfg.model == dict(type='T', module=dict(type='M'))
    assert cfg.test_dataloader.dataset.pipeline == [2]


@pytest.mark.parametrize(
    ('flags', 'message'),
    [
        (['--show'], 'default_hooks.visualization'),
        (['--tta'], '--tta needs tta_model and tta_pipeline'),
        (['--out', 'x'], '--out needs an IoUMetric'),
    ],
)
def test_test_flags_that_the_config_cannot_serve(run_tool, write, tmp_path, capsys, flags, message):
    weights = tmp_path / 'w.pth'
    weights.touch()
    with pytest.raises(SystemExit):
        run_tool('test', write("test_evaluator = [dict(type='Other')]\n"), weights, *flags)
    assert message in capsys.readouterr().err


SGD = dict(optimizer=dict(type='SGD'))


@pytest.mark.parametrize(
    ('cuda', 'before', 'after'),
    [
        (False, dict(type='OptimWrapper'), dict(type='AutocastOptimWrapper')),
        (False, dict(), dict(type='AutocastOptimWrapper')),
        (
            False,
            dict(type='AmpOptimWrapper', loss_scale='dynamic', dtype='float16'),
            dict(type='AutocastOptimWrapper'),
        ),
        (True, dict(), dict(type='AmpOptimWrapper', loss_scale='dynamic')),
        (True, dict(type='AmpOptimWrapper', loss_scale=4.0), None),
        (True, dict(type='AutocastOptimWrapper'), None),
    ],
)
def test_amp(monkeypatch, cuda, before, after):
    monkeypatch.setattr(launch, 'is_cuda_available', lambda: cuda)
    stages = [dict(optim_wrapper={**before, **SGD}), dict(name='inherits')]
    cfg = Config(dict(optim_wrapper={**before, **SGD}, train_cfg=dict(stages=stages)))
    launch.enable_amp(cfg)
    expected = {**(before if after is None else after), **SGD}
    assert cfg.optim_wrapper == expected
    assert cfg.train_cfg.stages[0].optim_wrapper == expected


@pytest.mark.parametrize(
    ('wrapper', 'message'),
    [
        (dict(constructor='C', enhancer=SGD, segmentor=SGD), r'several \(enhancer, segmentor\)'),
        (dict(type='Odd', **SGD), "type 'OptimWrapper', got 'Odd'"),
        (None, 'needs an optim_wrapper'),
    ],
)
def test_amp_refusals(wrapper, message):
    with pytest.raises(ValueError, match=message):
        launch.enable_amp(Config(dict(optim_wrapper=wrapper)))


def test_amp_changes_all_stages_or_none():
    stages = [dict(optim_wrapper=dict(a=SGD, b=SGD))]
    cfg = Config(dict(optim_wrapper=dict(SGD), train_cfg=dict(stages=stages)))
    with pytest.raises(ValueError, match=r'train_cfg\.stages\[0\]\.optim_wrapper has several'):
        launch.enable_amp(cfg)
    assert cfg.optim_wrapper == SGD


def test_runner_type(monkeypatch):
    from mmengine.registry import RUNNERS

    @RUNNERS.register_module()
    class OwnRunner(Runner):
        @classmethod
        def from_cfg(cls, cfg):
            return 'own'

    monkeypatch.setattr(Runner, 'from_cfg', classmethod(lambda cls, cfg: 'stock'))
    assert launch.build_runner(Config(dict(runner_type='OwnRunner'))) == 'own'
    assert launch.build_runner(Config(dict(model=1))) == 'stock'


@pytest.mark.parametrize('name', ['dist_train.sh', 'dist_test.sh'])
def test_dist_scripts_explain_themselves(name):
    done = subprocess.run(['bash', str(ROOT / 'tools' / name)], capture_output=True, text=True)
    assert done.returncode == 2 and 'usage:' in done.stderr and 'NPROC' in done.stderr


def _tiny_config(root):
    """Config of a two-iteration run, written for GPUs: nccl and SyncBN."""
    model = fcn_r18()
    model['backbone']['norm_cfg'] = dict(type='SyncBN', requires_grad=True)
    load = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]

    def loader(split, sampler, **kwargs):
        dataset = dict(
            type='CamVidDataset',
            data_root=str(root / 'camvid'),
            ann_file=f'{split}.txt',
            pipeline=[*load, dict(type='PackSegInputs')],
        )
        return dict(num_workers=0, sampler=dict(type=sampler), dataset=dataset, **kwargs)

    return Config(
        dict(
            default_scope='mmseg',
            custom_imports=dict(imports=['mmdegrade']),
            model=model,
            train_dataloader=loader('train', 'InfiniteSampler', batch_size=2),
            val_dataloader=loader('val', 'DefaultSampler', batch_size=1),
            test_dataloader=loader('test', 'DefaultSampler', batch_size=1),
            val_evaluator=dict(type='IoUMetric'),
            test_evaluator=dict(type='IoUMetric'),
            optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01)),
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=2, val_interval=2),
            val_cfg=dict(type='ValLoop'),
            test_cfg=dict(type='TestLoop'),
            default_hooks=dict(checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=2)),
            env_cfg=dict(dist_cfg=dict(backend='nccl')),
            log_processor=dict(by_epoch=False),
            randomness=dict(seed=0),
        )
    )


@pytest.mark.slow
def test_train_resume_and_test_in_two_cpu_processes(tmp_path):
    """dist_train.sh from another folder, in bf16; resumed by the config; then dist_test.sh."""
    make_camvid(tmp_path / 'camvid')
    config = tmp_path / 'tiny.py'
    _tiny_config(tmp_path).dump(config)
    env = {**os.environ, 'PYTHON': sys.executable, 'PORT': '29533', 'CUDA_VISIBLE_DEVICES': ''}

    def run(script, *argv):
        command = ['bash', str(ROOT / 'tools' / script), *map(str, argv)]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=env, timeout=300
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout + done.stderr

    log = run('dist_train.sh', config, 2, '--work-dir', 'out', '--amp')
    assert log.count('SyncBN setting(s) of the config replaced by BN') == 1
    assert 'AutocastOptimWrapper' in log and (tmp_path / 'out' / 'iter_2.pth').is_file()
    longer = ['--cfg-options', 'resume=True', 'train_cfg.max_iters=4']
    log = run('dist_train.sh', config, 2, '--work-dir', 'out', *longer)
    assert 'resumed epoch: 0, iter: 2' in log and 'Falling back' not in log
    log = run('dist_test.sh', config, 'out/iter_4.pth', 2, '--work-dir', 'out')
    assert 'mIoU' in log
