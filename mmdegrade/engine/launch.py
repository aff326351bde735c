"""From command line arguments to a Runner: what tools/train.py and tools/test.py share.

The flags are those of MMSegmentation's own tools. What differs: a ``resume=True`` written in a
config is kept, several CPU processes work, ``--amp`` works without CUDA, and mistakes are answered
with a sentence.
"""

from __future__ import annotations

import difflib
import os
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch.distributed as dist
from mmengine.config import Config, DictAction
from mmengine.device import is_cuda_available
from mmengine.logging import print_log
from mmengine.runner import Runner

from ..compat.cpu_distributed import init_cpu_distributed
from ..models.unwrapped import unwrapped
from .checks import require_sound

__all__ = [
    'add_common_arguments',
    'build_runner',
    'check_checkpoint',
    'check_config',
    'enable_amp',
    'export_local_rank',
    'leave_together',
    'load_config',
    'start_weights',
    'use_predictions_folder',
    'use_tta',
    'use_visualization',
]

_PLAIN_WRAPPERS = ('OptimWrapper',)
_AMP_WRAPPERS = ('AmpOptimWrapper', 'AutocastOptimWrapper')


def add_common_arguments(parser: ArgumentParser) -> None:
    """Add the flags that training and testing have in common."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='override settings of the config, for example model.backbone.depth=18 '
        'or data.list="[a,b]" (quoted, without spaces)',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='how several processes were started',
    )
    # torch.distributed.launch passes one spelling or the other, depending on its version.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def export_local_rank(args: Namespace) -> None:
    """Hand ``--local_rank`` on as the environment variable that MMEngine reads."""
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))


def load_config(
    path: str,
    launcher: str = 'none',
    work_dir: str | None = None,
    cfg_options: dict[str, Any] | None = None,
) -> Config:
    """Read a config and merge what the command line says.

    Args:
        path: A file, or ``mmseg::folder/name.py`` for a config of an installed package.
        launcher: ``none``, ``pytorch``, ``slurm`` or ``mpi``.
        work_dir: Goes before the config's ``work_dir``; without either it is
            ``./work_dirs/<name of the config>``.
        cfg_options: Dotted keys and values to override.

    Returns:
        The config with ``launcher`` and ``work_dir`` set.

    Raises:
        FileNotFoundError: If the file does not exist, with the nearest names that do.
    """
    if '::' not in path and not Path(path).is_file():
        raise FileNotFoundError(f'config {path!r} does not exist{_suggest(Path(path))}')
    cfg = Config.fromfile(path)
    cfg.launcher = launcher
    if cfg_options:
        cfg.merge_from_dict(cfg_options)
    if work_dir is not None:
        cfg.work_dir = work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / Path(path).stem)
    return cfg


def _scripts_below(folder: Path) -> Iterator[Path]:
    """Python files, but for those in hidden folders: an environment holds thousands."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith('.'))
        yield from (Path(place) / name for name in sorted(files) if name.endswith('.py'))


def _suggest(path: Path) -> str:
    folder = next((p for p in path.parents if p.is_dir()), Path('.'))
    if folder in (Path('.'), Path(folder.anchor)):
        folder = Path('configs')
    names = {p.stem: p for p in _scripts_below(folder)}
    close = difflib.get_close_matches(path.stem, names, n=3, cutoff=0.7)
    if close:
        return '; did you mean ' + ' or '.join(str(names[name]) for name in close) + '?'
    return f' (looked from {Path.cwd()})'


def check_checkpoint(path: str) -> str | None:
    """Return a checkpoint's path or URL; raise FileNotFoundError if a local file is absent.

    'none' is None: a model that has no weights, or names those it starts from itself
    (``restorer_checkpoint``).
    """
    if path == 'none':
        return None
    is_url = re.match(r'[A-Za-z][\w+.-]+:', path) is not None  # two letters: C:\ is a drive
    if not is_url and not Path(path).expanduser().is_file():
        raise FileNotFoundError(f'checkpoint {path!r} does not exist (looked from {Path.cwd()})')
    return path


def check_config(cfg: Config, *loaders: str) -> None:
    """Check a config before anything is built, so that one message names all that is wrong.

    Args:
        cfg: As `load_config` returns it; not changed.
        *loaders: The dataloaders that will be used.

    Raises:
        ConfigError: Lists everything; a ``ValueError``.
    """
    if cfg.get('resume') and cfg.get('load_from'):
        # A run that has begun does not need what it started from; the runner knows which it is.
        cfg = cfg.copy()
        cfg.load_from = None
    require_sound(cfg, *loaders)


def start_weights(runner: Runner) -> None:
    """Give a model the weights that training would start from, as tests do not."""
    unwrapped(runner.model).init_weights()


