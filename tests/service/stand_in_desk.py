"""A desk that answers every question with an example of the right shape, and remembers what it was asked."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from andon.service.desk import Accepted, Desk
from andon.service.problems import UnknownName

NASTY = "<b>&\"'温度 °C</b>"


def example(kind: Any) -> Any:
    """A value of a type: texts are nasty, numbers 1, lists have one item."""
    origin, args = get_origin(kind), get_args(kind)
    if kind is Any:
        return NASTY
    if origin in (types.UnionType, typing.Union):
        return example(args[0])
    if origin is list:
        return [example(args[0])]
    if origin is tuple:
        return tuple(example(item) for item in args if item is not Ellipsis)
    if origin in (dict, Mapping):
        return {"key": example(args[1])}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        return kind(**{name: example(hints[name]) for name in kind.__struct_fields__})
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    simple: dict[Any, Any] = {str: NASTY, int: 1, float: 1.0, bool: True, type(None): None}
    return simple[kind]


class StandInDesk:
    """Every method of `Desk`. `unknown`: names that it does not know."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Any, ...]]] = []
        self.unknown: set[str] = set()
        self.wrong: dict[str, str] = {}
        self.version = "1"

    def __getattr__(self, name: str) -> Callable[..., Any]:
        wanted = getattr(Desk, name)
        kind = get_type_hints(wanted)["return"]

        def answer(*values: Any) -> Any:
            self.asked.append((name, values))
            for value in values:
                if isinstance(value, str) and value in self.unknown:
                    raise UnknownName(value)
            return example(kind) if kind is not type(None) else None

        return answer

    def site(self) -> Mapping[str, str]:
        return {"name": NASTY, "zone": "Europe/Berlin", "version": "1"}

    def trend_version(self, asset: str, start: int, end: int) -> str:
        if asset in self.unknown:
            raise UnknownName(asset)
        return self.version

    def ledger_export(self) -> Iterator[bytes]:
        yield b'{"number":1}\n'
        yield b'{"number":2}\n'

    async def ingest(self, source: str, content_type: str, body: bytes, key: str) -> Accepted:
        self.asked.append(("ingest", (source, content_type, body, key)))
        return Accepted(3, 1, ("line 2: no time",)) if body else Accepted(0, 1, ("empty",))

    def ready(self) -> Mapping[str, str]:
        return self.wrong
