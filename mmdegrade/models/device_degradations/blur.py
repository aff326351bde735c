"""Blur of tensors: the kernels are those of `mmdegrade.degradations.blur`."""

from torch import Tensor

from mmdegrade.degradations.blur.defocus import disk_kernel
from mmdegrade.degradations.blur.gaussian import gaussian_taps
from mmdegrade.degradations.blur.motion import motion_kernel
from mmdegrade.degradations.blur.motion_gaussian import gaussian_motion_kernel

from .filters import filter_mirrored


def gaussian_blur(img: Tensor, generator, sigma: float, kernel_size: int) -> Tensor:
    if sigma == 0:
        return img
    taps = gaussian_taps(sigma, kernel_size)
    return filter_mirrored(filter_mirrored(img, taps[None]), taps[:, None])


def motion_blur(img: Tensor, generator, length: float, angle: float) -> Tensor:
    return filter_mirrored(img, motion_kernel(length, angle))


def gaussian_motion_blur(img: Tensor, generator, radius: int, sigma: float, angle: float) -> Tensor:
    if sigma == 0 or radius == 0:
        return img
    return filter_mirrored(img, gaussian_motion_kernel(radius, sigma, angle))


def defocus_blur(img: Tensor, generator, radius: float, alias_sigma: float) -> Tensor:
    if radius == 0:
        return img
    return filter_mirrored(img, disk_kernel(radius, alias_sigma))


KINDS = {
    'gblur': gaussian_blur,
    'mblur': motion_blur,
    'mblur_gaussian': gaussian_motion_blur,
    'defocus': defocus_blur,
}
