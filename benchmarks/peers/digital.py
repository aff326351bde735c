"""Peers of what storage and processing do."""

import cv2

from mmdegrade.degradations.digital.crop import square_side

from .registry import peer


@peer('albumentations', 'HueSaturationValue', 'brightness', remark='8-bit HSV there and back')
def _(lib, p, img):
    none = (0, 0)
    return lib.HueSaturationValue(none, none, (round(255 * p['shift']),) * 2, p=1)


@peer('albumentations', 'RandomBrightnessContrast', 'brightness', same=False, remark='on channels')
def _(lib, p, img):
    return lib.RandomBrightnessContrast((p['shift'],) * 2, (0, 0), p=1)


_ONE_MEAN = 'around one mean, of the grey image'


@peer('albumentations', 'ColorJitter', 'contrast', remark=_ONE_MEAN)
def _(lib, p, img):
    one = (1, 1)
    return lib.ColorJitter(one, (p['factor'],) * 2, one, (0, 0), p=1)


@peer('kornia', 'adjust_contrast_with_mean_subtraction', 'contrast', remark=_ONE_MEAN)
def _(lib, p, img):
    return lambda x: lib.enhance.adjust_contrast_with_mean_subtraction(x, p['factor'])


@peer('torchvision', 'adjust_contrast', 'contrast', remark=_ONE_MEAN)
def _(lib, p, img):
    return lambda x: lib.functional.adjust_contrast(x, p['factor'])


@peer('kornia', 'adjust_saturation', 'saturate', remark='only scales: degrees 1-3')
def _(lib, p, img):
    if p['shift']:
        raise NotImplementedError(f'no shift of {p["shift"]:g}')
    return lambda x: lib.enhance.adjust_saturation(x, p['scale'])


_GREY = 'mixes with grey'


@peer('albumentations', 'ColorJitter', 'saturate', same=False, remark=_GREY)
def _(lib, p, img):
    one = (1, 1)
    return lib.ColorJitter(one, one, (p['scale'],) * 2, (0, 0), p=1)


@peer('torchvision', 'adjust_saturation', 'saturate', same=False, remark=_GREY)
def _(lib, p, img):
    return lambda x: lib.functional.adjust_saturation(x, p['scale'])


@peer('albumentations', 'Downscale', 'pixelate')
def _(lib, p, img):
    filters = dict(downscale=cv2.INTER_AREA, upscale=cv2.INTER_NEAREST)
    return lib.Downscale((p['scale'],) * 2, filters, p=1)


@peer('albumentations', 'ImageCompression', 'jpeg')
def _(lib, p, img):
    return lib.ImageCompression('jpeg', (p['quality'],) * 2, p=1)


@peer('kornia', 'jpeg_codec_differentiable', 'jpeg')
def _(lib, p, img):
    import torch

    quality = torch.tensor([float(p['quality'])])
    return lambda x: lib.enhance.jpeg_codec_differentiable(x, quality)


@peer('torchvision', 'jpeg', 'jpeg', remark='uint8 tensor')
def _(lib, p, img):
    import torch

    tensor = torch.from_numpy(img).permute(2, 0, 1).contiguous()
    return lambda x: lib.functional.jpeg(tensor, p['quality'])


@peer('albumentations', 'CoarseDropout', 'crop')
def _(lib, p, img):
    side = (square_side(p['ratio'], *img.shape[:2]),) * 2
    return lib.CoarseDropout((1, 1), side, side, fill=0, p=1)


def _share(p, img) -> tuple[float, float]:
    """Area of the square over that of the image, as a range."""
    height, width = img.shape[:2]
    return (square_side(p['ratio'], height, width) ** 2 / (height * width),) * 2


@peer('albumentations', 'Erasing', 'crop')
def _(lib, p, img):
    return lib.Erasing(_share(p, img), (1, 1), fill=0, p=1)


@peer('kornia', 'RandomErasing', 'crop')
def _(lib, p, img):
    return lib.augmentation.RandomErasing(_share(p, img), (1.0, 1.0), p=1)


@peer('torchvision', 'RandomErasing', 'crop')
def _(lib, p, img):
    return lib.RandomErasing(1, _share(p, img), (1, 1))


def _amplitude(p, img) -> float:
    """Displacement of a field of 1, in pixels."""
    return p['alpha'] * p['delta'] * len(img)


@peer('albumentations', 'ElasticTransform', 'elastic', remark='one sigma for both axes')
def _(lib, p, img):
    sigma = p['sigma'] * sum(img.shape[:2]) / 2
    return lib.ElasticTransform(
        _amplitude(p, img), sigma, noise_distribution='uniform', border_mode=cv2.BORDER_REFLECT, p=1
    )


@peer('kornia', 'RandomElasticTransform', 'elastic')
def _(lib, p, img):
    sides = img.shape[:2]
    sigma = tuple(p['sigma'] * side for side in sides)
    size = tuple(2 * round(3 * s) + 1 for s in sigma)
    # A field of 1 is half the image.
    alpha = tuple(2 * _amplitude(p, img) / side for side in sides)
    return lib.augmentation.RandomElasticTransform(
        size, sigma, alpha, padding_mode='reflection', p=1
    )


@peer('torchvision', 'ElasticTransform', 'elastic', remark='black beyond the border')
def _(lib, p, img):
    sigma = [p['sigma'] * side for side in img.shape[1::-1]]
    return lib.ElasticTransform(2 * _amplitude(p, img), sigma)
