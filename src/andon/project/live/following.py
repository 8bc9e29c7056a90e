"""Follows the store of models: who serves, under which promise, and which tags are out, whichever door changed it.

The console, the terminal and other processes write into one ledger; the running plant looks at what that amounts to and tells its loop
what differs. It looks at what is, not at what was written, so nothing is missed while no process ran, and nothing said twice matters.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

from andon.plant.errors import AndonError
from andon.scoring.monitor import Monitor
from andon.store import ModelStore
from andon.store.state import State
from andon.streaming.control import Control, Promised, Promoted, PutBack, TakeOut
from andon.streaming.heart import Heart

log = logging.getLogger("andon.live")


def promise_of(monitor: Monitor, asset: str, since: int) -> Promised:
    """What the controller of an asset needs of its calibration."""
    own = monitor.of(asset).calibration
    return Promised(asset, own.threshold, own.tail_scale, own.budget.rate_per_hour, own.running_share, since)


class Follower:
    """Looks whether the store says something new. From any thread.

    Parameters
    ----------
    models : the store of models
    heart : what serves now
    tell : into the journal, all together
    open_version : a model of the store under its promises of now, by model and version
    now : ns UTC
    since : where a controller begins that is told another promise; 2^62 of a replay, where it does not
    """

    def __init__(
        self,
        models: ModelStore,
        heart: Heart,
        tell: Callable[[Sequence[Control]], None],
        open_version: Callable[[str, str], Monitor],
        now: Callable[[], int],
        *,
        controlled: bool = True,
    ) -> None:
        self._models, self._heart, self._tell = models, heart, tell
        self._open, self._now, self._controlled = open_version, now, controlled
        self._seen: State | None = None
        self._refused = False
        self._told: dict[str, Promised] = {}
        self._serving: dict[str, str] = {}
        self._out: dict[tuple[str, str], int | None] = {}
        self._lock = threading.Lock()

    def look(self) -> tuple[Control, ...]:
        """Tell the loop what differs; what was told.

        Raises
        ------
        AndonError : the store or a model cannot be read, the disk refuses: look again later
        """
        with self._lock:
            state = self._models.state()
            if not self._differs(state):
                return ()
            self._refused = False
            told = (*self._promoted(state), *self._promised(state), *self._tags(state))
            if told:
                self._tell(told)
            self._note(told)
            self._seen = state
            return told

    def _differs(self, state: State) -> bool:
        """Whether something was said of models, promises or tags since the last look; most entries of a ledger say nothing of them."""
        seen = self._seen
        if seen is None or (self._refused and state.number != seen.number):
            return True
        return (seen.champions, seen.promises, seen.tags_out) != (state.champions, state.promises, state.tags_out)

    def _now_serving(self) -> dict[str, str]:
        of_heart = {asset: fleet.fleet.monitor.version for fleet in self._heart.served for asset in fleet.fleet.assets}
        return of_heart | self._serving

    def _promoted(self, state: State) -> list[Promoted]:
        serving = self._now_serving()
        wanted: dict[tuple[str, str, str], list[str]] = {}
        for asset, champion in state.champions.items():
            if serving.get(asset) != champion.version:
                wanted.setdefault((champion.model, champion.version, champion.by), []).append(asset)
        out = []
        for (model, version, by), assets in wanted.items():
            try:
                monitor = self._open(model, version)
            except AndonError as error:
                log.warning("a model that was promoted cannot be opened", extra={"model": model, "version": version, "why": error.what})
                self._refused = True
                continue
            out.append(Promoted(version, tuple(assets), tuple(promise_of(monitor, asset, self._since()) for asset in assets), by))
        return out

    def _promised(self, state: State) -> list[Promised]:
        """Promises that differ from those in force; opening a model is dear, so only where its budget was set since the last look."""
        serving, out = self._now_serving(), []
        held = {limit.promise.asset: limit.promise for fleet in self._heart.served for limit in fleet.limits} | self._told
        opened: dict[tuple[str, str], Monitor] = {}
        for asset, champion in state.champions.items():
            set_at = state.promises[asset].at if asset in state.promises else None
            if serving.get(asset) != champion.version or asset not in held or set_at is None:
                continue
            key = (champion.model, champion.version)
            opened[key] = opened.get(key) or self._open(*key)
            fresh = promise_of(opened[key], asset, held[asset].since)
            if (fresh.threshold, fresh.rate_per_hour) != (held[asset].threshold, held[asset].rate_per_hour):
                out.append(promise_of(opened[key], asset, self._since()))
        return out

    def _tags(self, state: State) -> list[Control]:
        now = self._now()
        held: Mapping[tuple[str, str], int | None] = {
            key: item.until for fleet in self._heart.served for key, item in fleet.out.items()
        } | self._out
        wanted = {(out.asset, out.tag): out for out in state.tags_out if out.until is None or out.until > now}
        told: list[Control] = [
            TakeOut(out.tag, out.asset, out.until, out.why, out.by)
            for key, out in wanted.items()
            if key not in held or held[key] != out.until
        ]
        ended = [key for key, until in held.items() if key not in wanted and (until is None or until > now)]
        return [*told, *(PutBack(tag, asset) for asset, tag in ended)]

    def _note(self, told: Sequence[Control]) -> None:
        for item in told:
            match item:
                case Promoted():
                    self._serving |= dict.fromkeys(item.assets, item.version)
                    self._told |= {promise.asset: promise for promise in item.promises}
                case Promised():
                    self._told[item.asset] = item
                case TakeOut():
                    self._out[(item.asset, item.tag)] = item.until
                case PutBack():
                    self._out.pop((item.asset, item.tag), None)
                case _:
                    pass

    def _since(self) -> int:
        return self._now() if self._controlled else 2**62
