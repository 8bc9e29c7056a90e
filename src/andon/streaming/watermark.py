"""Up to which source time everything has come: the watermark that closes ticks.

Each link's time is the newest source time it brought. The watermark stands `late_by` behind the slowest link. A link that is
connected and silent counts by the clock, so that a plant that reports nothing still gets its verdicts. A link that is down holds the
watermark back, and what it delivers afterwards is taken in order, as if nothing had happened; but where another link goes on it is
left behind after `patience`, and what it delivers then is late.

A clock that is set back while the service runs, or that is behind what it was before a restart, is not believed: time goes on from where it
was (`now`), until the clock is put right or the sources' own times agree with it.

References
----------
Akidau et al. 2015, "The Dataflow Model": watermarks with bounded disorder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from andon.plant.batch import Batch
from andon.plant.time import MINUTE_NS, NS

CLOCK = "clock"
NOTHING = -(2**62)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait.

    Attributes
    ----------
    late_by : ns, how late a sample may be against the newest of its link
    idle : ns of the clock, after which a silent link counts by the clock
    down : ns of the clock, after which a link that is down no longer holds back the others
    ahead : ns, how far a source time may lie ahead of its receipt; what lies further ahead is set aside
    """

    late_by: int
    idle: int = 5 * NS
    down: int = 2 * MINUTE_NS
    ahead: int = 5 * NS


@dataclass(frozen=True, slots=True)
class LinkTime:
    """What is known of one link.

    Attributes
    ----------
    newest : newest source time; `NOTHING` before the first sample
    heard : clock time of the last batch, or of its connection
    connected : at the last clock mark
    lost : clock time at which it went down; 0 while it is connected
    """

    newest: int = NOTHING
    heard: int = 0
    connected: bool = True
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Watermark:
    """The watermark of one fleet. Links are known from their first batch or mark on.

    Attributes
    ----------
    links : what is known of each
    now : clock time, which never goes back: what the clock says and `back`
    closed : the watermark; it never goes back
    clock : what the clock said at the last mark; 0 before the first
    back : ns by which the clock was set back and has not been put right; 0 while it is believed
    """

    links: Mapping[str, LinkTime] = field(default_factory=dict)
    now: int = 0
    closed: int = NOTHING
    clock: int = 0
    back: int = 0

    def after_batch(self, source: str, newest: int, received: int, patience: Patience) -> Watermark:
        """After a batch of `source` whose newest accepted source time is `newest` (`NOTHING` where it had none)."""
        back, clock = self.back, self.clock
        if back:
            # The sources tell which was right, the clock of before or that of now; else it may have been put right since the last mark.
            before = self.links.get(source, LinkTime()).newest
            newest_of_all = max(newest, *(link.newest for link in self.links.values()), NOTHING)
            if newest > before and newest_of_all <= received + patience.ahead:
                back = 0
            elif received - clock > patience.idle:
                back, clock = max(0, back - (received - clock)), received
        steady = received + back
        links = self._after_leap(steady, patience)
        known = links.get(source, LinkTime())
        links[source] = LinkTime(max(known.newest, newest), max(known.heard, steady))
        return self._moved(links, max(self.now, steady), clock, back, patience)

    def after_release(self, source: str, newest: int, patience: Patience) -> Watermark:
        """After rows of `source` that were held back are taken in."""
        known = self.links.get(source, LinkTime())
        links = {**self.links, source: replace(known, newest=max(known.newest, newest))}
        return self._moved(links, self.now, self.clock, self.back, patience)

    def after_mark(self, now: int, connected: Mapping[str, bool], patience: Patience) -> Watermark:
        """After a moment of the clock, with the state of each link."""
        step, back, clock = now - self.clock if self.clock else 0, self.back, now
        if step < -patience.ahead:
            back -= step
        elif step > patience.idle:
            back = max(0, back - step)
        now += back
        links = self._after_leap(now, patience)
        for name, up in connected.items():
            if not up and name not in links:
                continue  # it has brought nothing to this fleet, and may never do
            known = links.get(name, LinkTime(heard=now))
            if up and not known.connected:
                known = replace(known, heard=now)  # silence counts from the new connection on
            lost = 0 if up else (known.lost or now)
            links[name] = replace(known, connected=up, lost=lost)
        return self._moved(links, max(self.now, now), clock, back, patience)

    def _after_leap(self, now: int, patience: Patience) -> dict[str, LinkTime]:
        """The links, where the clock may have leapt.

        Moments come each second or so. Where the clock has gone further than `patience.idle` since the last moment or batch, it was set, or
        the process slept: that time is nobody's silence, or a clock that is put right would close ticks whose samples are on their way.
        """
        leap = now - self.now
        if not self.now or leap <= patience.idle:
            return dict(self.links)
        return {name: replace(one, heard=one.heard + leap, lost=one.lost + leap if one.lost else 0) for name, one in self.links.items()}

    def _moved(self, links: Mapping[str, LinkTime], now: int, clock: int, back: int, patience: Patience) -> Watermark:
        going = [name for name, link in links.items() if link.connected]
        limits: list[int] = []
        for link in links.values():
            if link.connected:
                silent = now - link.heard > patience.idle
                limits.append(max(link.newest, now - back) if silent else link.newest)
            elif not going or now - link.lost <= patience.down:
                limits.append(link.newest)
        known = [limit for limit in limits if limit != NOTHING]
        if not known or (len(known) < len(limits)):
            return Watermark(links, now, self.closed, clock, back)  # a link that has just come may still bring something old
        return Watermark(links, now, max(self.closed, min(known) - patience.late_by), clock, back)


def accepted(batch: Batch, patience: Patience, mark: Watermark) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(N,) True where the source time is not ahead of its receipt by more than `patience.ahead`; a clock set back is not believed."""
    receipt = max(batch.received + mark.back, mark.now) if mark.back or batch.received < mark.now else batch.received
    out: np.ndarray[tuple[int], np.dtype[np.bool_]] = batch.time <= receipt + patience.ahead
    return out


def clock_mark(now: int, connected: Mapping[str, bool]) -> Batch:
    """A moment of the clock as an entry of the journal: a batch without rows. Its assets name links that are up, its tags those down."""
    none = np.zeros(0, dtype=np.int64)
    up = tuple(sorted(name for name, is_up in connected.items() if is_up))
    down = tuple(sorted(name for name, is_up in connected.items() if not is_up))
    return Batch(
        CLOCK, now, up, down, none.astype(np.int32), none, np.zeros((0, len(down)), np.float32), np.zeros((0, len(down)), np.uint8)
    )


def links_of_mark(mark: Batch) -> dict[str, bool]:
    """What `clock_mark` was told."""
    return dict.fromkeys(mark.assets, True) | dict.fromkeys(mark.tags, False)
