"""The ONNX file of a trained model.

What is in the graph follows MMDeploy: ``input`` N×3×H×W float32 as the data preprocessor makes it
(channel order, mean, std; padded), because that is what its SDK and pipelines feed, and the scores
at the size of the input. Differences: MMDeploy's output is the label map, ours by default the
scores (``labels=True`` gives the labels), and cascades give the restored image, too.
``as_images=True`` puts the normalisation into the graph, for those who have no pipeline: its input
are uint8 RGB images. Loading, resizing to the test scale, sliding windows and the resize to the
original image stay outside.

TorchScript's exporter is the default: on CPUs it is several times as fast as the one that
``dynamo=True`` chooses, keeps sizes dynamic in all of our networks, and gives the same numbers.
"""

import json
import os
import os.path as osp
import tempfile
import warnings
from dataclasses import dataclass

import torch
from torch import Tensor

from mmdegrade.engine.launch import load_config
from mmdegrade.models.inference_graph import InferenceGraph, inference_tensors

from ..severity_grid.weights import load_network
from .check import OnnxMismatch, largest_difference, make_inputs
from .packages import load
from .upsampling import symbolic_upsampling

OPSET = 17  # of 2022: what needs more than 16 (grid_sample) is in it, and runtimes have it
TOLERANCE = 1e-4
SIZE = (96, 128)


@dataclass(frozen=True)
class OnnxFile:
    """What was written.

    Args:
        path: The file.
        outputs: Names of the outputs, in order: 'logits' or 'labels', 'restored'.
        dynamic: Whether it takes any N, H and W.
        size: H and W that it was traced at; the only ones where it is not dynamic.
        difference: Largest difference from PyTorch; see :func:`largest_difference`.
        reason: Why it is not dynamic.
    """

    path: str
    outputs: tuple[str, ...]
    dynamic: bool
    size: tuple[int, int]
    difference: float
    reason: str = ''


def export_onnx(
    config: str,
    checkpoint: str,
    out: str,
    size: tuple[int, int] | None = None,
    dynamic: bool | None = None,
    labels: bool = False,
    as_images: bool = False,
    dynamo: bool = False,
    opset: int = OPSET,
    tolerance: float = TOLERANCE,
    cfg_options: dict | None = None,
) -> OnnxFile:
    """Export the inference graph of any mmseg or mmdegrade model, and check it.

    The file is run by onnxruntime on seeded inputs that it was not traced with, dynamic ones also
    on another batch size, height and width; only one that agrees is kept.

    Args:
        config (str): Config of the model. Iterations of UBCN, ``stop_after`` of SDABN and the like
            are fixed as it (or ``cfg_options``) says.
        checkpoint (str): Its weights; 'none': those that training would start from.
        out (str): File to write; ``.onnx`` is appended where it is missing.
        size (tuple, optional): Height and width to trace at. Needed by networks whose file works at
            one size only.
        dynamic (bool, optional): Whether the file takes any N×3×H×W. None: if the network allows.
        labels (bool): Give the labels (N×1×H×W int64) in the place of the scores.
        as_images (bool): Take N×3×H×W uint8 RGB images, and normalise them in the graph.
        dynamo (bool): Use PyTorch's newer exporter.
        opset (int): Version of ONNX's operators.
        tolerance (float): See :func:`largest_difference`.
        cfg_options (dict, optional): Dotted keys and values to override in the config.

    Returns:
        OnnxFile: The file's metadata properties hold classes, palette and preprocessing as JSON.

    Raises:
        FileNotFoundError: ``config`` or ``checkpoint`` is not there.
        ValueError: The checkpoint does not fit; the network cannot be exported, or not so; the file
            does not agree with it.
        ImportError: onnx or onnxruntime is not installed.
    """
    load('onnx')
    load('onnxruntime')
    cfg = load_config(config, cfg_options=cfg_options)
    network, classes = load_network(cfg, checkpoint, config)
    graph = InferenceGraph(network, labels=labels, as_images=as_images)
    out = out if out.endswith('.onnx') else f'{out}.onnx'
    check_predictions(graph, size or SIZE)
    settings = dict(as_images=as_images, dynamo=dynamo, opset=opset, tolerance=tolerance)
    os.makedirs(osp.dirname(osp.abspath(out)), exist_ok=True)
    with tempfile.TemporaryDirectory(dir=osp.dirname(osp.abspath(out))) as folder:
        file = osp.join(folder, 'model.onnx')
        reason = ''
        if dynamic is not False:
            try:
                difference = _write(graph, file, size or SIZE, dynamic=True, **settings)
            except ValueError as error:
                if dynamic:
                    raise
                reason = str(error)
                if size is None:
                    raise ValueError(
                        f'{config} cannot be exported for all sizes ({reason}); name the one it is '
                        'to have: --size HEIGHT WIDTH (size=(height, width))'
                    ) from error
        if dynamic is False or reason:
            difference = _write(graph, file, size or SIZE, dynamic=False, **settings)
        is_dynamic = dynamic is not False and not reason
        describe(file, graph, classes, is_dynamic)
        os.replace(file, out)
    return OnnxFile(out, graph.names, is_dynamic, tuple(size or SIZE), difference, reason)


