"""Classical restoration of degraded images, as plain NumPy/OpenCV functions. No torch.

    from mmdegrade.restoration import restore

    clear = restore(img, 'median', size=3)
    sharp = restore(img, 'wiener', psf=dict(kind='gblur', sigma=3))

Images are those of `mmdegrade.degradations`: (H, W) or (H, W, C), uint8 on 0-255 or float32/float64
on [0, 1]. The result is a new array of the same kind; the input is never written to.

===================  ===========================================  ============  ====================
method               parameters (default)                         undoes        source
===================  ===========================================  ============  ====================
median               size px (3)                                  saltpepper    Tukey 1977
wiener               psf, noise K (.003)                          known blur    Wiener 1949
richardson_lucy      psf, iterations (30), accelerate (True)      known blur    Richardson 1972,
                                                                                Lucy 1974
blind_deconvolution  size px (9), iterations (10)                 unknown blur  deconvblind; Fish
                                                                                1995
dark_channel         omega (.95), t0 (.1), patch px (15),         haze, fog     He, CVPR 2009, TPAMI
                     radius px (20), airlight (from the image)                  2011
colour_attenuation   beta (1), t0 (.1), patch px (15),            haze, fog     Zhu, TIP 2015
                     radius px (60), airlight (from the image)
non_local_means      h grey levels, patch px (3), search px (21)  awgn          Buades, CVPR 2005
bm3d                 sigma grey levels (not installed with us)    awgn          Dabov, TIP 2007
===================  ===========================================  ============  ====================

Known blur: gblur, mblur, mblur_gaussian or defocus, by its kernel or as ``dict(kind=…, …)``; see
`blur_kernel`. Where a paper leaves something open, the file of the function says what we chose.
"""

from .apply import resolve_method, restore
from .blind import blind_deconvolution
from .bm3d import denoise_bm3d
from .colour_attenuation import dehaze_colour_attenuation
from .dark_channel_prior import dehaze_dark_channel
from .median import median_filter
from .method import Method
from .methods import METHODS, register
from .non_local_means import non_local_means
from .point_spread import blur_kernel
from .richardson_lucy import richardson_lucy
from .wiener import wiener_deconvolution

__all__ = [
    'METHODS',
    'Method',
    'blind_deconvolution',
    'blur_kernel',
    'dehaze_colour_attenuation',
    'dehaze_dark_channel',
    'denoise_bm3d',
    'median_filter',
    'non_local_means',
    'register',
    'resolve_method',
    'restore',
    'richardson_lucy',
    'wiener_deconvolution',
]
