"""Overview and asset: what every asset is doing now."""

from __future__ import annotations

import math

import numpy as np

from andon.plant.alarm import Alarm, AlarmKind
from andon.plant.arrays import Float64Array
from andon.plant.messages import say
from andon.plant.sentences import speak
from andon.plant.time import MINUTE_NS, NS
from andon.plant.verdict import Verdict, Why
from andon.project.live.running import Running
from andon.project.live.troubles import patience_with, quiet_of
from andon.reading.link import Connection
from andon.scoring.monitor import Monitor
from andon.service.callers import Caller
from andon.service.pages.kept_promises import promises_kept
from andon.service.problems import UnknownName
from andon.service.routes.instants import to_text
from andon.service.schema import AssetPage, Overview, Quality, Source, SourceState, State, TagOfAsset, Tile
from andon.streaming.snapshot import STEP_NS, Now

BEHIND_NS = MINUTE_NS
"""The service reads a backlog when it is further behind than this."""
STATES = {
    Connection.CONNECTING: SourceState.CONNECTING, Connection.CONNECTED: SourceState.LIVE, Connection.WAITING: SourceState.DOWN,
    Connection.ENDED: SourceState.STOPPED, Connection.CLOSED: SourceState.STOPPED,
}  # fmt: skip
RANK = {state: rank for rank, state in enumerate(State)}


def number(value: float) -> float | None:
    """A number for JSON: None where there is none."""
    return float(value) if math.isfinite(value) else None


def why_text(why: Why, language: str) -> str:
    """Why a tick cannot be judged; empty where it can."""
    return "" if why is Why.JUDGED else say(f"service.why.{why.name.lower()}", language)


def overview(running: Running, caller: Caller) -> Overview:
    """Every asset, worst first."""
    now = running.clock.now()
    of_asset: dict[str, list[Alarm]] = {}
    for alarm in running.alarms.open(now):
        of_asset.setdefault(alarm.asset, []).append(alarm)
    tiles = [tile(running, asset, of_asset.get(asset, []), now, caller.language) for asset in running.monitors]
    tiles.sort(key=lambda item: (RANK[item.state], item.priority or 9, -(item.ratio or 0.0), item.name))
    moved = [group.name for group in running.plant.budgets if promises_kept(running, group).moved]
    return Overview(tiles=tiles, sources=sources(running, caller.language), moved=moved, at=to_text(now))


def tile(running: Running, asset: str, alarms: list[Alarm], now: int, language: str) -> Tile:
    """One asset of the overview."""
    shown = [alarm for alarm in alarms if not alarm.hidden]
    state, words = state_of(running, asset, shown)
    line, area = parents(running, asset)
    hour = words.hour if words is not None else np.zeros(0)
    interval = running.monitors[asset].preparation.interval_ns
    return Tile(
        asset=asset, name=running.name_of(asset), area=area, line=line, state=state,
        why=why_text(words.why, language) if words is not None and state is State.CANNOT_JUDGE else "",
        priority=min((alarm.priority for alarm in shown), default=None),
        evidence=[number(value) for value in held(hour, interval)], ratio=number(words.ratio) if words is not None else None,
        quality=qualities(running, asset, words), data_share=number(words.data_share) or 0.0 if words is not None else 0.0,
        open_alarms=sum(alarm.kind is AlarmKind.ALARM for alarm in shown), since=to_text(words.since) if words and words.since else "",
        behind_s=max(0.0, (now - words.time) / NS) if words and words.time else 0.0,
    )  # fmt: skip


