"""Peers of the kinds of weather. Most of a like name do something else."""

from .registry import peer


@peer('albumentations', 'RandomFog', 'haze', 'fog', same=False, remark='white discs, no depth')
def _(lib, p, img):
    return lib.RandomFog(p=1)


@peer('albumentations', 'RandomRain', 'rain', same=False, remark='2 H equal lines')
def _(lib, p, img):
    return lib.RandomRain(rain_type='torrential', p=1)


@peer('kornia', 'RandomRain', 'rain', same=False, remark='2000 equal lines')
def _(lib, p, img):
    return lib.augmentation.RandomRain(number_of_drops=(2000, 2000), p=1)


@peer('albumentations', 'RandomSnow', 'snow', same=False, remark='whitens what is bright')
def _(lib, p, img):
    return lib.RandomSnow(p=1)


@peer('kornia', 'RandomSnow', 'snow', same=False, remark='whitens what is bright')
def _(lib, p, img):
    return lib.augmentation.RandomSnow(p=1)


@peer('albumentations', 'Spatter', 'spatter')
def _(lib, p, img):
    ranges = dict(mean='mean', std='std', gauss_sigma='sigma', cutout_threshold='threshold')
    options = {theirs: (p[ours],) * 2 for theirs, ours in ranges.items()}
    mode = 'rain' if p['liquid'] == 'water' else 'mud'
    return lib.Spatter(**options, intensity=(p['opacity'],) * 2, mode=mode, p=1)
