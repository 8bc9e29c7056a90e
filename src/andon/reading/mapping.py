"""From what a source calls things to assets, tags, times, values and quality."""

from __future__ import annotations

import re
from collections.abc import Mapping as Mapped
from dataclasses import dataclass, field
from functools import cached_property

from andon.plant.errors import AskUserError

_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.-]*)\}")
SHAPES = ("object", "records", "arrays")
PAYLOADS = ("json", "csv", "packed", "number", "influx", "arrow")
TIME_UNITS = ("auto", "s", "ms", "us", "ns")
QUALITIES = ("auto", "words", "opc-classic", "opc-ua", "aveva", "ignore")


class Template:
    """Text with names in braces, like "{line}-{machine}"."""

    __slots__ = ("names", "parts", "text")

    def __init__(self, text: str) -> None:
        pieces = _NAME.split(text)
        if any("{" in piece or "}" in piece for piece in pieces[::2]):
            raise AskUserError(f"{text!r} has a brace that names nothing", do='write names in braces, like "{line}-{machine}"')
        self.text, self.parts, self.names = text, tuple(pieces), tuple(pieces[1::2])

    def fill(self, values: Mapped[str, str]) -> str | None:
        """The text with its names filled; None where one is unknown or empty. What is filled in is never read as a template."""
        if not self.names:
            return self.text
        if len(self.names) == 1 and len(self.parts) == 3 and not self.parts[0] and not self.parts[2]:
            return values.get(self.names[0]) or None
        filled = [values.get(part, "") if index % 2 else part for index, part in enumerate(self.parts)]
        return "".join(filled) if all(filled[1::2]) else None


class Pattern:
    """Levels of a topic or path with names in braces, like "plant/{asset}/{tag}".

    `+` stands for one level and `#` at the end for the rest, as in MQTT; a level that is one name in braces matches one
    level and keeps it; a last level "{name...}" keeps the rest, slashes included.
    """

    __slots__ = ("filter", "names", "regex", "text")

    def __init__(self, text: str, *, separator: str = "/") -> None:
        levels = text.split(separator)
        names: list[str] = []
        filters: list[str] = []
        regex: list[str] = []
        for number, level in enumerate(levels):
            last = number == len(levels) - 1
            named = re.fullmatch(r"\{([A-Za-z_][A-Za-z0-9_-]*)(\.\.\.)?\}", level)
            if named:
                if named[1] in names:
                    raise AskUserError(f"{text!r} has {{{named[1]}}} twice", do="give every level its own name")
                if named[2] and not last:
                    raise AskUserError(f"{text!r}: {level} must be the last level", do="put it at the end")
                names.append(named[1])
                filters.append("#" if named[2] else "+")
                regex.append(f"(?P<n{len(names) - 1}>{'.+' if named[2] else f'[^{re.escape(separator)}]+'})")
            elif level == "+":
                filters.append("+")
                regex.append(f"[^{re.escape(separator)}]*")
            elif level == "#":
                if not last:
                    raise AskUserError(f"{text!r}: # must be the last level", do="put it at the end")
                filters.append("#")
                regex.append(".*")
            elif any(letter in level for letter in "{}#+\0") or (not level and len(levels) == 1):
                raise AskUserError(
                    f"{text!r} is no pattern", do='write whole levels, like "plant/{asset}/{tag}"; + is one level, # at the end the rest'
                )
            else:
                filters.append(level)
                regex.append(re.escape(level))
        if regex[-1] == ".*" and len(regex) > 1:  # "a/#" matches "a" too
            whole = re.escape(separator).join(regex[:-1]) + f"(?:{re.escape(separator)}.*)?"
        else:
            whole = re.escape(separator).join(regex)
        self.text, self.names = text, tuple(names)
        self.filter = separator.join(filters)
        self.regex = re.compile(whole, re.DOTALL)

    def match(self, topic: str) -> dict[str, str] | None:
        """What the names stand for in a topic; None where it does not match."""
        found = self.regex.fullmatch(topic)
        return None if found is None else dict(zip(self.names, found.groups(), strict=True))


@dataclass(frozen=True)
class Mapping:
    """How the payloads of a link are read. Field names may be paths with dots, like "data.value".

    Attributes
    ----------
    payload : one of `PAYLOADS`
    shape : of JSON and CSV: "object" (one row: tags are keys), "records" (one value each), "arrays" (rows and columns)
    asset : template over the names of the topic, or the field `asset_field` of the payload: "{asset}"
    tag : template for the tag id over the topic's names, "tag" and, in line protocol, "measurement" and "field"
    rows_field : where a list of objects or records stands; empty: the payload itself
    values_field : where the object of tags stands within a row; empty: the row itself
    time, asset, tag, value, quality, sequence fields : names within the payload
    times : "source": the payload has a time; "arrival": it has none, and the time of arrival is taken
    time_unit : of a number that is a time; "auto": by its size
    zone : IANA zone of a time text without offset
    quality : what numbers of the quality field mean; "auto": see `reading/payload/quality.py`
    rename : what the source calls a tag -> tag id
    ignore : fields that are no tags
    largest_bytes : a larger payload is not read
    most_values : rows × tags of one payload, at most
    """

    payload: str = "json"
    shape: str = "object"
    asset: str = "{asset}"
    tag: str = "{tag}"
    rows_field: str = ""
    values_field: str = ""
    time_field: str = "time"
    asset_field: str = "asset"
    tag_field: str = "tag"
    value_field: str = "value"
    quality_field: str = "quality"
    sequence_field: str = "sequence"
    times: str = "source"
    time_unit: str = "auto"
    zone: str = "UTC"
    quality: str = "auto"
    rename: Mapped[str, str] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    largest_bytes: int = 16_000_000
    most_values: int = 5_000_000

    @cached_property
    def asset_template(self) -> Template:
        """`asset`, read once."""
        return Template(self.asset)

    @cached_property
    def tag_template(self) -> Template:
        """`tag`, read once."""
        return Template(self.tag)


def read_renames(texts: tuple[str, ...]) -> dict[str, str]:
    """Renames from texts like "source name = tag id"; a name may stand in double quotes where it holds "=".

    Raises
    ------
    AskUserError : a text has no "=", or a name stands twice
    """
    names: dict[str, str] = {}
    for text in texts:
        found = re.fullmatch(r'\s*(?:"([^"]+)"|([^="]+?))\s*=\s*(.+?)\s*', text)
        if found is None:
            raise AskUserError(f"{text!r} is no rename", do='write "source name = tag id"')
        source = found[1] or found[2]
        if source in names:
            raise AskUserError(f"{source!r} is renamed twice", do="leave one")
        names[source] = found[3]
    return names
