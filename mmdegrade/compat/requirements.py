"""One clear sentence when a package we stand on is missing, too old, or refuses to import.

The OpenMMLab packages exist twice: the original distributions (``mmengine``, ``mmcv``,
``mmsegmentation``) and the maintained OneDL builds (``onedl-…``), with the same import names.
We ask only whether the *module* is there and how old it is, so that either kind serves and
neither is ever replaced behind a user's back. Versions are read without importing the package:
a broken one should be described, not end in a traceback from its inside.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

__all__ = ['Requirement', 'REQUIREMENTS', 'check_requirements', 'installed_version']

INSTALL_HINT = "pip install -e '.[onedl]'"


@dataclass(frozen=True)
class Requirement:
    """A module we import, with the oldest version that works.

    Attributes:
        module: Import name.
        minimum: Oldest version accepted, as (major, minor).
        distributions: Names under which pip may know it, the one to recommend first.
    """

    module: str
    minimum: tuple[int, int]
    distributions: tuple[str, ...]

    @property
    def minimum_text(self) -> str:
        """The minimum as written in a pip requirement, for example ``'0.10'``."""
        return '.'.join(map(str, self.minimum))


_MMSEG = Requirement('mmseg', (1, 2), ('onedl-mmsegmentation', 'mmsegmentation'))
REQUIREMENTS = (
    Requirement('torch', (2, 0), ('torch',)),
    Requirement('mmengine', (0, 10), ('onedl-mmengine', 'mmengine', 'mmengine-lite')),
    Requirement('mmcv', (2, 0), ('onedl-mmcv', 'mmcv', 'mmcv-lite')),
    _MMSEG,
)


def _version_file(folder: str) -> str | None:
    """Return the literal ``__version__`` of ``folder/version.py``, or None if there is none."""
    path = Path(folder) / 'version.py'
    if not path.is_file():
        return None
    for node in ast.parse(path.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if '__version__' in names and isinstance(node.value.value, str):
                return node.value.value
    return None


def _distribution(requirement: Requirement) -> tuple[str, str] | None:
    """Return (name, version) of the installed distribution of a requirement, or None."""
    for name in requirement.distributions:
        try:
            return name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return None


def installed_version(requirement: Requirement) -> str | None:
    """Find the version of an installed module without importing it.

    Args:
        requirement: The module to look for.

    Returns:
        The version; ``''`` if the module is there but does not say; None if it is absent.
    """
    spec = importlib.util.find_spec(requirement.module)
    if spec is None or spec.origin is None:  # no origin: a stray folder of that name
        return None
    for folder in spec.submodule_search_locations or ():
        version = _version_file(folder)
        if version is not None:
            return version
    # OneDL builds compute __version__ from their metadata, so ask there.
    found = _distribution(requirement)
    return found[1] if found else ''


def _release(version: str) -> tuple[int, int] | None:
    match = re.match(r'\D*(\d+)\.(\d+)', version)
    return (int(match[1]), int(match[2])) if match else None


def _upgrade_hint(requirement: Requirement) -> str:
    """The command that upgrades what is installed, rather than installing its twin over it."""
    found = _distribution(requirement)
    name = found[0] if found else requirement.distributions[0]
    return f"pip install '{name}>={requirement.minimum_text}'"


def check_requirements() -> None:
    """Check that torch, mmengine, mmcv and mmseg are there, new enough and importable.

    Raises:
        ImportError: One sentence naming the package, its version, what is allowed and the
            command that mends it.
    """
    for requirement in REQUIREMENTS:
        version = installed_version(requirement)
        if version is None:
            raise ImportError(
                f"mmdegrade needs the package '{requirement.module}' "
                f'(>= {requirement.minimum_text}), which is not installed; '
                f'run: {INSTALL_HINT}   (or: {_upgrade_hint(requirement)})',
                name=requirement.module,
            )
        release = _release(version)
        if release is not None and release < requirement.minimum:
            raise ImportError(
                f"mmdegrade needs '{requirement.module}' >= {requirement.minimum_text}, "
                f'but {version} is installed; run: {_upgrade_hint(requirement)}',
                name=requirement.module,
            )
    _check_mmseg_accepts_mmcv()
    _check_mmcv_has_ops()


def _check_mmseg_accepts_mmcv() -> None:
    """Turn mmseg's own version assertion into a sentence that says what to do.

    The original mmseg 1.2.2 asserts mmcv < 2.2.0 when imported, while pip installs mmcv 2.2.0.
    """
    try:
        importlib.import_module('mmseg')
    except AssertionError as error:
        versions = {r.module: installed_version(r) for r in REQUIREMENTS}
        raise ImportError(
            f'the installed mmseg {versions["mmseg"]} refuses mmcv {versions["mmcv"]} and '
            f'mmengine {versions["mmengine"]} ({" ".join(str(error).split())}); install versions '
            'that fit, for example with: pip uninstall -y mmsegmentation mmcv mmengine && '
            f'{INSTALL_HINT}',
            name='mmseg',
        ) from error


def _check_mmcv_has_ops() -> None:
    """The original mmseg imports mmcv's compiled operations, which mmcv-lite leaves out.

    The OneDL builds of mmseg (1.3 on) do without them.
    """
    mmseg = installed_version(_MMSEG) or ''
    release = _release(mmseg)
    if release is None or release >= (1, 3) or importlib.util.find_spec('mmcv._ext') is not None:
        return
    raise ImportError(
        f'the installed mmseg {mmseg} needs the compiled operations of mmcv, and this mmcv has '
        "none (mmcv-lite); run: pip uninstall -y mmcv-lite && pip install 'mmcv>=2.0,<2.2'   (or: "
        f'pip uninstall -y mmsegmentation mmcv-lite mmengine && {INSTALL_HINT})',
        name='mmcv._ext',
    )