def held(hour: Float64Array, interval: int) -> Float64Array:
    """The minutes of the last hour with each tick's value until the next: a line even where a tick is longer than a minute."""
    span = min(-(-interval // STEP_NS), len(hour))
    if span <= 1:
        return hour
    at = np.where(np.isfinite(hour), np.arange(len(hour)), -len(hour))
    last = np.maximum.accumulate(at)
    near = (np.arange(len(hour)) - last) < span
    return np.where(near, hour[np.maximum(last, 0)], np.nan)


def state_of(running: Running, asset: str, shown: list[Alarm]) -> tuple[State, Now | None]:
    """The state of an asset as a person sees it, and what is known of it."""
    snapshot = running.keeping.snapshot(asset)
    if snapshot is None:
        return State.NO_MODEL, None
    words = snapshot.of(asset)
    if any(alarm.kind is AlarmKind.ALARM and alarm.active for alarm in shown):
        return State.ALARM, words
    if words.verdict is Verdict.ANOMALOUS:
        return State.ANOMALOUS, words
    return (State.CANNOT_JUDGE if words.verdict is Verdict.CANNOT_JUDGE else State.NORMAL), words


def qualities(running: Running, asset: str, words: Now | None) -> list[Quality]:
    """The newest prediction of each target."""
    out = []
    targets = {target.name: target for target in running.plant.targets}
    for table in words.quality if words is not None else ():
        last = len(table.sample_time) - 1
        known = targets.get(table.target[last])
        out.append(
            Quality(
                target=table.target[last], unit=known.unit if known else "", value=number(table.value[last]), low=number(table.low[last]),
                high=number(table.high[last]), limit_low=known.low if known else None, limit_high=known.high if known else None,
                at=to_text(int(table.sample_time[last])), why="" if table.why[last] == 0 else Why(int(table.why[last])).name.lower(),
            )
        )  # fmt: skip
    return out


def mode_of(monitor: Monitor, words: Now | None) -> str:
    """The operating mode of the last tick as the plant calls it, or its number; empty where there is one alone, or it is not known."""
    modes = monitor.preparation.modes
    if words is None or len(modes.names) < 2 or not 0 <= words.mode < len(modes.names):
        return ""
    return modes.names[words.mode] if modes.source == "tag" else str(words.mode + 1)


def parents(running: Running, asset: str) -> tuple[str, str]:
    """Line and area above an asset; empty where the plant file names none."""
    line = running.parent_of(asset)
    return running.name_of(line), running.name_of(running.parent_of(line))


def sources(running: Running, language: str = "en") -> list[Source]:
    """The links with lag and loss, and why one is down or brings nothing."""
    out = []
    now, patience = running.clock.now(), patience_with(running)
    behind = running.loop.status.behind_ns(now) > BEHIND_NS
    for link in running.loop.links:
        health = link.health()
        good = health.connection in (Connection.CONNECTED, Connection.ENDED)
        quiet = quiet_of(health, now, patience)
        seconds = max((now - health.since) / NS, 1e-9)
        state = SourceState.CATCHING_UP if good and behind and health.connection is not Connection.ENDED else STATES[health.connection]
        out.append(
            Source(
                name=health.link, kind=type(link).__name__.removesuffix("Link").lower(), state=state,
                text=health.last_error if not good else speak(quiet, language) if quiet is not None else "",
                lag_s=(health.lag_ns or 0) / NS, values_per_s=health.rows / seconds,
                lost=health.lost, set_aside=health.dead, since=to_text(health.since) if health.since else "",
            )
        )  # fmt: skip
    return out


def asset_page(running: Running, caller: Caller, asset: str) -> AssetPage:
    """One asset now: its tags by their share at the last tick."""
    monitor = running.monitors.get(asset)
    if monitor is None:
        raise UnknownName(asset)
    now = running.clock.now()
    shown = [alarm for alarm in running.alarms.open(now) if alarm.asset == asset and not alarm.hidden]
    state, words = state_of(running, asset, shown)
    line, area = parents(running, asset)
    extent = running.keeping.samples.segments.extent(asset)
    first = min(shown, key=lambda alarm: (alarm.priority, alarm.id), default=None)
    return AssetPage(
        asset=asset, name=running.name_of(asset), area=area, line=line, state=state,
        why=why_text(words.why, caller.language) if words is not None and state is State.CANNOT_JUDGE else "",
        priority=first.priority if first else None, model=monitor.version,
        budget_group=running.plant.budget_group(asset).name, mode=mode_of(monitor, words), first=to_text(extent[0]) if extent else "",
        last=to_text(words.time) if words and words.time else "", tags=_tags(running, asset, words, now),
        targets=qualities(running, asset, words),
        open_case=first.case if first else "",
    )  # fmt: skip


def _tags(running: Running, asset: str, words: Now | None, now: int) -> list[TagOfAsset]:
    """Every tag with its last value and what was expected of it, those that carry the evidence first."""
    from andon.project.live.expected import expected_now

    monitor = running.monitors[asset]
    told = expected_now(running, asset, words.time if words is not None else 0)
    known = {tag.id: tag for tag in running.plant.with_tags(monitor.tag_ids)}
    out_now = {tag for (owner, tag), item in _out(running).items() if owner in ("", asset) and (item is None or item > now)}
    rows = []
    for tag in monitor.tag_ids:
        about, seen = known[tag], told.get(tag)
        rows.append(
            TagOfAsset(
                id=tag, name=about.name or tag, unit=about.unit, group=about.group, role=about.role.value, low=about.low, high=about.high,
                share=seen.share if seen else None, value=number(seen.value) if seen else None,
                expected=number(seen.expected) if seen else None, expected_low=number(seen.low) if seen else None,
                expected_high=number(seen.high) if seen else None, deviation_sigma=number(seen.sigma) if seen else None,
                status=seen.status if seen else "missing", out_of_service="out" if tag in out_now else "",
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: (-(row.share or 0.0), -abs(row.deviation_sigma or 0.0)))


def _out(running: Running) -> dict[tuple[str, str], int | None]:
    return {key: item.until for served in running.loop.heart.served for key, item in served.out.items()}
