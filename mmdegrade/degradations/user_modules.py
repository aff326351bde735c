"""Modules of a user that register kinds and presets, for tools that read no config."""

from collections.abc import Iterable
from importlib import import_module


def import_modules(names: Iterable[str]) -> None:
    """Import modules for what they register, as ``custom_imports`` of a config does.

    Args:
        names: Of modules, as in an ``import`` statement.

    Raises:
        ImportError: A module is not on Python's path, or one that it imports is absent.
    """
    for name in names:
        try:
            import_module(name)
        except (ModuleNotFoundError, TypeError) as error:
            # A module that is there may lack one of its own; that error says so itself.
            absent = getattr(error, 'name', None)
            if absent and not f'{name}.'.startswith(f'{absent}.'):
                raise
            raise ImportError(
                f'--import {name}: there is no such module; allowed: the name of a module on '
                "Python's path, as in `import my_kinds` (no folder, no .py). Set PYTHONPATH to the "
                'folder that it is in'
            ) from None
