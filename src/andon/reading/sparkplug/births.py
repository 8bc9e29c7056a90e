"""What is known of edge nodes and their devices from their births: a state machine without sockets or clocks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from andon.plant.errors import At, ReadingError
from andon.reading.sparkplug.wire import Metric

MOST_NODES = 10_000
SEQUENCES = 256


@dataclass(slots=True)
class Node:
    """One edge node. The device "" is the node itself.

    Attributes
    ----------
    seq : number of its last message; None where it is not known, after a restart
    birth : number of its birth, `bdSeq`, by which a death is told from the death of an earlier connection
    aliases : device -> alias -> (name, data type)
    names : device -> name -> data type
    """

    seq: int | None = None
    birth: int | None = None
    aliases: dict[str, dict[int, tuple[str, int]]] = field(default_factory=dict)
    names: dict[str, dict[str, int]] = field(default_factory=dict)


class Births:
    """All edge nodes of a link."""

    def __init__(self) -> None:
        self.nodes: dict[tuple[str, str], Node] = {}

    def born(self, group: str, name: str, device: str, metrics: list[Metric]) -> bool:
        """A birth; False where a device is born of a node that was not."""
        key = (group, name)
        if not device:
            if key not in self.nodes and len(self.nodes) >= MOST_NODES:
                del self.nodes[next(iter(self.nodes))]
            number = next((metric.value for metric in metrics if metric.name == "bdSeq"), None)
            self.nodes[key] = Node(birth=number if isinstance(number, int) else None)
        node = self.nodes.get(key)
        if node is None:
            return False
        node.aliases[device] = {one.alias: (one.name, one.datatype) for one in metrics if one.alias is not None and one.name}
        node.names[device] = {one.name: one.datatype for one in metrics if one.name}
        return True

    def find(self, group: str, name: str, device: str, metric: Metric) -> tuple[str, int] | None:
        """(name, data type) of a metric of a data message; None where no birth had it."""
        node = self.nodes.get((group, name))
        if node is None:
            return None
        if metric.name:
            return metric.name, metric.datatype or node.names.get(device, {}).get(metric.name, 0)
        if metric.alias is None:
            return None
        known = node.aliases.get(device, {}).get(metric.alias)
        if known is None:  # aliases are unique within the node, so a node's message may use a device's
            known = next((of[metric.alias] for of in node.aliases.values() if metric.alias in of), None)
        return known and (known[0], metric.datatype or known[1])

    def count(self, group: str, name: str, seq: int) -> int:
        """Messages missing before this one; -1 where it is the last one again."""
        node = self.nodes.get((group, name))
        if node is None:
            return 0
        before, node.seq = node.seq, seq % SEQUENCES
        if before is None:
            return 0
        return -1 if node.seq == before else (node.seq - before - 1) % SEQUENCES

    def position(self) -> str:
        """All that must be known to read on after a restart: data that the broker kept comes without its birth."""
        said = [
            [*key, node.birth, {device: [[alias, *what] for alias, what in of.items()] for device, of in node.aliases.items()},
             node.names]
            for key, node in self.nodes.items()
        ]  # fmt: skip
        return json.dumps(said, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_position(cls, position: str) -> Births:
        """The births of a position.

        Raises
        ------
        ReadingError : it is no position of a Sparkplug link
        """
        births = cls()
        if not position:
            return births
        try:
            for group, name, number, aliases, names in json.loads(position):
                of = {str(device): {int(alias): (str(text), int(kind)) for alias, text, kind in rows} for device, rows in aliases.items()}
                named = {str(device): {str(text): int(kind) for text, kind in rows.items()} for device, rows in names.items()}
                births.nodes[str(group), str(name)] = Node(None, None if number is None else int(number), of, named)
        except (ValueError, TypeError, AttributeError) as error:
            raise ReadingError(
                f"{position[:60]!r} is no position of a Sparkplug link", at=At(key="position"), do="start from the beginning"
            ) from error
        return births
