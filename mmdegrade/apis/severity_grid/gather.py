"""The models of a grid and the dataset that they share."""

from collections.abc import Mapping

from mmengine.device import get_device
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS
from torch import nn

from .contestant import Contestant, load_contestant, wrap_network
from .data_config import LOADERS, build_dataset, read_config
from .weights import check_classes


def gather(
    models: Mapping, dataset, images: int | None, device, options: Mapping, same_names: bool
) -> tuple[list[Contestant], object]:
    """Load models and the dataset they share; arguments and errors are those of the grid."""
    if not models:
        raise ValueError('no model is given')
    built = [name for name, one in models.items() if isinstance(one, nn.Module)]
    if built and len(built) < len(models):
        raise TypeError(f'either all models are built or none; built are {", ".join(built)}')
    if built:
        return _gather_built(models, dataset, images)
    for name, one in models.items():
        if not isinstance(one, (tuple, list)) or len(one) != 2:
            raise TypeError(
                f'model {name}: {type(one).__name__} is neither a built segmentor nor '
                '(config, checkpoint)'
            )
    data, contestants = None, []
    for name, (config, checkpoint) in models.items():
        cfg = read_config(str(config), dict(options), dataset, images)
        own = build_dataset(cfg)
        if data is None:
            data = own
        _check_same(data, own, name)
        contestants.append(
            load_contestant(
                cfg,
                str(checkpoint),
                name,
                device or get_device(),
                data.metainfo['classes'],
                same_names,
            )
        )
    return contestants, data


def _gather_built(models: Mapping, dataset, images: int | None):
    if dataset is None:
        cfg = getattr(next(iter(models.values())), 'cfg', None) or {}
        loader = next((cfg[key] for key in LOADERS if cfg.get(key)), None)
        if loader is None:
            raise ValueError(
                'dataset is not given, and the model has no cfg with a test_dataloader: give a '
                "built dataset, or its config with a 'pipeline'"
            )
        dataset = loader['dataset']
    pipeline = dataset
    if isinstance(dataset, Mapping):
        if not dataset.get('pipeline'):
            raise ValueError("dataset: its config has no 'pipeline', so how to load is open")
        init_default_scope('mmseg')
        pipeline = list(dataset['pipeline'])
        dataset = DATASETS.build({**dataset, 'pipeline': []})
    dataset.full_init()
    if images is not None:
        dataset = dataset.get_subset(images)
    for name, network in models.items():
        # Their names are not asked: where a checkpoint has none, `init_model` guesses them.
        check_classes(network, None, dataset.metainfo['classes'], name)
    return [wrap_network(one, pipeline, name) for name, one in models.items()], dataset


def _check_same(first, other, name: str) -> None:
    """Models are compared on one dataset.

    Raises:
        ValueError: The images or classes differ.
    """
    lists = [_listed(data) for data in (first, other)]
    classes = [tuple(data.metainfo['classes']) for data in (first, other)]
    if lists[0] != lists[1] or classes[0] != classes[1]:
        raise ValueError(
            f'{name} is tested on other images or classes ({len(lists[1])} images, '
            f'{len(classes[1])} classes of {type(other).__name__}) than the first model '
            f'({len(lists[0])}, {len(classes[0])} of {type(first).__name__}): name one dataset for '
            'all by --data'
        )


def _listed(dataset) -> list[tuple]:
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    return [(info['img_path'], info.get('seg_map_path')) for info in infos]
