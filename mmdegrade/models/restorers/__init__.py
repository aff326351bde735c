"""Networks and classical methods that turn a degraded image into a cleaner one."""

from .base import Restorer
from .build import build_restorer, load_restorer
from .cascade import RestorerCascade
from .cbdnet import CBDNet
from .classical import ClassicalRestorer
from .ddfn import DDFN
from .dncnn import DnCNN
from .ffdnet import FFDNet
from .image_derain import ImageDerainModule
from .sadnet import SADNet
from .semantic_attentive import SemanticAttentiveModule
from .tiled import TiledRestorer

__all__ = [
    'CBDNet',
    'ClassicalRestorer',
    'DDFN',
    'DnCNN',
    'FFDNet',
    'ImageDerainModule',
    'Restorer',
    'RestorerCascade',
    'SADNet',
    'SemanticAttentiveModule',
    'TiledRestorer',
    'build_restorer',
    'load_restorer',
]
