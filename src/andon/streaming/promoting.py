"""A model takes over while the plant runs: warmed on kept samples, it judges from the tick after the last one that was closed.

What it knows when it begins follows from the samples of the stretch before, as far back as it remembers, so it is what it would be had
it served all along, to a part in ten thousand. Open events of the model before end where it ends.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import msgspec
import numpy as np

from andon.plant.arrays import BoolArray, IntArray
from andon.plant.rows import Rows
from andon.plant.verdict import Event
from andon.scoring.explain import memory_ticks
from andon.scoring.monitor import MonitorState
from andon.streaming.control import Promised, Promoted, Result
from andon.streaming.limits import Limit
from andon.streaming.served import FIRST_REVISION, Served, lab_of
from andon.streaming.watermark import NOTHING

MOST_WARM_TICKS = 20_000


def split_off(served: Served, leaving: Collection[str], rest: Served | None) -> tuple[Event, ...]:
    """Assets leave a fleet: their open events end with its last tick; `rest`, a new fleet of those that stay, goes on for them.

    Parameters
    ----------
    rest : of the same model, nothing seen yet; None where nobody stays
    """
    places = {name: at for at, name in enumerate(served.fleet.assets)}
    ended = tuple(_ended(served, places[name]) for name in served.fleet.assets if name in leaving and places[name] in served.open)
    if rest is not None:
        stay = [places[name] for name in rest.fleet.assets]
        next_tick, states = served.fleet.split(served.state)
        rest.state = rest.fleet.join(next_tick, [states[at] for at in stay])
        rest.set_limits([served.limits[at] for at in stay])
        rest.open = {new: served.open[old] for new, old in enumerate(stay) if old in served.open}
        rest.arrivals = replace(
            served.arrivals, assets=rest.fleet.assets, waiting=_moved(served, rest.fleet.assets, rest.fleet.tags), _at={}, _tables={}
        )
        _hand_over(served, rest)
    return ended


def take_over(new: Served, before: Sequence[Served], told: Promoted, received: int) -> tuple[Event, ...]:
    """A fleet that has seen nothing takes over its assets from those that served them.

    Parameters
    ----------
    new : made for the assets
    before : the fleets in service; none where nothing served yet
    told : with the promises of the assets
    received : ns UTC, of the entry

    Returns
    -------
    events that are open for the new model when it begins: it would have opened them before
    """
    promises = {item.asset: item for item in told.promises}
    new.set_limits([_limit(promises.get(name), limit) for name, limit in zip(new.fleet.assets, new.limits, strict=True)])
    old = [fleet for fleet in before if not set(fleet.fleet.assets).isdisjoint(new.fleet.assets)]
    known = max(old or before, key=lambda fleet: fleet.arrivals.mark.closed, default=None)
    if known is None:
        return ()
    _hand_over(known, new)
    for fleet in old:
        new.recent |= fleet.recent
        new.results += [item for item in fleet.results if item not in new.results]
    new.arrivals = replace(new.arrivals, mark=known.arrivals.mark)
    closed = new.arrivals.closed
    blocks = [block for fleet in old for block in _waiting(fleet, new, received)]
    new.arrivals = replace(new.arrivals, waiting=tuple(block.take(block.time > closed) for block in blocks if (block.time > closed).any()))
    if closed == NOTHING:
        return ()
    new.state = new.fleet.join(closed // new.arrivals.interval + 1, [_warmed(new, at, closed) for at in range(len(new.fleet.assets))])
    opened, last = [], closed // new.arrivals.interval
    for at in range(len(new.fleet.assets)):
        span = new.fleet.open_span(new.state, at)
        if span is not None:
            new.open[at] = (span, FIRST_REVISION)
            opened.append(new.explain(at, span, last))
    return tuple(opened)


def _limit(promise: Promised | None, limit: Limit) -> Limit:
    """The log of another model's events says nothing of this one's threshold: it begins empty."""
    return limit if promise is None else Limit(promise)


def _hand_over(served: Served, to: Served) -> None:
    """What holds for all fleets: planned work, tags out of service, results on their way."""
    to.planned, to.out = dict(served.planned), dict(served.out)
    to.results = list(served.results)
    to.recent = {key: list(items) for key, items in served.recent.items()}


def _ended(served: Served, at: int) -> Event:
    last = served.arrivals.closed // served.arrivals.interval
    span = served.fleet.open_span(served.state, at) or served.open[at][0]
    return served.explain(at, replace(span, end=last), last)


def _warmed(new: Served, at: int, closed: int) -> MonitorState:
    """The state of an asset as if the model had served it all along."""
    name, monitor = new.fleet.assets[at], new.fleet.monitor.of(new.fleet.assets[at])
    remembered = max((int(getattr(model, "remember", 0)) for model in monitor.quality), default=0)
    ticks = min(max(2 * memory_ticks(monitor), remembered), MOST_WARM_TICKS)
    recording = new.history.read(name, new.fleet.tags, closed - ticks * new.arrivals.interval, closed)
    state = monitor.start()
    if not recording.rows:
        return state
    known = [item for items in new.recent.values() for item in items if item.asset in ("", name) and item not in new.results]
    _, state = monitor.run(
        recording, state, labels=new.labels(), lab=lab_of([_of(item, name) for item in known]), out_of_service=new.out_of_service(),
        until=closed, threshold=new.limits[at].promise.threshold,
    )  # fmt: skip
    return state


def _of(result: Result, asset: str) -> Result:
    return result if result.asset else msgspec.structs.replace(result, asset=asset)


def _waiting(old: Served, new: Served, received: int) -> list[Rows]:
    """What waits for the ticks to come, in the new fleet's assets and tags."""
    if set(new.fleet.tags) <= set(old.fleet.tags):
        return list(_moved(old, new.fleet.assets, new.fleet.tags))
    out = []
    closed = new.arrivals.closed if new.arrivals.closed != NOTHING else 0
    for at, name in enumerate(new.fleet.assets):
        if name in old.fleet.assets:
            found = new.history.read(name, new.fleet.tags, closed + 1, received + new.arrivals.patience.ahead)
            out.append(Rows(np.full(found.rows, at, np.int32), found.time, found.values, found.status))
    return out


def _moved(old: Served, assets: Sequence[str], tags: Sequence[str]) -> tuple[Rows, ...]:
    """Waiting rows of some assets of a fleet, numbered and ordered as another has them."""
    to: Mapping[str, int] = {name: at for at, name in enumerate(assets)}
    table: IntArray = np.array([to.get(name, -1) for name in old.fleet.assets], dtype=np.int32)
    columns = [old.fleet.tags.index(tag) for tag in tags]
    out = []
    for block in old.arrivals.waiting:
        asset = table[block.asset]
        mine: BoolArray = asset >= 0
        if mine.any():
            out.append(Rows(asset[mine], block.time[mine], block.values[mine][:, columns], block.status[mine][:, columns]))
    return tuple(out)