def enable_amp(cfg: Config) -> None:
    """Turn on mixed precision, in place, for the whole run and each of its stages.

    On CUDA this is MMEngine's ``AmpOptimWrapper`` with dynamic loss scaling, as in MMSegmentation;
    elsewhere `AutocastOptimWrapper`, which needs no CUDA.

    Raises:
        ValueError: If ``optim_wrapper`` is absent, has several optimizers, or is of a type that
            cannot be exchanged.
    """
    stages = cfg.get('train_cfg', {}).get('stages') or []
    places = [('optim_wrapper', cfg.get('optim_wrapper'))] + [
        (f'train_cfg.stages[{i}].optim_wrapper', stage.get('optim_wrapper'))
        for i, stage in enumerate(stages)
    ]
    places = [(key, wrapper) for key, wrapper in places if wrapper is not None]
    if not places:
        raise ValueError('--amp needs an optim_wrapper in the config, and there is none')
    # Inherited settings may leave one unfinished, so look at all before changing any.
    for key, wrapper in places:
        _check_exchangeable(key, wrapper)
    for _, wrapper in places:
        _exchange(wrapper)


def _check_exchangeable(key: str, wrapper: dict[str, Any]) -> None:
    parts = [k for k, v in wrapper.items() if isinstance(v, dict) and 'optimizer' in v]
    if parts:
        raise ValueError(
            f'--amp works with a single optimizer, but {key} has several ({", ".join(parts)}); '
            f"leave --amp out and write type='AutocastOptimWrapper' into {key}.{parts[0]} and the "
            'others'
        )
    kind = wrapper.get('type', 'OptimWrapper')
    if kind not in _PLAIN_WRAPPERS + _AMP_WRAPPERS:
        raise ValueError(
            f'--amp can only replace {key}.type {" or ".join(map(repr, _PLAIN_WRAPPERS))}, '
            f'got {kind!r}'
        )


def _exchange(wrapper: dict[str, Any]) -> None:
    cuda = is_cuda_available()
    kind = wrapper.get('type', 'OptimWrapper')
    if kind == 'AutocastOptimWrapper' or (kind == 'AmpOptimWrapper' and cuda):
        print_log(f'--amp: the config has {kind} already', logger='current')
        return
    if cuda:
        wrapper.update(type='AmpOptimWrapper', loss_scale='dynamic')
        return
    # These belong to AmpOptimWrapper's gradient scaler, which needs CUDA.
    for name in ('loss_scale', 'use_fsdp', 'dtype'):
        wrapper.pop(name, None)
    wrapper.update(type='AutocastOptimWrapper')


def use_visualization(
    cfg: Config, show: bool = False, show_dir: str | None = None, wait_time: float = 2
) -> None:
    """Make the visualization hook draw, in a window or into a folder. Changes ``cfg`` in place.

    Raises:
        ValueError: If the config has no visualization hook.
    """
    hook = cfg.get('default_hooks', {}).get('visualization')
    if hook is None:
        raise ValueError(
            '--show and --show-dir need default_hooks.visualization in the config, for example '
            "visualization=dict(type='SegVisualizationHook')"
        )
    hook['draw'] = True
    if show:
        hook.update(show=True, wait_time=wait_time)
    if show_dir:
        if cfg.get('visualizer') is None:
            raise ValueError(
                "--show-dir needs a visualizer in the config, e.g. 'SegLocalVisualizer'"
            )
        cfg.visualizer['save_dir'] = show_dir


def use_tta(cfg: Config) -> None:
    """Exchange model and pipeline for test time augmentation. Changes ``cfg`` in place.

    Raises:
        ValueError: If the config has no ``tta_model`` or ``tta_pipeline``.
    """
    missing = [key for key in ('tta_model', 'tta_pipeline') if cfg.get(key) is None]
    if missing:
        raise ValueError(f'--tta needs {" and ".join(missing)} in the config')
    cfg.test_dataloader.dataset.pipeline = cfg.tta_pipeline
    cfg.tta_model.module = cfg.model
    cfg.model = cfg.tta_model


def use_predictions_folder(cfg: Config, folder: str) -> None:
    """Make ``IoUMetric`` write its predictions to a folder. Changes ``cfg`` in place.

    Raises:
        ValueError: If several evaluators are configured and none is an ``IoUMetric``.
    """
    evaluators = cfg.test_evaluator
    if isinstance(evaluators, dict):
        evaluators = [evaluators]
    else:
        evaluators = [e for e in evaluators if str(e['type']).endswith('IoUMetric')]
    if not evaluators:
        raise ValueError('--out needs an IoUMetric in test_evaluator, and there is none')
    for evaluator in evaluators:
        evaluator.update(output_dir=folder, keep_results=True)


def build_runner(cfg: Config) -> Runner:
    """Build the runner that the config asks for, starting gloo first where there is no GPU.

    Args:
        cfg: As `load_config` returns it. ``runner_type`` names another runner than MMEngine's.

    Returns:
        A runner, ready for ``train()``, ``val()`` or ``test()``.
    """
    init_cpu_distributed(cfg)
    if 'runner_type' not in cfg:
        return Runner.from_cfg(cfg)
    from mmseg.registry import RUNNERS  # finds MMEngine's runners as well

    return RUNNERS.build(cfg)


def leave_together() -> None:
    """End the process group, if there is one, once every process is done.

    A process that exits while another still talks to it aborts now and then ("terminate called
    without an active exception"), and the launcher then calls a finished run failed.
    """
    if dist.is_available() and dist.is_initialized():
        dist.barrier()
        dist.destroy_process_group()
