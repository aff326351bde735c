"""An ONNX file against the network that it was written from, on inputs that it has not seen."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from .packages import load


class OnnxMismatch(ValueError):
    """A file gives something else than its network, or does not run."""


def make_inputs(shape: Sequence[int], as_images: bool, seed: int) -> Tensor:
    """Seeded inputs N×3×H×W: uint8 images, or what normalised images look like (N(0, 1))."""
    generator = torch.Generator().manual_seed(seed)
    if as_images:
        return torch.randint(0, 256, tuple(shape), generator=generator, dtype=torch.uint8)
    return torch.randn(tuple(shape), generator=generator)


@torch.no_grad()
def largest_difference(
    path: str, graph: nn.Module, inputs: Sequence[Tensor], tolerance: float
) -> float:
    """Run a file by onnxruntime on the CPU and compare all outputs.

    Args:
        path (str): The ``.onnx`` file.
        graph (InferenceGraph): What it was written from, on the CPU.
        inputs (Sequence[Tensor]): Batches.
        tolerance (float): Largest allowed difference, relative to the largest value of an output
            where that is above 1. Of labels, those pixels may differ whose two best scores are
            nearer to each other than that.

    Returns:
        float: The largest difference, measured like ``tolerance``.

    Raises:
        OnnxMismatch: Above ``tolerance``; the file does not run on one of the batches, or has no
            input.
        ImportError: onnxruntime is not installed.
    """
    runtime = load('onnxruntime')
    options = runtime.SessionOptions()
    options.log_severity_level = 4  # what fails is raised; printing it as well helps nobody
    options.intra_op_num_threads = torch.get_num_threads()
    session = runtime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    if not session.get_inputs():
        raise OnnxMismatch(
            'the outputs do not depend on the input: a part computes outside of PyTorch '
            '(ClassicalRestorer), which ONNX cannot hold'
        )
    worst = 0.0
    for batch in inputs:
        expected = graph(batch)
        try:
            found = session.run(None, {session.get_inputs()[0].name: batch.numpy()})
        except Exception as error:  # noqa: BLE001  the runtime's errors have no common base
            if not type(error).__module__.startswith('onnxruntime'):
                raise
            reason = str(error).strip().splitlines()[0]
            raise OnnxMismatch(f'does not run on inputs {tuple(batch.shape)}: {reason}') from error
        for name, ours, theirs in zip(graph.names, expected, found, strict=True):
            difference = _difference(name, ours.numpy(), theirs, graph, batch)
            worst = max(worst, difference)
            if not difference <= tolerance:  # NaN, too
                raise OnnxMismatch(
                    f'{name} of inputs {tuple(batch.shape)} differs by {difference:.2g} from '
                    f'PyTorch; allowed: {tolerance:g}'
                )
    return worst


def _difference(name: str, ours: np.ndarray, theirs: np.ndarray, graph, batch: Tensor) -> float:
    if ours.shape != theirs.shape:
        raise OnnxMismatch(
            f'{name} of inputs {tuple(batch.shape)} has the shape {theirs.shape}, in PyTorch '
            f'{ours.shape}'
        )
    if name == 'labels':
        return _label_difference(ours != theirs, graph.tensors(batch)['logits'].numpy())
    return float(np.abs(ours - theirs).max() / max(1.0, np.abs(ours).max()))


def _label_difference(differs: np.ndarray, logits: np.ndarray) -> float:
    """By how much scores were wrong at least, from the labels that differ."""
    if not differs.any():
        return 0.0
    if logits.shape[1] == 1:
        return float(np.inf)
    best = np.sort(logits, axis=1)[:, -2:]
    margin = (best[:, 1] - best[:, 0])[:, None]
    return float(margin[differs].max() / max(1.0, np.abs(logits).max()))
