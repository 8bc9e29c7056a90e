"""Where in the plant file a setting stands: an error that names the setting gets file and line as well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from andon.plant.errors import AskUserError, At
from andon.plant.file.lines import find_lines

_PART = re.compile(r"([^.\[\]]+)(?:\[(\d+)\])?")


def line_of(text: str, key: str) -> int | None:
    """The line of a setting like `link[2].address` in the text of a plant file, else of what is around it; None where nothing is."""
    path: list[str | int] = []
    for name, number in _PART.findall(key):
        path.append(name)
        if number:
            path.append(int(number) - 1)
    return find_lines(text).line(tuple(path))


@contextmanager
def located(path: str | Path, key: str = "") -> Iterator[None]:
    """Errors of settings from within get file and line of the plant file, and `key` where they name none.

    Raises
    ------
    AskUserError : what was raised within, with its place
    """
    try:
        yield
    except AskUserError as error:
        at = error.at
        named = at.key or key
        if not named or at.line:
            raise
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            text = ""
        line = line_of(text, named)
        other = f"{named} ({at.file})" if at.file and at.file != str(path) else named  # the file that the setting names
        raise type(error)(error.what, at=At(str(path), line, at.tag, at.time, other), do=error.do) from error
