"""Plain words: cases, states, acts, hand-over notes and proposals as sentences of the catalogue."""

from __future__ import annotations

from andon.alarms.fortnight import Digest, Outcome, Proposal
from andon.alarms.handover import Handover
from andon.alarms.life import possible
from andon.plant.alarm import (
    Alarm,
    Assign,
    Comment,
    Mark,
    Raise,
    Record,
    Revise,
    Shelve,
    State,
    Suppress,
    SuppressedBy,
    TakeOut,
)
from andon.plant.time import DAY_NS, HOUR_NS, MINUTE_NS, format_instant
from andon.plant.verdict import Sentence


def clock(at: int, zone: str, near: int | None = None) -> str:
    """Local date and time to the minute; the time of day alone on the local day of `near` (both ns UTC)."""
    text = format_instant(at, zone)
    same_day = near is not None and format_instant(near, zone)[:10] == text[:10]
    return text[11:16] if same_day else f"{text[:10]} {text[11:16]}"


def duration(ns: float) -> Sentence:
    """A duration to two digits, in minutes, hours or days."""
    for name, size in (("days", DAY_NS), ("hours", HOUR_NS)):
        if ns >= 2 * size:
            return Sentence(f"alarms.duration.{name}", {"n": f"{ns / size:.2g}" if ns < 100 * size else f"{ns / size:.0f}"})
    return Sentence("alarms.duration.minutes", {"n": f"{ns / MINUTE_NS:.0f}"})


def case_sentence(alarm: Alarm, *, name: str = "", zone: str = "UTC") -> Sentence:
    """What it is about: the asset, what the event says, how often it came.

    Parameters
    ----------
    name : of the asset, for people; its id where empty
    zone : IANA zone of the site
    """
    return Sentence("alarms.case", {"asset": name or alarm.asset, "event": what_sentence(alarm, zone=zone)})


def what_sentence(alarm: Alarm, *, zone: str = "UTC") -> Sentence:
    """What the event says, and how often it came."""
    if alarm.count < 2 or alarm.raised_at is None:
        return alarm.event.sentence
    since = clock(alarm.raised_at, zone, alarm.last_raised_at)
    return Sentence("alarms.again", {"event": alarm.event.sentence, "count": alarm.count, "since": since})


def state_sentence(alarm: Alarm, *, zone: str = "UTC", now: int | None = None) -> Sentence:
    """The state with who, why or until when.

    Parameters
    ----------
    now : ns UTC; times of that local day are told without their date. None: the time of the alarm's last change
    """
    key = f"alarms.state.{alarm.state}"
    near = alarm.at if now is None else now
    match alarm.state:
        case State.ACKNOWLEDGED if alarm.acknowledged is not None:
            signed = alarm.acknowledged
            return Sentence(f"{key}.by", {"by": signed.by, "at": clock(signed.at, zone, near)})
        case State.SHELVED if alarm.shelf is not None:
            return Sentence(f"{key}.until", {"until": clock(alarm.shelf.until, zone, near)})
        case State.SUPPRESSED:
            return Sentence(f"{key}.by", {"by": by_sentence(alarm.suppressions[0].by)})
        case State.OUT_OF_SERVICE if alarm.out is not None and alarm.out.until is not None:
            return Sentence(f"{key}.until", {"until": clock(alarm.out.until, zone, near)})
        case _:
            return Sentence(key)


def by_sentence(by: SuppressedBy) -> Sentence:
    """A cause of suppression."""
    return Sentence(f"alarms.by.{by}")


def record_sentence(record: Record, *, zone: str = "UTC") -> Sentence:
    """What a record did."""
    act = record.act
    key = f"alarms.act.{act.name}"
    match act:
        case Raise() | Revise():
            return Sentence(key, {"event": act.event.sentence})
        case Shelve():
            return Sentence(key, {"until": clock(act.until, zone, record.at), "reason": act.reason})
        case Suppress():
            args: dict[str, object] = {"by": by_sentence(act.by)}
            return Sentence(key, args) if act.until is None else Sentence(f"{key}.until", args | _until(act.until, record, zone))
        case TakeOut():
            why: dict[str, object] = {"reason": act.reason}
            return Sentence(key, why) if act.until is None else Sentence(f"{key}.until", why | _until(act.until, record, zone))
        case Mark():
            return Sentence(f"{key}.{'false' if act.false else 'true'}")
        case Comment():
            return Sentence(key, {"text": act.text})
        case Assign():
            return Sentence(key, {"to": act.to}) if act.to else Sentence(f"{key}.nobody")
        case _:
            return Sentence(key)


