"""Build classifiers of MMPretrain, which is optional, and fill them from checkpoints."""

import importlib.util
from collections.abc import Sequence

import torch
from mmengine.config import ConfigDict
from mmengine.registry import MODELS
from torch import Tensor, nn

from ..clean_checkpoint import part_state, require_checkpoint


def build_classifier(cfg: dict) -> nn.Module:
    """Build a classifier, its parts being looked up in MMPretrain first.

    Args:
        cfg (dict): Config of any ``ImageClassifier`` with a head.

    Raises:
        ImportError: MMPretrain is not installed.
        ValueError: It has no head.
    """
    if importlib.util.find_spec('mmpretrain') is None:
        raise ImportError(
            'model.classifier needs MMPretrain: pip install onedl-mmpretrain (or mmpretrain, '
            'beside the original mmcv)'
        )
    model = MODELS.build(ConfigDict(cfg, _scope_=cfg.get('_scope_', 'mmpretrain')))
    if getattr(model, 'head', None) is None:
        raise ValueError('model.classifier.head is not set; a classifier needs one')
    return model


def classifier_preprocessor(classifier: dict, given: dict | None):
    """Config of the preprocessor of a wrapper: given, or else that of the classifier."""
    cfg = given or classifier.get('data_preprocessor')
    if not isinstance(cfg, dict):
        return cfg
    name = cfg.get('type', 'ClsDataPreprocessor')
    if isinstance(name, str) and '.' not in name:
        name = f'mmpretrain.{name}'
    return ConfigDict(cfg, type=name)


def load_classifier(model: nn.Module, checkpoint: str, key: str = 'model.clean_checkpoint') -> None:
    """Load trained weights into a classifier; every key must fit.

    Args:
        model (nn.Module): Filled in place.
        checkpoint (str): Its own weights, or those of a model that holds it as ``classifier``.
        key (str): Config key named in errors.

    Raises:
        FileNotFoundError: The file is not there.
        ValueError: Keys are missing, unexpected or misshapen.
    """
    state, _ = part_state(require_checkpoint(checkpoint, key), 'classifier.')
    state = {name: value for name, value in state.items() if not name.startswith('data_prep')}
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(f'{key}={checkpoint!r} does not fit model.classifier: {error}') from error


def stack_raw_clean(data_samples: Sequence | None, needed_by: str, like: Tensor) -> Tensor:
    """Clean images of classification samples: N×3×H×W RGB on [0, 1].

    They are as ``PackInputs(algorithm_keys=('clean_img',))`` packs them: BGR on 0-255, H×W×3 or
    3×H×W; no preprocessor touches them.

    Raises:
        ValueError: A sample has none, or one of another size than its image.
    """
    if not data_samples or any('clean_img' not in sample for sample in data_samples):
        raise ValueError(
            f'{needed_by} needs clean images: set Degrade(keep_clean=True) and PackInputs('
            "algorithm_keys=('clean_img',))"
        )
    images = []
    for sample in data_samples:
        image = torch.as_tensor(sample.clean_img)
        image = image.movedim(-1, 0) if image.shape[-1] == 3 != image.shape[0] else image
        if image.shape[-2:] != like.shape[-2:]:
            raise ValueError(
                f'{needed_by}: a clean image is {tuple(image.shape)}, the inputs are '
                f'{tuple(like.shape)}; resize and crop before Degrade, to one size'
            )
        images.append(image.to(like.device, like.dtype).flip(0) / 255)
    return torch.stack(images)
