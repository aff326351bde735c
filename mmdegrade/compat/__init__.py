"""Everything that bends a dependency, one reason per file. Imports nothing else of mmdegrade.

`setup` runs when mmdegrade is imported. It comes first because the packages we stand on may not
be importable before it ran.
"""

from .requirements import check_requirements

__all__ = ['check_requirements', 'setup']


def setup() -> None:
    """Make the installed torch, MMEngine and MMSegmentation usable together. Idempotent.

    Raises:
        ImportError: If one of them is missing or too old; one sentence with the remedy.
    """
    check_requirements()
    # Imported only now: these files need the packages that were just checked.
    from .atomic_writes import write_atomically
    from .checkpoint_loading import allow_mmengine_checkpoints
    from .config_packages import resolve_config_packages
    from .torchvision_schemas import ensure_torchvision

    ensure_torchvision()
    allow_mmengine_checkpoints()
    resolve_config_packages()
    write_atomically()

    from . import autocast  # noqa: F401  registers AutocastOptimWrapper
