"""Where each key of a TOML text stands: its line. Python's reader knows, but does not tell."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

Path = tuple[str | int, ...]

_KEY = re.compile(r"""\s*((?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")
_PART = re.compile(r"""("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)""")
_HEADER = re.compile(r"\s*(\[\[?)([^\]\[]+)\]\]?\s*(?:#.*)?$")


@dataclass(slots=True)
class Lines:
    """Path of a key -> its line, 1-based. A path is names, with an index inside an array of tables."""

    of: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int | None:
        """The line of a key, else of the nearest thing around it."""
        for length in range(len(path), 0, -1):
            found = self.of.get(path[:length])
            if found is not None:
                return found
        return None


def find_lines(text: str) -> Lines:
    """Find the line of each header and key. The text must be valid TOML (else the answer is a best guess)."""
    lines = Lines()
    counts: dict[Path, int] = {}
    table: Path = ()
    opened = ""  # the delimiter of a multi-line string that is open
    depth = 0  # brackets that are open
    for number, line in enumerate(text.split("\n"), start=1):
        if opened or depth:
            opened, depth = _scan(line, opened, depth)
            continue
        header = _HEADER.match(line)
        if header:
            names = tuple(_names(header[2]))
            path: Path = ()
            for name in names[:-1]:
                path = (*path, name)
                if path in counts:
                    path = (*path, counts[path] - 1)
            path = (*path, names[-1]) if names else path
            if header[1] == "[[":
                counts[path] = counts.get(path, 0) + 1
                lines.of.setdefault(path, number)
                path = (*path, counts[path] - 1)
            table = path
            lines.of.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            path = table
            for name in _names(key[1]):
                path = (*path, name)
                lines.of.setdefault(path, number)
            opened, depth = _scan(line[key.end() :], "", 0)
    return lines


def _names(dotted: str) -> list[str]:
    return [part[1:-1] if part[0] in "\"'" else part for part in _PART.findall(dotted)]


def _scan(line: str, opened: str, depth: int) -> tuple[str, int]:
    """What is open at the end of a line: a multi-line string, and how many brackets."""
    index = 0
    while index < len(line):
        if opened:
            if opened[0] == '"' and line[index] == "\\":
                index += 2
            elif line.startswith(opened, index):
                index += len(opened)
                opened = ""
            else:
                index += 1
            continue
        letter = line[index]
        if letter == "#":
            break
        if letter in "\"'":
            opened = letter * 3 if line.startswith(letter * 3, index) else letter
            index += len(opened)
            continue
        depth += (letter in "[{") - (letter in "]}")
        index += 1
    return (opened if len(opened) == 3 else ""), max(depth, 0)
