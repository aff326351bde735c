"""Run a script in two processes that share one training, and what such tests compare."""

import os
import subprocess
import sys
from pathlib import Path

import torch
from torch import nn

ROOT = str(Path(__file__).parents[1])


def run_in_two(folder: Path, source: str, *arguments) -> None:
    """Run Python code under ``torch.distributed.run`` with two processes; it must succeed."""
    script = folder / 'two.py'
    script.write_text(source)
    run = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2',
         str(script), *map(str, arguments)],
        capture_output=True, text=True, timeout=300, cwd=ROOT,
        env={**os.environ, 'PYTHONPATH': ROOT},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]


def stage_gradients(model, stages, inputs, samples) -> dict[str, torch.Tensor]:
    """Gradients of each stage's loss, with BN statistics fixed.

    Args:
        model: A ``StagedModel``, wrapped for several processes or not.
        stages: Names of the parts that each stage trains.
    """
    grads = {}
    bare = getattr(model, 'module', model)
    for parts in stages:
        bare.train_only(*parts)
        model.train()
        for module in bare.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.train(False)
        model.zero_grad()
        bare.parse_losses(bare(inputs, samples, mode='loss'))[0].backward()
        for name, parameter in bare.named_parameters():
            if parameter.grad is not None and name.split('.')[0] in parts:
                key = '+'.join(parts) + ' ' + name.replace('.module.', '.')
                grads[key] = parameter.grad.clone()
    return grads