@torch.no_grad()
def check_predictions(graph: InferenceGraph, size: tuple[int, int]) -> None:
    """See that the graph's scores are those of the model's own predictions on whole images.

    Raises:
        ValueError: They are not: the head predicts otherwise than by ``mode='tensor'``.
    """
    model = graph.model
    if not hasattr(model, 'encode_decode'):  # restoration
        return
    inputs = make_inputs((1, 3, *size), False, seed=2)
    meta = dict(img_shape=tuple(size), ori_shape=tuple(size), pad_shape=tuple(size))
    wanted = model.encode_decode(inputs, [meta])
    given = inference_tensors(model, inputs)['logits']
    if wanted.shape != given.shape or not torch.allclose(wanted, given, rtol=1e-4, atol=1e-4):
        raise ValueError(
            f"{type(model).__name__}: the scores of its graph (mode='tensor', or its method "
            'inference_tensors) differ from those that encode_decode predicts with; give it a '
            'method inference_tensors(inputs) -> dict(logits=…) that agrees'
        )


def _write(graph, file: str, size, dynamic: bool, as_images, dynamo, opset, tolerance) -> float:
    """Trace and check; the largest difference."""
    height, width = size
    # The newer exporter takes a batch of one image for a constant.
    first = make_inputs((2 if dynamic and dynamo else 1, 3, height, width), as_images, seed=0)
    name = 'images' if as_images else 'input'
    with torch.no_grad():
        graph(first)  # names the outputs
    _export(graph, first, file, name, dynamic, dynamo, opset)
    others = [(1, 3, height, width)]
    if dynamic:
        others.append((2, 3, height + 17, width + 35))
    batches = [make_inputs(shape, as_images, seed=1) for shape in others]
    return largest_difference(file, graph, batches, tolerance)


def _export(
    graph: InferenceGraph, inputs: Tensor, file: str, name: str, dynamic: bool, dynamo: bool, opset
) -> None:
    axes = {0: 'batch', 2: 'height', 3: 'width'}
    shapes = {}
    if dynamic and dynamo:
        shapes = dict(dynamic_shapes=({axis: torch.export.Dim.AUTO for axis in axes},))
    elif dynamic:
        shapes = dict(dynamic_axes={key: axes for key in (name, *graph.names)})
    try:
        with torch.no_grad(), warnings.catch_warnings(), symbolic_upsampling(graph):
            # Both exporters warn of every size that Python sees; the check that follows decides.
            warnings.simplefilter('ignore')
            torch.onnx.export(
                graph, (inputs,), file, input_names=[name], output_names=list(graph.names),
                opset_version=opset, dynamo=dynamo, **shapes,
                **(dict(external_data=False, verbose=False) if dynamo else {}),
            )  # fmt: skip
    except (RuntimeError, torch.onnx.errors.OnnxExporterError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise OnnxMismatch(f'PyTorch cannot export it: {reason[0]}') from error


def describe(file: str, graph: InferenceGraph, classes, dynamic: bool) -> None:
    """Write what a user of the file needs to know into its metadata properties, as JSON values."""
    onnx = load('onnx')
    model = onnx.load(file)
    pre = graph.model.data_preprocessor
    normalised = bool(getattr(pre, '_enable_normalize', False)) and not graph.as_images
    rgb = graph.as_images or getattr(pre, '_channel_conversion', False)
    known = dict(
        model=type(graph.model).__name__,
        classes=classes,
        channel_order='RGB' if rgb else 'BGR',
        mean=pre.mean.flatten().tolist() if normalised else None,
        std=pre.std.flatten().tolist() if normalised else None,
        size_divisor=getattr(pre, 'size_divisor', None),
        dynamic=dynamic,
    )
    onnx.helper.set_model_props(model, {key: json.dumps(value) for key, value in known.items()})
    onnx.checker.check_model(model)
    onnx.save(model, file)
