"""What other libraries have that does the same as our kinds of degradation: `PEERS`.

A peer's ``build(library, params, img)`` prepares everything and gives a function of the image;
`ready` also converts the image. So a timed call starts and ends at what the library itself works
on; turning a uint8 image into that and back, which a user may have to add, is not counted:

- albumentations, imagecorruptions: uint8 (H, W, 3), as ours;
- scikit-image, scipy: float32 (H, W, 3) on [0, 1] in, float out;
- kornia, torchvision: float32 tensor (1, 3, H, W) on [0, 1] in and out.

Strengths are those of our parameters as settled for the image, fixed and always applied. Where a
function cannot have that very strength it gets the nearest one. ``remark`` says how an operation
differs; ``same=False`` marks what goes by the same name but does something else: it is timed, but
never compared.
"""

from . import blur, digital, noise, severities, weather  # noqa: F401  each enters its peers
from .registry import LIBRARIES, PEERS, Peer, load, ready

__all__ = ['LIBRARIES', 'PEERS', 'Peer', 'load', 'ready']
