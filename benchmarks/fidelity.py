"""What fidelity calibration costs over the restorer and the network that it calibrates.

    python benchmarks/fidelity.py [--networks cgnet resnet50] [--size 360x480] [--rounds 5]

Compared are, in turn, on one noisy image: restorer + network; with calibration by a map that is
given (oracle: the price of the calibration itself); with the estimator, a second network of the
restorer's size; and with the ensemble, a second pass of the network. CGNet is the CamVid segmentor
with the DnCNN of configs/fidelity, ResNet-50 the classifier at 224×224 with the published DnCNN.

One thread, timed by the processor's clock; printed is the median of the ratios of all rounds, with
its quartiles, to restorer + network. Weights are random, which changes no time.
"""

import argparse
from pathlib import Path

import torch
from cascade import parse_size, seconds, spread
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import MODELS, DefaultScope

import mmdegrade  # noqa: F401  registers everything
from mmdegrade.models.fidelity import FidelityMap

FOLDER = Path(__file__).resolve().parents[1] / 'configs' / 'fidelity'
CONFIGS = dict(
    cgnet='cgnet_camvid_awgn_pretrained', resnet50='resnet50_caltech256_awgn_pretrained_ensemble'
)


def build(network: str):
    """The model with estimator and ensemble, and its network."""
    cfg = Config.fromfile(FOLDER / f'{CONFIGS[network]}.py')
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model).eval()
    return model, model.segmentor if network == 'cgnet' else model.classifier


def variants(network: str, size: tuple[int, int]) -> dict:
    """Name -> function that runs it once."""
    model, plain = build(network)
    images = torch.rand(1, 3, *size)
    given = FidelityMap()(torch.rand(1, 3, *size) / 10)

    def decode(features):
        return plain.decode_head(features) if network == 'cgnet' else plain.head(features)

    def restored_only():
        return decode(plain.extract_feat(model._images.to_inputs(model.restore(images))))

    def calibrated(estimate: bool, ensemble: bool):
        # In a stage before the ensemble, that is left out.
        model.train_only(*(['ensemble'] if ensemble else ['spatial']))
        restored = model.restore(images)
        fidelity = model.fidelity_of(images, restored, None) if estimate else given
        return decode(model.features(restored, fidelity))

    return {
        'restorer + network': restored_only,
        'calibrated, map given': lambda: calibrated(False, False),
        'calibrated, estimated': lambda: calibrated(True, False),
        '… and ensemble': lambda: calibrated(True, True),
    }


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--networks', nargs='+', choices=CONFIGS, default=list(CONFIGS))
    parser.add_argument('--size', default='360x480', help='HxW of the image for cgnet')
    parser.add_argument('--rounds', type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    MMLogger.get_instance('benchmark', log_level='ERROR')
    for network in args.networks:
        size = parse_size(args.size) if network == 'cgnet' else (224, 224)
        functions = variants(network, size)
        for function in functions.values():
            function()
        rounds = [[seconds(one) for one in functions.values()] for _ in range(args.rounds)]
        times = torch.tensor(rounds, dtype=torch.float64).numpy()
        for column, name in enumerate(functions):
            ratio = spread(times[:, column] / times[:, 0])
            print(
                f'{network:10}{name:24}{sorted(times[:, column])[args.rounds // 2]:8.3f} s {ratio}'
            )


if __name__ == '__main__':
    main()
