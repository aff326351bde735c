"""Peers of the kinds of blur."""

import numpy as np

from mmdegrade.degradations import motion_kernel
from mmdegrade.degradations.blur.defocus import disk_kernel

from .registry import peer


@peer('albumentations', 'GaussianBlur', 'gblur')
def _(lib, p, img):
    size, sigma = (p['kernel_size'],) * 2, (p['sigma'],) * 2
    return lib.GaussianBlur(blur_limit=size, sigma_limit=sigma, p=1)


@peer('kornia', 'gaussian_blur2d', 'gblur')
def _(lib, p, img):
    size, sigma = (p['kernel_size'],) * 2, (p['sigma'],) * 2
    return lambda x: lib.filters.gaussian_blur2d(x, size, sigma)


@peer('torchvision', 'gaussian_blur', 'gblur')
def _(lib, p, img):
    size, sigma = [p['kernel_size']] * 2, [p['sigma']] * 2
    return lambda x: lib.functional.gaussian_blur(x, size, sigma)


@peer('scikit-image', 'gaussian', 'gblur')
def _(lib, p, img):
    reach = p['kernel_size'] // 2 / p['sigma']
    options = dict(sigma=p['sigma'], mode='mirror', truncate=reach, channel_axis=-1)
    return lambda x: lib.filters.gaussian(x, **options)


@peer('scipy', 'gaussian_filter', 'gblur')
def _(lib, p, img):
    options = dict(mode='mirror', radius=p['kernel_size'] // 2, axes=(0, 1))
    return lambda x: lib.gaussian_filter(x, p['sigma'], **options)


def _odd(length: float) -> int:
    return 2 * round((length - 1) / 2) + 1


def _albumentations_motion(lib, size: int, angle: float, direction: float):
    return lib.MotionBlur(
        blur_limit=(size, size), allow_shifted=False, angle_range=(angle % 360,) * 2,
        direction_range=(direction,) * 2, p=1,
    )  # fmt: skip


@peer('albumentations', 'MotionBlur', 'mblur', remark='odd lengths; whole pixels')
def _(lib, p, img):
    return _albumentations_motion(lib, _odd(p['length']), p['angle'], 0)


@peer('albumentations', 'MotionBlur', 'mblur_gaussian', remark='weights all the same')
def _(lib, p, img):
    return _albumentations_motion(lib, 4 * p['radius'] + 1, p['angle'], 1)


@peer('kornia', 'motion_blur', 'mblur', remark='odd lengths')
def _(lib, p, img):
    return lambda x: lib.filters.motion_blur(x, _odd(p['length']), p['angle'], 0.0)


@peer('kornia', 'motion_blur', 'mblur_gaussian', remark='weights fall linearly')
def _(lib, p, img):
    return lambda x: lib.filters.motion_blur(x, 2 * p['radius'] + 1, p['angle'], 1.0)


@peer('scipy', 'correlate', 'mblur')
def _(lib, p, img):
    kernel = motion_kernel(p['length'], p['angle'])[..., None]
    return lambda x: lib.correlate(x, kernel, mode='mirror')


@peer('albumentations', 'Defocus', 'defocus')
def _(lib, p, img):
    radius, alias = (int(p['radius']),) * 2, (p['alias_sigma'],) * 2
    return lib.Defocus(radius=radius, alias_blur=alias, p=1)


@peer('kornia', 'fft_conv', 'defocus')
def _(lib, p, img):
    import torch

    kernel = torch.from_numpy(disk_kernel(p['radius'], p['alias_sigma'])).float()[None]
    return lambda x: lib.filters.fft_conv(x, kernel)  # filter2d takes twice as long


@peer('scikit-image', 'rank.mean', 'defocus', remark='a sharp rim; on uint8 planes')
def _(lib, p, img):
    disk = lib.morphology.disk(int(p['radius']))
    planes = [np.ascontiguousarray(plane) for plane in np.moveaxis(img, 2, 0)]
    return lambda x: [lib.filters.rank.mean(plane, disk) for plane in planes]


@peer('albumentations', 'GlassBlur', 'glass', remark='each pixel moves at most max_delta a time')
def _(lib, p, img):
    options = {name: p[name] for name in ('sigma', 'max_delta', 'iterations')}
    return lib.GlassBlur(**options, mode='fast', p=1)


@peer('albumentations', 'ZoomBlur', 'zoom')
def _(lib, p, img):
    # The end of its range is excluded.
    factor, step = (p['factor'] + p['step'] / 2,) * 2, (p['step'],) * 2
    return lib.ZoomBlur(max_factor=factor, step_factor=step, p=1)
