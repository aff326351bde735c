"""Peers of the kinds of noise."""

import math

import numpy as np

from mmdegrade.degradations.noise.level_maps import level_map_1d, level_map_2d

from .registry import peer


@peer('albumentations', 'GaussNoise', 'awgn')
def _(lib, p, img):
    return lib.GaussNoise(std_range=(p['sigma'] / 255,) * 2, p=1)


@peer('kornia', 'RandomGaussianNoise', 'awgn', remark='not clipped')
def _(lib, p, img):
    return lib.augmentation.RandomGaussianNoise(std=p['sigma'] / 255, p=1)


@peer('torchvision', 'gaussian_noise', 'awgn')
def _(lib, p, img):
    return lambda x: lib.functional.gaussian_noise(x, sigma=p['sigma'] / 255)


def _random_noise(lib, mode: str, **options):
    rng = np.random.default_rng(0)
    return lambda x: lib.util.random_noise(x, mode, rng=rng, **options)


@peer('scikit-image', 'random_noise', 'awgn')
def _(lib, p, img):
    return _random_noise(lib, 'gaussian', var=(p['sigma'] / 255) ** 2)


@peer('scikit-image', 'random_noise', 'awgn_1d', 'awgn_2d', remark='map of levels made beforehand')
def _(lib, p, img):
    sigma = (level_map_1d if 'axis' in p else level_map_2d)(
        *img.shape[:2], **{name: value for name, value in p.items() if name != 'clip'}
    )
    levels = np.maximum(sigma / 255, 1e-6) ** 2  # it takes no variance of 0
    levels = np.repeat(levels[..., None], 3, axis=2)
    return _random_noise(lib, 'localvar', local_vars=levels)


@peer('albumentations', 'ShotNoise', 'poisson', remark='in linear light, gamma 2.2')
def _(lib, p, img):
    return lib.ShotNoise(scale_range=(1 / p['peak'],) * 2, p=1)


@peer('scikit-image', 'random_noise', 'poisson', same=False, remark='peak is always 256')
def _(lib, p, img):
    return _random_noise(lib, 'poisson')


@peer('albumentations', 'MultiplicativeNoise', 'speckle', remark='uniform, of the same deviation')
def _(lib, p, img):
    half = math.sqrt(3) * p['sigma']
    return lib.MultiplicativeNoise((1 - half, 1 + half), per_channel=True, elementwise=True, p=1)


@peer('scikit-image', 'random_noise', 'speckle')
def _(lib, p, img):
    return _random_noise(lib, 'speckle', var=p['sigma'] ** 2)


@peer('albumentations', 'SaltAndPepper', 'saltpepper', remark='all channels together')
def _(lib, p, img):
    return lib.SaltAndPepper(amount=(p['amount'],) * 2, salt_vs_pepper=(0.5, 0.5), p=1)


@peer('kornia', 'RandomSaltAndPepperNoise', 'saltpepper', remark='all channels together')
def _(lib, p, img):
    amount, share = (p['amount'],) * 2, (0.5, 0.5)
    return lib.augmentation.RandomSaltAndPepperNoise(amount, share, p=1)


@peer('scikit-image', 'random_noise', 'saltpepper')
def _(lib, p, img):
    return _random_noise(lib, 's&p', amount=p['amount'])


@peer('albumentations', 'SaltAndPepper', 'pepper')
def _(lib, p, img):
    return lib.SaltAndPepper(amount=(p['amount'],) * 2, salt_vs_pepper=(0, 0), p=1)


@peer('albumentations', 'PixelDropout', 'pepper')
def _(lib, p, img):
    return lib.PixelDropout(dropout_prob=p['amount'], p=1)


@peer('kornia', 'RandomSaltAndPepperNoise', 'pepper')
def _(lib, p, img):
    return lib.augmentation.RandomSaltAndPepperNoise((p['amount'],) * 2, (0.0, 0.0), p=1)


@peer('scikit-image', 'random_noise', 'pepper', remark='each channel by itself')
def _(lib, p, img):
    return _random_noise(lib, 'pepper', amount=p['amount'])


@peer('albumentations', 'ISONoise', 'camera', same=False, remark='noise on hue and lightness')
def _(lib, p, img):
    return lib.ISONoise(p=1)
