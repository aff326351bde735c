"""Degradations of images as plain NumPy/OpenCV functions. No torch: usable on their own.

    from mmdegrade.degradations import degrade, keyed_rng

    blurred = degrade(img, 'gblur', degree=3)
    noisy, params = degrade(img, 'awgn', sigma=25, rng=keyed_rng(seed, path), return_params=True)
    foggy = degrade(img, 'fog', degree=2, depth=metres)
    frosty = degrade(img, 'frost', degree=3, preset='imagenet-c')

An image is (H, W) or (H, W, C), uint8 on 0-255 or float32/float64 on [0, 1]. The result is a new
array of the same kind; the input is never written to. Float images are not clipped unless the kind
says so. Channel order matters only to kinds with a parameter ``order``, 'bgr' by default.

=======  ==========================================================================================
blur     gblur mblur mblur_gaussian defocus glass zoom
noise    awgn awgn_1d awgn_2d poisson speckle saltpepper pepper impulse low_light camera
weather  haze fog rain snow frost plasma_fog spatter
digital  brightness contrast saturate pixelate jpeg crop elastic
=======  ==========================================================================================

``KINDS`` holds parameters, the five degrees and their source; ``docs/degradations.md`` shows them.
``PRESETS`` (dgn, sdabn, d2sm, fidelity, ubcn, imagenet-c) hold names and levels as published.
Formula, paper and every deviation stand at the head of the file of a kind.
"""

from .apply import degrade, resolve_params, settle_params
from .blur.defocus import defocus_blur, disk_kernel
from .blur.gaussian import gaussian_blur
from .blur.glass import glass_blur
from .blur.motion import motion_blur, motion_kernel
from .blur.motion_gaussian import gaussian_motion_blur
from .blur.zoom import zoom_blur
from .degradation import Degradation, steps
from .digital.crop import square_crop
from .digital.elastic import elastic_transform
from .digital.jpeg import jpeg_compression
from .digital.pixelate import pixelate
from .digital.tone import brightness, contrast, saturate
from .kinds import KINDS, register
from .noise.camera import camera_noise
from .noise.gaussian import gaussian_noise
from .noise.impulse import impulse_noise, pepper_noise
from .noise.level_maps import level_map_1d, level_map_2d
from .noise.low_light import low_light
from .noise.poisson import poisson_noise
from .noise.salt_pepper import salt_and_pepper
from .noise.speckle import speckle_noise
from .noise.varying import gaussian_noise_1d, gaussian_noise_2d
from .presets import PRESETS, get_preset, get_series, register_preset
from .register_degradation import register_degradation
from .request import Request
from .rng import as_generator, keyed_rng
from .series import Preset, Series
from .weather.dark_channel import dark_channel, estimate_airlight
from .weather.depth import (
    depth_ramp,
    fill_depth_holes,
    metric_depth_ramp,
    ray_distance,
    relative_depth,
)
from .weather.fog import attenuation, fog, visibility
from .weather.frost import frost
from .weather.guided_filter import guided_filter
from .weather.haze import haze
from .weather.plasma_fog import plasma_fog
from .weather.rain import rain
from .weather.snow import snow
from .weather.spatter import spatter

__all__ = [
    'KINDS',
    'PRESETS',
    'Degradation',
    'Preset',
    'Request',
    'Series',
    'as_generator',
    'attenuation',
    'brightness',
    'camera_noise',
    'contrast',
    'dark_channel',
    'defocus_blur',
    'degrade',
    'depth_ramp',
    'disk_kernel',
    'elastic_transform',
    'estimate_airlight',
    'fill_depth_holes',
    'fog',
    'frost',
    'gaussian_blur',
    'gaussian_motion_blur',
    'gaussian_noise',
    'gaussian_noise_1d',
    'gaussian_noise_2d',
    'get_preset',
    'get_series',
    'glass_blur',
    'guided_filter',
    'haze',
    'impulse_noise',
    'jpeg_compression',
    'keyed_rng',
    'level_map_1d',
    'level_map_2d',
    'low_light',
    'metric_depth_ramp',
    'motion_blur',
    'motion_kernel',
    'pepper_noise',
    'pixelate',
    'plasma_fog',
    'poisson_noise',
    'rain',
    'ray_distance',
    'register',
    'register_degradation',
    'register_preset',
    'relative_depth',
    'resolve_params',
    'salt_and_pepper',
    'saturate',
    'settle_params',
    'snow',
    'spatter',
    'speckle_noise',
    'square_crop',
    'steps',
    'visibility',
    'zoom_blur',
]
