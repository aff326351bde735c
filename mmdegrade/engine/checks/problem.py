"""What a check finds, and the error that lists all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

#: For `Problem.value`: there is no single value to show.
NOTHING = object()
_SHOWN = 80


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a config.

    Args:
        key (str): Where, as ``--cfg-options`` would spell it: ``model.taps``.
        wrong (str): What is wrong, without a full stop.
        mend (str): What to do about it.
        value: What stands there; left out of the text where it is not given.
        severity (str): ``'error'`` stops the run, ``'warning'`` is printed.
        missing_file (bool): The config is sound, but a file or folder is not there.
    """

    key: str
    wrong: str
    mend: str = ''
    value: Any = NOTHING
    severity: str = 'error'
    missing_file: bool = False

    def __str__(self) -> str:
        place = self.key
        if self.value is not NOTHING:
            shown = repr(self.value)
            place += f'={shown if len(shown) <= _SHOWN or self.missing_file else shown[:_SHOWN]}'
            place += '…' if len(shown) > _SHOWN and not self.missing_file else ''
        return f'{place}: {self.wrong}' + (f'. {self.mend}' if self.mend else '')


class ConfigError(ValueError):
    """Everything that is wrong with a config, numbered.

    Args:
        problems (Sequence[Problem]): At least one.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        count = len(self.problems)
        head = 'a problem' if count == 1 else f'{count} problems'
        super().__init__(f'{head} in the config:\n{numbered(self.problems)}')


class MissingFilesError(ConfigError, FileNotFoundError):
    """A :class:`ConfigError` of nothing but files and folders that are not there."""


def numbered(problems: Sequence[Problem]) -> str:
    """A list of problems, one a line."""
    return '\n'.join(f'  {place}. {problem}' for place, problem in enumerate(problems, 1))


def raise_errors(problems: Sequence[Problem]) -> None:
    """Raise one error that lists all errors; warnings pass.

    Raises:
        MissingFilesError: There is nothing but missing files; also a ``FileNotFoundError``.
        ConfigError: Others; a ``ValueError``.
    """
    errors = [problem for problem in problems if problem.severity == 'error']
    if errors:
        missing = all(problem.missing_file for problem in errors)
        raise (MissingFilesError if missing else ConfigError)(errors)
