"""Similar past cases: the nearest by the shares of their tags, with what was then beside what is now."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from andon.alarms.history import History
from andon.plant.verdict import Event

LEAST_LIKENESS = 0.5


@dataclass(frozen=True, slots=True)
class ThenNow:
    """One tag, then and now.

    Attributes
    ----------
    then_share, now_share : of the evidence
    then_after_ns, now_after_ns : from the onset of the event to that of the tag; None where it did not move by itself
    """

    tag: str
    then_share: float
    now_share: float
    then_after_ns: int | None
    now_after_ns: int | None


@dataclass(frozen=True, slots=True)
class Similar:
    """A past case that looks like the present one.

    Attributes
    ----------
    history : of that case
    event : the one of its events that is nearest
    likeness : cosine of the shares, up to 1
    tags : those with a share in either, the largest of now first
    """

    history: History
    event: Event
    likeness: float
    tags: tuple[ThenNow, ...]


def likeness(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Cosine of two sets of shares, -1 to 1; 0 where one is empty."""
    lengths = math.sqrt(sum(share * share for share in first.values()) * sum(share * share for share in second.values()))
    if lengths == 0.0:
        return 0.0
    return sum(share * second[tag] for tag, share in first.items() if tag in second) / lengths


def similar(
    event: Event, past: Iterable[History], *, most: int = 5, at_least: float = LEAST_LIKENESS, except_for: str = ""
) -> tuple[Similar, ...]:
    """The past cases that are nearest to an event: the most alike first, of equals those of the same asset, then the newest.

    Parameters
    ----------
    past : cases to look at, of any asset; tags are compared by their ids, so sister assets with the same tags are found
    most : at most so many
    at_least : likeness below which a case is not similar
    except_for : id of the present case
    """
    found: list[tuple[tuple[float, bool, int, str], History, Event]] = []
    for case in past:
        if case.alarm.id == except_for:
            continue
        near = max(
            ((likeness(event.shares, other.shares), other) for other in case.events if other.id != event.id),
            key=lambda pair: (pair[0], pair[1].start),
            default=None,
        )
        if near is not None and near[0] >= at_least:
            rank = (-round(near[0], 9), case.alarm.asset != event.asset, -near[1].start, case.alarm.id)
            found.append((rank, case, near[1]))
    found.sort(key=lambda row: row[0])
    return tuple(Similar(case, other, -rank[0], then_now(other, event)) for rank, case, other in found[:most])


def then_now(then: Event, now: Event) -> tuple[ThenNow, ...]:
    """Both events tag by tag."""
    then_order, now_order = dict(then.onset_order), dict(now.onset_order)
    tags = sorted({**then.shares, **now.shares}, key=lambda tag: (-now.shares.get(tag, 0.0), -then.shares.get(tag, 0.0), tag))
    return tuple(
        ThenNow(
            tag, then.shares.get(tag, 0.0), now.shares.get(tag, 0.0),
            then_order[tag] - then.onset if tag in then_order else None, now_order[tag] - now.onset if tag in now_order else None,
        )
        for tag in tags
    )  # fmt: skip
