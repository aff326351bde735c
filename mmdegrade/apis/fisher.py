"""Estimate the diagonal of the Fisher information of a clean-trained segmentor, for EWC."""

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmengine.utils import track_iter_progress
from mmseg.registry import MODELS

from mmdegrade.engine.degradation import fill_degradation
from mmdegrade.models.clean_checkpoint import (
    checkpoint_is_there,
    find_command,
    load_clean_checkpoint,
)


def estimate_fisher(config, checkpoint: str, images: int = 200, device: str = 'cpu') -> dict:
    """Mean squared gradient of the segmentation loss over single clean training images.

    The network stays in evaluation mode: BN statistics and dropout are those of testing.

    Args:
        config (Config or str): Config of the plain segmentor; ``degradation`` counts as clean.
        checkpoint (str): Its clean-trained weights.
        images (int): How many images, each a batch of its own. Defaults to 200.
        device (str): Where to compute. Defaults to 'cpu'.

    Returns:
        dict: ``fisher`` and ``start`` (the weights), both parameter name -> tensor on the CPU, and
        ``images``.

    Raises:
        ValueError: ``images`` is not positive, or the checkpoint does not fit.
        FileNotFoundError: No checkpoint.
    """
    if images < 1:
        raise ValueError(f'images={images}; allowed: 1 or more')
    if not checkpoint_is_there(checkpoint):  # an argument, not a key of the config
        raise FileNotFoundError(
            f'checkpoint={checkpoint!r}: no such checkpoint. Train it with '
            f'`{find_command(checkpoint)}`, or name another'
        )
    cfg = config if isinstance(config, Config) else Config.fromfile(config)
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    cfg = cfg.copy()
    cfg.degradation = dict(kind='clean')
    loader_cfg = fill_degradation(cfg).train_dataloader
    loader_cfg.update(batch_size=1, num_workers=0, persistent_workers=False)
    seed = cfg.get('randomness', {}).get('seed') or 0
    torch.manual_seed(seed)
    loader = Runner.build_dataloader(loader_cfg, seed=seed)
    model_cfg = cfg.model.get('segmentor', cfg.model)
    model = MODELS.build(model_cfg).to(device)
    load_clean_checkpoint(model, checkpoint, key='checkpoint')
    model.train(False)
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    fisher = {name: torch.zeros_like(p) for name, p in named.items()}
    batches = iter(loader)
    for _ in track_iter_progress(range(images)):
        try:
            batch = next(batches)
        except StopIteration:
            batches = iter(loader)
            batch = next(batches)
        data = model.data_preprocessor(batch, True)
        total, _ = model.parse_losses(model.loss(data['inputs'], data['data_samples']))
        gradients = torch.autograd.grad(total, list(named.values()), allow_unused=True)
        for name, gradient in zip(named, gradients, strict=True):
            if gradient is not None:
                fisher[name] += gradient.square() / images
    return dict(
        fisher={name: value.cpu() for name, value in fisher.items()},
        start={name: p.detach().cpu().clone() for name, p in named.items()},
        images=images,
    )
