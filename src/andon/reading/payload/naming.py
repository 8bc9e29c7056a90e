"""Asset and tag names of a message: from the topic's names and the payload's fields."""

from __future__ import annotations

from collections.abc import Mapping as Mapped
from collections.abc import Sequence

from andon.reading.mapping import Mapping

MOST_REMEMBERED = 4096


class Names:
    """Resolves names by the templates of a mapping; what was resolved once is remembered, within bounds."""

    __slots__ = ("_mapping", "_rows", "_tags")

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self._tags: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}
        self._rows: dict[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], tuple[str | None, ...]] = {}

    def asset(self, known: Mapped[str, str]) -> str | None:
        """The asset; None where a name of the template is not known."""
        return self._mapping.asset_template.fill(known)

    def tag(self, name: str, captured: Mapped[str, str]) -> str:
        """The tag id of what the source calls `name`; empty where it is ignored or nothing names it."""
        template = self._mapping.tag_template
        if template.names == ("tag",) and template.text == "{tag}":
            filled: str | None = name
        else:
            key = (name, tuple(captured.items()))
            if key not in self._tags:
                if len(self._tags) >= MOST_REMEMBERED:
                    self._tags.clear()
                self._tags[key] = template.fill({**captured, "tag": name} if name else captured) or ""
            filled = self._tags[key]
        if not filled:
            return ""
        return self._mapping.rename.get(filled, filled)

    def tags(self, names: Sequence[str], captured: Mapped[str, str]) -> tuple[str, ...]:
        """The tag ids of a row's keys; empty where one is ignored."""
        key = (tuple(names), tuple(captured.items()))
        found = self._rows.get(key)
        if found is None:
            if len(self._rows) >= MOST_REMEMBERED // 16:
                self._rows.clear()
            ignored = self._mapping.ignore
            found = tuple("" if name in ignored else self.tag(name, captured) for name in names)
            self._rows[key] = found
        return tuple(name or "" for name in found)
