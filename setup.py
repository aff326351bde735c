"""Packaging of mmdegrade.

``install_requires`` leaves the OpenMMLab packages out on purpose: their original and their
maintained (OneDL) distributions have different names but the same import names, so requiring
either would overwrite the other in an environment that already works. Choose with an extra
(``pip install -e '.[onedl]'``); `mmdegrade.compat.requirements` checks at import what is there.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent


def read_version() -> str:
    """Read ``__version__`` without importing the package (its dependencies may be missing)."""
    text = (ROOT / 'mmdegrade' / '__init__.py').read_text(encoding='utf-8')
    match = re.search(r"^__version__ = '([^']+)'", text, re.MULTILINE)
    if match is None:
        raise RuntimeError("mmdegrade/__init__.py must define __version__ = '...'")
    return match.group(1)


def read_readme() -> str:
    """Read the long description; a source tree without README still builds."""
    readme = ROOT / 'README.md'
    return readme.read_text(encoding='utf-8') if readme.is_file() else ''


EXTRAS = {
    'onedl': [
        'onedl-mmengine>=0.10.8',
        'onedl-mmcv>=2.2',
        'onedl-mmsegmentation>=1.3',
        'torchvision',
    ],
    'pretrain': ['onedl-mmpretrain>=1.3'],
    'export': ['onnx', 'onnxruntime', 'onnxscript'],
    # Today's Sphinx needs Python 3.11.
    'docs': [
        "furo; python_version >= '3.11'",
        "linkify-it-py; python_version >= '3.11'",
        "myst-parser; python_version >= '3.11'",
        "sphinx; python_version >= '3.11'",
    ],
    'test': [
        'hypothesis',
        'pytest>=8',
        'pytest-xdist',
        'ruff',
        'scikit-image',
        'scipy',
        'tensorboard',
    ],
}
EXTRAS['all'] = sorted({name for names in EXTRAS.values() for name in names})

setup(
    name='mmdegrade',
    version=read_version(),
    description='Segmentation of degraded images: a plugin library on MMSegmentation',
    long_description=read_readme(),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.10',
    packages=find_packages(include=['mmdegrade*']),
    install_requires=['torch>=2.0', 'numpy>=1.22', 'opencv-python>=4.5', 'torchmetrics>=1.0'],
    extras_require=EXTRAS,
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Science/Research',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Topic :: Scientific/Engineering :: Image Recognition',
    ],
)
