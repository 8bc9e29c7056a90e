"""The offline report: one HTML file that needs no server, made from `ReportData` in either language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from andon.plant.sentences import speak
from andon.plant.verdict import Sentence
from andon.reporting import pictures
from andon.reporting.data import BudgetPanel, FindingRow, Lane, QualityPanel, ReportData, TableRow
from andon.reporting.event_cards import cards_section, legend_item, list_section, mark
from andon.reporting.svg import number
from andon.reporting.words import Words, duration

LEAST_SHARE = 0.005
TEXT = ' class="text"'
CHOSEN = ' class="chosen"'


def render(data: ReportData, language: str = "en", labels: pictures.Labels = ()) -> str:
    """The whole page.

    Parameters
    ----------
    data : what to show
    language : "en" or "zh-CN"
    labels : (start ms, end ms, note) of labelled periods, drawn as outlines in the timeline; with the asset, in its own alone
    """
    word = Words(language, data.zone)
    parts = [
        _timelines(data, word, labels),
        list_section(data, word),
        _faults(data, word),
        cards_section(data, word),
        _budget(data.budget, word) if data.budget else "",
        *(_quality(panel, index, word) for index, panel in enumerate(data.quality)),
        _compare(data, word),
        _findings(data.findings, word) if data.audited else "",
        _card(data, word),
    ]
    style = (files("andon.plant") / "design" / "tokens.css").read_text(encoding="utf-8")
    style += (files("andon.reporting") / "assets" / "report.css").read_text(encoding="utf-8")
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
        f"<title>{escape(data.title)}</title><style>{_small(style)}</style></head><body>{_head(data, word)}<main>{''.join(parts)}</main>"
        f"<footer><p>{word('footer')}</p></footer></body></html>"
    )


def _small(style: str) -> str:
    """A style sheet without its comments."""
    return re.sub(r"/\*.*?\*/\s*", "", style, flags=re.DOTALL)


def _head(data: ReportData, word: Words) -> str:
    there = {
        "timeline": True, "events": True, "faults": bool(data.faults), "cards": bool(data.events), "budget": data.budget is not None, "quality": bool(data.quality),
        "compare": bool(data.baselines), "ablation": len(data.ablation) > 1, "data": data.audited, "card": True,
    }  # fmt: skip
    nav = "".join(f'<a href="#{name}">{word(f"to.{name}")}</a>' for name, shown in there.items() if shown)
    sentences = "".join(f"<p>{word.sentence(s)}</p>" for s in data.verdict)
    made = word("made", when=data.made_at, version=data.version, model=data.model, zone=data.zone)
    return (
        f'<header class="page"><h1>{escape(data.title)}</h1>{_period(data, word)}<div class="verdict">{sentences}</div>'
        f'<p class="note">{made}</p></header><nav aria-label="{word("to")}">{nav}</nav>'
    )


def _period(data: ReportData, word: Words) -> str:
    times = [t for lane in data.lanes.values() if lane.time for t in (lane.time[0], lane.time[-1])]
    return f'<p class="period">{word.day(min(times))} – {word.day(max(times))}</p>' if times else ""


def _timelines(data: ReportData, word: Words, labels: pictures.Labels) -> str:
    rows = []
    for asset, lane in data.lanes.items():
        events = tuple(event for event in data.events if event.asset == asset)
        title = word.plain("timeline.picture", asset=asset)
        mine = tuple(label for label in labels if len(label) < 4 or label[3] in ("", asset))
        picture = pictures.timeline(lane, events, mine, data.zone, word.language, title)
        name = f"<h3>{escape(asset)}</h3>" if len(data.lanes) > 1 else ""
        rows.append(f"{name}{_figure(picture, _unjudged(lane, word))}")
    keys = ["evidence", "threshold", "event", *(["labelled"] if labels else []), "cannot"]
    legend = "".join(legend_item(word(f"legend.{key}"), key) for key in keys)
    return f'<section id="timeline"><h2>{word("timeline.title")}</h2><p class="legend">{legend}</p>{"".join(rows)}</section>'


def _unjudged(lane: Lane, word: Words) -> str:
    """What part of the time could not be judged, and why."""
    times: dict[str, float] = {}
    for start, end, why in pictures.unjudged(lane):
        times[why] = times.get(why, 0.0) + end - start
    whole = (lane.time[-1] - lane.time[0]) * len(lane.time) / max(len(lane.time) - 1, 1) if lane.time else 0.0
    if not times or whole <= 0:
        return word("timeline.whole")
    shares = {why: spent / whole for why, spent in sorted(times.items(), key=lambda item: -item[1])}
    named = [
        word("timeline.part", why=word.plain(f"why.{why}"), share=f"{share:.0%}") for why, share in shares.items() if share >= LEAST_SHARE
    ]
    return word("timeline.unjudged", share=f"{sum(shares.values()):.0%}", parts="\0").replace("\0", word.listed(named))


def _figure(picture: str, caption: str = "") -> str:
    return f"<figure>{picture}" + (f"<figcaption>{caption}</figcaption>" if caption else "") + "</figure>" if picture else ""


def _faults(data: ReportData, word: Words) -> str:
    """Every labelled fault: caught and how soon, or missed."""
    if not data.faults:
        return ""
    rows = "".join(
        f'<tr><td class="text when">{word.clock(fault.start)}</td><td class="text what">{escape(fault.note)}</td>'
        f'<td class="text">{word("faults.caught") if fault.caught else "<b>" + word("faults.missed") + "</b>"}</td>'
        f'<td class="when">{_delay(fault.delay_s, word)}</td></tr>'
        for fault in data.faults
    )
    heads = "".join(
        f'<th scope="col"{"" if key == "delay" else TEXT}>{word(f"faults.{key}")}</th>' for key in ("start", "label", "result", "delay")
    )
    table = f'<table class="stack list"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<section id="faults"><h2>{word("faults.title")}</h2>{table}</section>'


def _delay(seconds: float | None, word: Words) -> str:
    if seconds is None:
        return "–"
    return duration(seconds) if seconds >= 0 else word("faults.before", lead=duration(-seconds))


def _budget(panel: BudgetPanel, word: Words) -> str:
    promise = panel.promise if isinstance(panel.promise, str) else speak(panel.promise, word.language)
    body = [f"<p>{' '.join(word.sentence(s) for s in panel.sentences)}</p>"]
    if panel.refused:
        body.append(f'<div class="card"><p>{word.sentence(panel.refused)}</p></div>')
    if panel.hours > 0:
        told = {"hours": f"{panel.hours:,.0f}", "expected": number(panel.expected), "low": f"{panel.low:.0f}", "high": f"{panel.high:.0f}"}
        promised = word("budget.promised", promise=promise, **told)
        seen = {"observed": panel.observed, "false": panel.false_observed}
        observed = word("budget.observed" if panel.false_observed is None else "budget.false", **seen)
        body.append(f"<p>{promised} {observed}</p>")
    if panel.moved:
        body.append(f'<div class="card"><p>{mark(0.6)} {word.sentence(panel.moved)}</p></div>')
    if len(panel.curve) > 1:
        body.append(_curve(panel, promise, word))
    return f'<section id="budget"><h2>{word("budget.title")}</h2>{"".join(body)}</section>'


def _curve(panel: BudgetPanel, promise: str, word: Words) -> str:
    """For each standard fault, what part is found and how soon, against the promise."""
    names = list(dict.fromkeys(name for point in panel.curve for name in point.found))
    here = min(panel.curve, key=lambda point: abs(point.per_week / panel.per_week - 1) if panel.per_week > 0 else 0)
    cells = []
    for name in names:
        called = panel.faults.get(name)
        title = word.sentence(called) if called is not None else escape(name)
        delay = here.delay_s.get(name)
        args = {"found": f"{here.found.get(name, 0.0):.0%}", "delay": duration(delay) if delay is not None else "–"}
        key = "budget.here" if delay is not None else "budget.here.never"
        found = pictures.fault_found(panel.curve, name, panel.per_week, word.plain("budget.found", fault=name))
        soon = pictures.fault_delay(panel.curve, name, panel.per_week, word.plain("budget.delay", fault=name))
        cells.append(
            f'<figure><figcaption><b>{title}</b><br><span class="note">{word(key, **args)}</span></figcaption>{found}{soon}</figure>'
        )
    legend = legend_item(word("legend.promise", promise=promise), "promise")
    return f'<h3>{word("budget.curve")}</h3><p>{word("budget.curve.text")}</p><p class="legend">{legend}</p><div class="faults">{"".join(cells)}</div>'


def _quality(panel: QualityPanel, index: int, word: Words) -> str:
    title = word("quality.title", target=panel.target)
    text = word("quality.text", chosen="\0", dead=duration(panel.dead_time_s) if panel.dead_time_s is not None else "–").replace(
        "\0", word.known("method", panel.chosen)
    )
    sure = panel.kind == "classification"
    if sure and panel.points:
        text += " " + word(
            "quality.classes", count=len(panel.points), within=_percent(panel.within), brier=number(panel.brier), base=number(panel.base_brier),
            balanced=_percent(panel.balanced), refused=f"{panel.refused:.1%}",
        )  # fmt: skip
    elif panel.points:
        text += " " + word(
            "quality.judged", level=f"{panel.level:.0%}", coverage=_percent(panel.coverage), count=len(panel.points), width=f"{number(panel.width)} {panel.unit}".strip(),
            rmse=number(panel.rmse), r2=number(panel.r2), refused=f"{panel.refused:.1%}",
        )  # fmt: skip
    after = ""
    if panel.better_afterwards:
        after = f"<p>{word('quality.afterwards', name=chr(0)).replace(chr(0), word.known('method', panel.better_afterwards))}</p>"
    rows = [
        TableRow(str(row.get("name", "")), {k: v for k, v in row.items() if not isinstance(v, str)}, row.get("name") == panel.chosen)
        for row in panel.candidates
    ]
    legend = "".join(legend_item(word(f"legend.{key}"), kind) for key, kind in _QUALITY_KEYS)
    run = pictures.quality_run(panel, word.zone, word.language, word.plain("quality.run", target=panel.target))
    parity = "" if sure else pictures.parity(panel, word.plain("quality.parity", target=panel.target))
    tenths = _table(word("quality.reliability"), panel.reliability, word)
    name = "quality" if index == 0 else f"quality-{index + 1}"
    pair = ""
    if run or parity:
        pictured = _figure(run, word("quality.run", target=panel.target)) + (_figure(parity, word("quality.axes")) if parity else "")
        pair = f'<p class="legend">{legend}</p><div class="pair">{pictured}</div>'
    return (
        f'<section id="{name}"><h2>{title}</h2><p>{text}</p>{after}{pair}{tenths}{_table(word("quality.candidates"), rows, word)}</section>'
    )


_QUALITY_KEYS = (("predicted", "expected"), ("interval", "band"), ("inside", "dot"), ("outside", "out"))


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _table(caption: str, rows: Sequence[TableRow], word: Words) -> str:
    """Names and figures; on a narrow page it scrolls by itself, also by keyboard."""
    if not rows:
        return ""
    columns = list(dict.fromkeys(key for row in rows for key in row.figures))
    columns = [key for key in columns if any(row.figures.get(key) is not None for row in rows)]
    head = "".join(f'<th scope="col">{word.known("column", key)}</th>' for key in columns)
    body = "".join(
        f'<tr{CHOSEN if row.chosen else ""}><th scope="row">{_of_asset(row)}{word.known("method", row.name)}'
        + (" · " + word("column.chosen") if row.chosen else "")
        + "</th>"
        + "".join(f"<td>{word.figure(key, row.figures.get(key))}</td>" for key in columns)
        + "</tr>"
        for row in rows
    )
    table = f'<table><caption>{caption}</caption><thead><tr><th scope="col">{word("column.name")}</th>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="wide" tabindex="0" role="region" aria-label="{caption}">{table}</div>'


def _of_asset(row: TableRow) -> str:
    return f"{escape(row.asset)}: " if row.asset else ""


def _compare(data: ReportData, word: Words) -> str:
    return "".join(
        f'<section id="{name}"><h2>{word(f"{name}.title")}</h2><p>{word(f"{name}.text")}</p>{_table(word(f"{name}.caption"), rows, word)}</section>'
        for name, rows, least in (("compare", data.baselines, 1), ("ablation", data.ablation, 2))
        if len(rows) >= least
    )


def _findings(findings: Iterable[FindingRow], word: Words) -> str:
    rows = "".join(
        f'<tr><td class="text">{mark(min(f.weight, 0.99))} {escape(f.tag)}</td><td class="text">{word.sentence(f.evidence)}</td>'
        f'<td class="text">{word.sentence(f.consequence)}</td><td class="text">{word.sentence(f.suggestion)}</td></tr>'
        for f in findings
    )
    heads = "".join(
        f'<th scope="col" class="text">{word(key)}</th>' for key in ("tag", "data.evidence", "data.consequence", "data.suggestion")
    )
    body = f'<table class="stack"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>' if rows else f"<p>{word('data.none')}</p>"
    return f'<section id="data"><h2>{word("data.title")}</h2>{body}</section>'


def _card(data: ReportData, word: Words) -> str:
    rows = "".join(f"<dt>{word.known('card', name)}</dt><dd>{_card_value(name, value, word)}</dd>" for name, value in data.card)
    return f'<section id="card"><h2>{word("card.title")}</h2><p>{word("card.use")}</p><dl class="card-list">{rows}</dl></section>'


def _card_value(name: str, value: str | Sentence, word: Words) -> str:
    if isinstance(value, Sentence):
        return word.sentence(value)
    return word.known("method", value) if name == "chosen" else escape(value)
