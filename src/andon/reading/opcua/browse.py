"""Nodes of a server by their path, and what the server knows of them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from andon.plant.tag import Tag
from andon.reading.mapping import Mapping, Pattern
from andon.reading.payload.naming import Names

if TYPE_CHECKING:
    from asyncua.client import Client
    from asyncua.common.node import Node

MOST_NODES = 100_000
DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Found:
    """A variable of the server that is a tag of an asset."""

    asset: str
    tag: str
    path: str
    node: Node


async def find_nodes(client: Client, paths: tuple[str, ...], mapping: Mapping) -> list[Found]:
    """The variables below Objects whose path of browse names fits, in the server's order; of two for one tag, the first.

    Parameters
    ----------
    paths : patterns, the first that fits is taken
    mapping : its templates and renames
    """
    from asyncua import ua
    from asyncua.ua.object_ids import ObjectIds

    patterns = [Pattern(path) for path in paths]
    depth = DEEPEST if any(path.endswith(("#", "...}")) for path in paths) else max(path.count("/") + 1 for path in paths)
    names = Names(mapping)
    found: dict[tuple[str, str], Found] = {}
    seen: set[Any] = set()

    async def walk(node: Node, above: str, level: int) -> None:
        for about in await node.get_children_descriptions(refs=ObjectIds.HierarchicalReferences):
            path = above + str(about.BrowseName.Name)
            child = client.get_node(about.NodeId)
            if about.NodeId in seen or len(seen) >= MOST_NODES:
                continue
            seen.add(about.NodeId)
            if about.NodeClass == ua.NodeClass.Variable:
                captured = next((match for pattern in patterns if (match := pattern.match(path)) is not None), None)
                if captured is not None and path.rpartition("/")[2] not in mapping.ignore:
                    asset = names.asset(captured)
                    tag = names.tag(captured.get("tag", path.rpartition("/")[2]), captured)
                    if asset and tag:
                        found.setdefault((asset, tag), Found(asset, tag, path, child))
            if level < depth:
                await walk(child, path + "/", level + 1)

    await walk(client.nodes.objects, "", 1)
    return list(found.values())


async def describe(found: Found) -> Tag:
    """What the server says of a tag: unit and range where it is an analog item, its description as the name."""
    from asyncua.ua.uaerrors import UaError

    unit, low, high, name = "", None, None, ""
    with contextlib.suppress(UaError):
        name = str((await found.node.read_description()).Text or "")
    with contextlib.suppress(UaError, AttributeError):
        for item in await found.node.get_properties():
            called = (await item.read_browse_name()).Name
            if called == "EngineeringUnits":
                unit = str((await item.read_value()).DisplayName.Text or "")
            elif called == "InstrumentRange":
                span = await item.read_value()
                if span.Low < span.High:
                    low, high = float(span.Low), float(span.High)
    return Tag(found.tag, name if name != found.tag else "", unit, low=low, high=high)