def refused_sentence(alarm: Alarm) -> Sentence:
    """Why an act was refused, for the person who wanted it: what the alarm is, and what is possible."""
    verbs = [Sentence(f"alarms.verb.{name}") for name in possible(alarm.state)]
    return Sentence("alarms.refused", {"state": Sentence(f"alarms.state.{alarm.state}"), "acts": verbs})


def handover_sentences(note: Handover, *, zone: str = "UTC") -> tuple[Sentence, ...]:
    """The note, line by line: the shift, what came, what stands, what is hidden, what was said."""
    shift, end = note.shift, note.shift.end
    span: dict[str, object] = {"start": clock(shift.start, zone), "end": clock(end, zone, shift.start)}
    lines = [
        Sentence("alarms.handover.head", {"shift": shift.name} | span) if shift.name else Sentence("alarms.handover.head.day", span),
        Sentence(
            "alarms.handover.came",
            {"came": note.came, "acknowledged": note.acknowledged, "over": note.over, "notifications": note.notifications},
        ),
    ]
    if note.marked_true or note.marked_false:
        lines.append(Sentence("alarms.handover.marks", {"true": note.marked_true, "false": note.marked_false}))
    for flood in note.floods:
        over = Sentence("alarms.handover.lasts") if flood.end is None else clock(flood.end, zone, end)
        args: dict[str, object] = {"start": clock(flood.start, zone, end), "end": over, "count": flood.alarms}
        lines.append(Sentence("alarms.handover.flood", args))
    for alarm in note.standing:
        args = {
            "priority": priority_mark(alarm.priority),
            "case": case_sentence(alarm, zone=zone),
            "state": state_sentence(alarm, zone=zone),
        }
        lines.append(Sentence("alarms.handover.standing", args))
    if not note.standing:
        lines.append(Sentence("alarms.handover.quiet"))
    for alarm in note.shelved:
        assert alarm.shelf is not None
        args = {"until": clock(alarm.shelf.until, zone, end), "case": case_sentence(alarm, zone=zone), "reason": alarm.shelf.reason}
        lines.append(Sentence("alarms.handover.shelved", args))
    for alarm in note.suppressed:
        args = {"case": case_sentence(alarm, zone=zone), "by": by_sentence(alarm.suppressions[0].by)}
        lines.append(Sentence("alarms.handover.suppressed", args))
    for alarm in note.out:
        assert alarm.out is not None
        lines.append(Sentence("alarms.handover.out", {"case": case_sentence(alarm, zone=zone), "reason": alarm.out.reason}))
    for record, alarm in note.remarks:
        assert isinstance(record.act, Comment)
        args = {"at": clock(record.at, zone, end), "by": record.by, "asset": alarm.asset, "text": record.act.text}
        lines.append(Sentence("alarms.handover.remark", args))
    return tuple(lines)


def digest_sentences(made: Digest, *, zone: str = "UTC") -> tuple[Sentence, ...]:
    """The digest: how many came, then one line each."""
    span: dict[str, object] = {"start": clock(made.day.start, zone), "end": clock(made.day.end, zone)}
    if not made.entries:
        return (Sentence("alarms.digest.none", span),)
    counts: dict[str, object] = {"count": len(made.entries), "true": made.true, "false": made.false, "unmarked": made.unmarked}
    lines = [
        Sentence("alarms.digest.line", {"at": clock(entry.at, zone, made.day.end), "asset": entry.asset, "event": entry.sentence})
        for entry in made.entries
    ]
    return Sentence("alarms.digest.some", span | counts), *lines


def outcome_sentences(found: Outcome) -> tuple[Sentence, ...]:
    """What the first fortnight counted, what to promise, and what to see to."""
    kept = found.kept
    promise = kept.promise
    counts: dict[str, object] = {"counted": kept.counted, "false": kept.false, "unmarked": kept.unmarked, "true": kept.true}
    about: dict[str, object] = {
        "group": promise.group,
        "duration": duration(promise.running_ns),
        "promise": str(promise.budget),
        "expected": f"{kept.expected:.2g}",
    }
    key = f"alarms.fortnight.{found.proposal}"
    what = Sentence(key, {"unmarked": kept.unmarked} if found.proposal is Proposal.MARK else {"budget": str(found.budget)})
    suspects = [Sentence("alarms.fortnight.suspect", {"asset": row.asset, "tag": row.tag, "false": row.false}) for row in found.suspects]
    silent = [Sentence("alarms.fortnight.without-action", {"asset": asset, "tag": tag}) for asset, tag in found.without_action]
    return Sentence("alarms.fortnight.count", about | counts), what, *suspects, *silent


def priority_mark(priority: int) -> str:
    """Shape and number of a priority: never colour alone."""
    return {1: "■1", 2: "▲2", 3: "◆3"}.get(priority, "●4")


def _until(until: int, record: Record, zone: str) -> dict[str, object]:
    return {"until": clock(until, zone, record.at)}
