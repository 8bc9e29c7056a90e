"""From what was scored to what a report shows: decimated lanes, events with their tags in engineering units, tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from andon import __version__
from andon.auditing import Audit
from andon.evidence.sentence import budget_sentence
from andon.plant.arrays import Float64Array
from andon.plant.atomic_write import write_bytes, write_text
from andon.plant.budget import parse_budget
from andon.plant.file.schema import PlantFile
from andon.plant.label import Label, LabelKind, LabResults
from andon.plant.sentences import speak
from andon.plant.time import format_instant
from andon.plant.verdict import Event, Sentence
from andon.preparing import Channel
from andon.project.budget_panel import budget_panel, promise_sentence
from andon.project.quality_panel import quality_panels
from andon.reporting import EventCard, EventTag, FaultRow, FindingRow, Lane, ReportData, TableRow, render
from andon.scoring.monitor import Monitor, Scored
from andon.store import write_events, write_quality, write_verdicts

if TYPE_CHECKING:
    from andon.project.compare import Comparison
    from andon.training.fit_monitor import Fitted

LANE_POINTS = 1200
TAG_POINTS = 240
SHOWN_EVENTS = 20
SHOWN_TAGS = 6
SHOWN_FINDINGS = 15
BAND_SIGMA = 3.0


def build_report(
    monitor: Monitor,
    scored: Sequence[Scored],
    *,
    card: Mapping[str, Any] | None = None,
    labels: Sequence[Label] = (),
    lab: Sequence[LabResults] = (),
    audits: Mapping[str, Audit] | None = None,
    comparison: Comparison | None = None,
    plant: PlantFile | None = None,
    fitted: Fitted | None = None,
) -> ReportData:
    """Everything that the report shows."""
    zone = monitor.preparation.zone
    events = [(one, event) for one in scored for event in one.events]
    shown = sorted(sorted(events, key=lambda pair: -pair[1].severity)[:SHOWN_EVENTS], key=lambda pair: pair[1].start)
    panels = quality_panels(monitor, scored, lab, fitted)
    site = plant.site.name if plant is not None else str((monitor.manifest or {}).get("site") or "")
    title = site or ", ".join(monitor.assets)
    return ReportData(
        title=title, zone=zone, made_at=datetime.now(tz=UTC).strftime("%Y-%m-%d %H:%M UTC"), version=__version__, model=monitor.version,
        assets=monitor.assets, verdict=_verdict(monitor, scored, comparison, panels),
        lanes={one.asset: lane(one) for one in scored},
        events=tuple(event_card(monitor.of(one.asset), one, event, labels) for one, event in shown),
        budget=budget_panel(monitor, scored, labels, fitted), quality=panels,
        baselines=_baselines(comparison), ablation=_ablation(fitted),
        findings=_findings(audits or {}), card=_card(monitor, card or monitor.manifest), events_left_out=len(events) - len(shown),
        faults=_faults(comparison), audited=bool(audits),
    )  # fmt: skip


def lane(scored: Scored) -> Lane:
    """Evidence as a multiple of the threshold, at most 1,200 buckets, each its largest value."""
    rows = scored.prepared.rows
    if rows == 0:
        return Lane((), (), ())
    size = math.ceil(rows / LANE_POINTS)
    count = math.ceil(rows / size)
    pad = count * size - rows
    ratio = np.where(scored.judge, scored.trace / scored.verdicts.threshold, np.nan)
    whole = np.concatenate([ratio, np.full(pad, np.nan)]).reshape(count, size)
    seen = np.isfinite(whole).any(axis=1)
    top = np.max(np.where(np.isfinite(whole), whole, -np.inf), axis=1)
    why = np.concatenate([scored.verdicts.why, np.zeros(pad, dtype=np.uint8)]).reshape(count, size).max(axis=1)
    time = scored.prepared.time[::size] // 1_000_000
    return Lane(
        tuple(int(t) for t in time), tuple(round(float(v), 4) if ok else None for v, ok in zip(top, seen, strict=True)),
        tuple(0 if ok else int(w) for w, ok in zip(why, seen, strict=True)),
    )  # fmt: skip


def event_card(monitor: Monitor, scored: Scored, event: Event, labels: Sequence[Label]) -> EventCard:
    """One event with the tags that matter, around its time, in engineering units."""
    top = list(event.shares.items())[:SHOWN_TAGS]
    moved_at = dict(event.onset_order)
    last = event.end if event.end is not None else int(scored.prepared.time[-1])
    label = next((x.note or str(x.kind) for x in labels if x.asset in (scored.asset, "") and x.start <= last and x.end >= event.onset), "")
    tags = tuple(
        _event_tag(monitor, scored, event, tag, share, moved_at.get(tag), last) for tag, share in top if share > 0.01 or tag == top[0][0]
    )
    return EventCard(
        id=event.id, asset=event.asset, onset=event.onset // 1_000_000, start=event.start // 1_000_000, peak=event.peak // 1_000_000,
        end=None if event.end is None else event.end // 1_000_000, severity=event.severity, view=str(event.view), sentence=event.sentence,
        tags=tags, label=label, quality_relevant=event.quality_relevant,
    )  # fmt: skip


def _event_tag(monitor: Monitor, scored: Scored, event: Event, tag: str, share: float, moved_at: int | None, last: int) -> EventTag:
    prepared = scored.prepared
    known = next((item for item in monitor.tags if item.id == tag), None)
    at = prepared.channel_tags.index(tag)
    channel = monitor.preparation.channels[at]
    interval = prepared.interval_ns
    pad = max(60 * interval, (last - event.onset) // 3)
    first = max(int((event.onset - pad) // interval - prepared.tick[0]), 0)
    stop = min(int((min(last, event.start + 3 * 86_400_000_000_000) + pad) // interval - prepared.tick[0]) + 1, prepared.rows)
    rows = np.unique(np.linspace(first, max(stop - 1, first), min(TAG_POINTS, max(stop - first, 1))).astype(np.int64))
    value = _real(np.where(prepared.valid[rows, at], prepared.x[rows, at], np.nan), channel)
    expected = _real(scored.expected[rows, at], channel)
    half = BAND_SIGMA * float(monitor.detector.linear.scale[at]) * abs(channel.scale)
    return EventTag(
        tag=tag, name=known.label if known else tag, unit=(known.unit if known else "") or channel.unit, group=known.group if known else "",
        share=share, moved_at=None if moved_at is None else moved_at // 1_000_000,
        time=tuple(int(t) // 1_000_000 for t in prepared.time[rows]), value=_column(value), expected=_column(expected),
        low=_column(expected - half), high=_column(expected + half),
    )  # fmt: skip


def _real(scaled: np.ndarray[Any, np.dtype[Any]], channel: Channel) -> Float64Array:
    return np.asarray(scaled, dtype=np.float64) * channel.scale + channel.center


def _column(values: Float64Array) -> tuple[float | None, ...]:
    return tuple(float(f"{v:.6g}") if math.isfinite(v) else None for v in values)


def _verdict(monitor: Monitor, scored: Sequence[Scored], comparison: Comparison | None, panels: Sequence[Any]) -> tuple[Sentence, ...]:
    """Three sentences: what was found, how often it cried wolf, how good quality prediction is."""
    events = sum(len(one.events) for one in scored)
    hours = sum(one.judged_h for one in scored)
    out = []
    promise: dict[str, object] = {"promise": promise_sentence(monitor)}
    bare = ".unpromised" if monitor.calibration.made_no_promise else ""
    if comparison is not None and comparison.measures[0].caught is not None:
        head = comparison.measures[0]
        told: dict[str, object] = {"caught": head.caught, "faults": (head.caught or 0) + (head.missed or 0)}
        out.append(Sentence("project.verdict.caught", told))
        rate = f"{head.false_per_week:.1f}"
        out.append(Sentence(f"project.verdict.false{bare}", {"count": head.false, "rate": rate, **({} if bare else promise)}))
    else:
        out.append(Sentence(f"project.verdict.events{bare}", {"events": events, "hours": f"{hours:,.0f}", **({} if bare else promise)}))
    for panel in panels[:1]:
        if panel.coverage is not None:
            out.append(
                Sentence(
                    "project.verdict.quality", {"target": panel.target, "coverage": f"{panel.coverage:.0%}", "level": f"{panel.level:.0%}"}
                )
            )
    return tuple(out)


def _faults(comparison: Comparison | None) -> tuple[FaultRow, ...]:
    """Every labelled fault of the period, caught or missed, in time order."""
    if comparison is None:
        return ()
    scores = comparison.scores
    rows = [(caught.label, True, caught.delay_ns / 1e9) for caught in scores.caught] + [(label, False, None) for label in scores.missed]
    rows.sort(key=lambda row: row[0].start)
    return tuple(
        FaultRow(label.note or str(label.kind), label.start // 1_000_000, label.end // 1_000_000, caught, delay)
        for label, caught, delay in rows
    )


def _baselines(comparison: Comparison | None) -> tuple[TableRow, ...]:
    if comparison is None:
        return ()
    return tuple(
        TableRow(
            item.name,
            {"caught": _number(item.caught), "missed": _number(item.missed), "false_per_week": item.false_per_week,
             "delay_min": None if item.median_delay_s is None else item.median_delay_s / 60, "vus_pr": item.vus_pr},
            item.chosen,
        )
        for item in comparison.measures
    )  # fmt: skip


def _ablation(fitted: Fitted | None) -> tuple[TableRow, ...]:
    """Detector alone, quality alone, with shared features, with both couplings; then the detector with and without the network."""
    if fitted is None:
        return ()
    coupled, rows = fitted.coupled, []
    if coupled is not None and fitted.targets.ablation:
        rows.append(TableRow("detector alone", {"found": coupled.found_alone, "found_product": coupled.product_alone}))
    for asset, targets in fitted.targets_of.items():
        for row in targets.ablation:
            figures: dict[str, float | None] = {}
            if coupled is not None and row is targets.ablation[-1]:
                figures = {"found": coupled.found, "found_product": coupled.product}
            rows.append(TableRow(row.name, figures | row.figures, asset=asset if len(fitted.targets_of) > 1 else ""))
    rows += [
        TableRow(
            f"detector, {item.candidate.name}",
            {"found": item.found if math.isfinite(item.found) else None},
            item.candidate.name == fitted.chosen,
        )
        for item in fitted.tried
        if item.candidate.name in ("linear", "network")
    ]
    return tuple(rows)


def _number(value: int | None) -> float | None:
    return None if value is None else float(value)


def _findings(audits: Mapping[str, Audit]) -> tuple[FindingRow, ...]:
    """The weightiest findings; with several assets each says whose it is."""
    found = [(asset, item) for asset, audit in audits.items() for item in audit.findings]
    if len(audits) > 1:
        found.sort(key=lambda pair: -pair[1].weight)
    return tuple(
        FindingRow(
            f"{asset}: {item.tag or ''}".rstrip(": ") if len(audits) > 1 else item.tag or "", item.weight, item.kind, item.evidence,
            item.consequence, item.suggestion,
        )
        for asset, item in found[:SHOWN_FINDINGS]
    )  # fmt: skip


def _card(monitor: Monitor, card: Mapping[str, Any]) -> tuple[tuple[str, str | Sentence], ...]:
    """The model card: names that the report knows, with texts or sentences."""
    zone = monitor.preparation.zone
    rows: list[tuple[str, str | Sentence]] = [("model", monitor.version), ("assets", ", ".join(monitor.assets))]
    rows.append(("tags", str(len(monitor.tag_ids))))
    own = card.get("periods_of") or {}
    rows += [
        (name, "; ".join(f"{asset}: {' – '.join(periods[name])}" for asset, periods in own.items()) if own else " – ".join(pair))
        for name, pair in (card.get("periods") or {}).items()
    ]
    rows.append(
        ("scaled on", f"{format_instant(monitor.preparation.fitted_from, zone)} – {format_instant(monitor.preparation.fitted_to, zone)}")
    )
    if card.get("chosen"):
        rows.append(("chosen", str(card["chosen"])))
    if card.get("promised"):
        rows.append(("promised", budget_sentence(parse_budget(str(card["promised"])))))
    rows.append(("budget", promise_sentence(monitor)))
    data = (monitor.manifest or {}).get("training_data")
    if isinstance(data, Mapping):
        rows.append(
            ("training data", ", ".join(f"{key} {str(value)[:40]}" for key, value in data.items() if not isinstance(value, list | dict)))
        )
    parts = "network" if monitor.detector.network else "linear"
    rows.append(("evidence", Sentence(f"reporting.card.views.{parts}", {"views": len(monitor.detector.views.names)})))
    return tuple(rows)


def write_results(folder: str | Path, data: ReportData, scored: Sequence[Scored], labels: Sequence[Label], language: str) -> Path:
    """Write verdicts, events, quality, report.json and report.html; returns the report's path.

    Raises
    ------
    StoreError : the folder cannot be written
    """
    import msgspec

    target = Path(folder)
    for one in scored:
        write_verdicts(target, one.verdicts)
    write_events(target, [event for one in scored for event in one.events], render=lambda sentence: speak(sentence, language))
    predictions = [one.quality for one in scored if one.quality is not None]
    if predictions:
        write_quality(target, predictions)
    write_bytes(target / "report.json", msgspec.json.encode({"data": data, "labels": _label_spans(labels)}))
    path = target / "report.html"
    write_text(path, render(data, language, _label_spans(labels)))
    return path


def _label_spans(labels: Sequence[Label]) -> tuple[tuple[int, int, str, str], ...]:
    return tuple(
        (label.start // 1_000_000, label.end // 1_000_000, label.note or str(label.kind), label.asset)
        for label in labels
        if label.kind != LabelKind.FALSE
    )


def read_report(folder: str | Path) -> tuple[ReportData, tuple[tuple[int, int, str, str], ...]]:
    """What `write_results` kept of a report.

    Raises
    ------
    AskUserError : there is none, or it is damaged
    """
    import msgspec

    from andon.plant.errors import AskUserError, At

    path = Path(folder) / "report.json"
    try:
        raw = msgspec.json.decode(path.read_bytes())
        data = msgspec.convert(raw["data"], ReportData)
        return replace(data), tuple((int(a), int(b), str(c), str(*asset)) for a, b, c, *asset in raw["labels"])
    except (OSError, msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        raise AskUserError(
            f"no report can be made of this folder: {error}", at=At(file=str(path)), do="give the folder of andon score"
        ) from error
