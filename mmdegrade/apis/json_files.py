"""JSON from files that a kill, another program or a stranger may have written."""

import json
from pathlib import Path


def parse_json(text: str | bytes, name: str):
    """A JSON value.

    Args:
        text: JSON, as text or as its bytes.
        name: What to call it in errors: the file, and the line.

    Raises:
        ValueError: It is no JSON, or nested too deeply; names it.
    """
    try:
        return json.loads(text)
    # ValueError: no JSON, no UTF-8, an integer of too many digits.
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{name} is not JSON: {error}') from error


def read_json(path, kind: type = dict):
    """The JSON value of a file.

    Args:
        path: The file.
        kind: What it must be: dict or list.

    Raises:
        FileNotFoundError: It is not there.
        ValueError: It is no JSON, or holds another kind of value; names the file.
    """
    found = parse_json(Path(path).read_bytes(), str(path))
    if not isinstance(found, kind):
        raise ValueError(f'{path} holds {type(found).__name__}, not {kind.__name__}')
    return found
