"""One case; the figures of a period; the hand-over."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from andon.alarms.figures import figures
from andon.alarms.handover import handover as note_of
from andon.alarms.history import History, history
from andon.alarms.kpi import kpi as figures_of
from andon.alarms.sentences import case_sentence, handover_sentences, record_sentence
from andon.alarms.shifts import ShiftSpan, current_shift, last_shift
from andon.alarms.similar import Similar, similar
from andon.plant.alarm import Alarm
from andon.plant.sentences import speak
from andon.plant.time import DAY_NS, HOUR_NS, NS, WEEK_H
from andon.project.live.expected import bands
from andon.project.live.past import past, promises_of
from andon.project.live.running import Running
from andon.service.callers import Caller
from andon.service.pages.alarm_list import row
from andon.service.pages.trends import numbers
from andon.service.problems import UnknownName
from andon.service.routes.instants import to_text
from andon.service.schema import AlarmRecord, BadActor, CasePage, Columns, Flood, Handover, KpiPage, Number, Share, SimilarCase
from andon.store.database import alarm_records, settings
from andon.streaming.keeping import of_kept

PAST_NS = 400 * DAY_NS
OVERLAY_TICKS = 120


def case_page(running: Running, caller: Caller, case: str) -> CasePage:
    """Everything about one case."""
    now = running.clock.now()
    kept = running.database.read(lambda connection: alarm_records.of_alarm(connection, case))
    found = history([of_kept(item) for item in kept], now) if kept else None
    if found is None:
        raise UnknownName(case)
    alarm, event, zone = found.alarm, found.events[-1], running.plant.site.zone
    tags = {tag.id: tag for tag in running.plant.with_tags(event.shares)}
    onset = dict(event.onset_order)
    near = similar(event, past(running, now - PAST_NS, now), except_for=case)
    others = [one for one in running.alarms.open(now) if one.case == case]
    name = running.name_of(alarm.asset)
    return CasePage(
        id=case, asset=alarm.asset, name=name, state=alarm.state.value, priority=alarm.priority,
        text=speak(case_sentence(alarm, name=name, zone=zone), caller.language), onset=to_text(event.onset), start=to_text(event.start),
        peak=to_text(event.peak), end=to_text(event.end), view=event.view.value, severity=event.severity,
        quality_relevant=event.quality_relevant,
        shares=[
            Share(
                tag=tag, name=tags[tag].name or tag, unit=tags[tag].unit, group=tags[tag].group, share=share, onset=to_text(onset.get(tag))
            )
            for tag, share in event.shares.items()
        ],
        check=list(alarm.check), action=alarm.action, consequence=alarm.consequence.value,
        records=[
            AlarmRecord(
                number=item.number, at=to_text(item.at), by=item.by, kind=item.act.name,
                text=speak(record_sentence(item, zone=zone), caller.language),
            )
            for item in found.records
        ],
        similar=[_similar(running, caller, one, found) for one in near], alarms=[row(running, caller, one) for one in others or [alarm]],
        mark="" if alarm.false is None else "false" if alarm.false else "true", model=event.model, threshold=_threshold(running, alarm),
    )  # fmt: skip


def _threshold(running: Running, alarm: Alarm) -> float:
    monitor = running.monitors.get(alarm.asset)
    return monitor.of(alarm.asset).calibration.threshold if monitor is not None else math.nan


def _similar(running: Running, caller: Caller, one: Similar, now: History) -> SimilarCase:
    """A past case beside the present one: the leading tag of now, in its normal scale, aligned at the onsets."""
    event = now.events[-1]
    tag = one.tags[0].tag if one.tags else ""
    alarm = one.history.alarm
    return SimilarCase(
        id=alarm.id, asset=alarm.asset, text=speak(case_sentence(alarm, name=running.name_of(alarm.asset)), caller.language),
        onset=to_text(one.event.onset), likeness=one.likeness, mark="" if alarm.false is None else "false" if alarm.false else "true",
        tag=tag, then=_aligned(running, alarm.asset, tag, one.event.onset), now=_aligned(running, event.asset, tag, event.onset),
    )  # fmt: skip


def _aligned(running: Running, asset: str, tag: str, onset: int) -> Columns:
    """Deviation of a tag around an onset, in standard deviations; seconds from the onset."""
    monitor = running.monitors.get(asset)
    if monitor is None:
        return Columns(time=[], low=[], high=[], mean=[])
    span = OVERLAY_TICKS * monitor.preparation.interval_ns
    band = bands(running, asset, onset - span // 4, onset + span).get(tag)
    if band is None:
        return Columns(time=[], low=[], high=[], mean=[])
    seconds = ((band.time - onset) / NS).tolist()
    sigma = numbers(np.where(np.isfinite(band.sigma), band.sigma, np.nan))
    return Columns(time=seconds, low=sigma, high=sigma, mean=sigma)


def kpi_page(running: Running, caller: Caller, start: int, end: int) -> KpiPage:
    """The numbers of ISA-18.2 for a period, beside their targets, and what was promised."""
    promises = promises_of(running, start, end)
    found = figures_of(past(running, start, end), start, end, running.plant.alarms, promises)
    counted = list(found.promises)
    running_h = sum(one.promise.running_ns for one in counted) / HOUR_NS
    return KpiPage(
        start=to_text(start), end=to_text(end),
        numbers=[
            Number(
                key=item.key, text=speak(item.text, caller.language), value=item.value, unit=item.unit, target=item.target, good=item.good
            )
            for item in figures(found)
        ],
        floods=[Flood(start=to_text(item.start), end=to_text(item.end), alarms=item.alarms, first="") for item in found.floods],
        bad_actors=[
            BadActor(asset=item.asset, text=f"{running.name_of(item.asset)} {item.tag}".strip(), count=item.alarms, share=item.share)
            for item in found.top
        ],
        priority_mix={str(level): 0.0 if math.isnan(share) else share for level, share in found.priorities.items()},
        promised=sum(one.promise.budget.rate_per_hour for one in counted) * WEEK_H,
        observed=sum(one.counted for one in counted) / running_h * WEEK_H if running_h else None,
        unmarked=sum(one.unmarked for one in counted),
    )  # fmt: skip


def handover(running: Running, caller: Caller) -> Handover:
    """What the next shift must know: of the shift at work up to now, else of the last one."""
    now = running.clock.now()
    shift = current_shift(running.plant, now) or last_shift(running.plant, now) or ShiftSpan("", now - DAY_NS, now)
    so_far = ShiftSpan(shift.name, shift.start, min(shift.end, now))
    found = note_of(past(running, so_far.start, max(so_far.end, so_far.start + 1)), so_far, running.plant.alarms)
    told: Sequence[str] = [speak(line, caller.language) for line in handover_sentences(found, zone=running.plant.site.zone)]
    kept = running.database.read(lambda connection: settings.get(connection, f"handover.{shift.start}"))
    return Handover(
        shift=shift.name,
        start=to_text(shift.start),
        end=to_text(shift.end),
        text=list(told),
        note=str(kept.value) if kept is not None else "",
    )


def set_handover(running: Running, caller: Caller, note: str) -> Handover:
    """What the shift adds."""
    now = running.clock.now()
    shift = current_shift(running.plant, now) or last_shift(running.plant, now) or ShiftSpan("", now - DAY_NS, now)
    running.database.write(lambda connection: settings.put(connection, f"handover.{shift.start}", note, at=now, by=caller.name))
    running.models.record("handover", {"shift": shift.name, "start": shift.start}, at=now, by=caller.name)
    return handover(running, caller)
