"""The offline report: one HTML file that needs no server, made from `ReportData` in either language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from importlib.resources import files

from andon.plant.messages import say
from andon.plant.sentences import speak
from andon.plant.time import NS, format_duration
from andon.plant.time import zone as iana_zone
from andon.plant.verdict import Sentence
from andon.reporting import pictures
from andon.reporting.data import BudgetPanel, EventCard, FindingRow, QualityPanel, ReportData, TableRow
from andon.reporting.svg import number

SHOWN_TAGS = 4
LOWER_IS_BETTER = "lower"


def render(data: ReportData, language: str = "en", labels: tuple[tuple[int, int, str], ...] = ()) -> str:
    """The whole page.

    Parameters
    ----------
    data : what to show
    language : "en" or "zh-CN"
    labels : (start ms, end ms, note) of labelled periods, drawn as outlines in the timeline
    """
    word = _Words(language, data.zone)
    parts = [
        _head(data, word),
        _timelines(data, word, labels),
        _events(data, word),
        _budget(data.budget, word) if data.budget else "",
        *(_quality(panel, word) for panel in data.quality),
        _compare(data, word),
        _findings(data.findings, word),
        _card(data, word),
    ]
    style = (files("andon.plant") / "design" / "tokens.css").read_text(encoding="utf-8")
    style += (files("andon.reporting") / "assets" / "report.css").read_text(encoding="utf-8")
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
        f"<title>{escape(data.title)}</title><style>{style}</style></head><body>{pictures.HATCH}<main>{''.join(parts)}</main>"
        f"<footer>{word('footer')}</footer></body></html>"
    )


class _Words:
    """The catalogue in one language, the site's clock, and escaping, in one place."""

    def __init__(self, language: str, zone: str) -> None:
        self.language = language
        self.zone = zone
        self._where = iana_zone(zone)

    def __call__(self, key: str, **args: object) -> str:
        return escape(say(f"reporting.{key}", self.language, **args))

    def sentence(self, sentence: Sentence) -> str:
        """A sentence of any room, escaped."""
        return escape(self.plain(sentence))

    def plain(self, sentence: Sentence) -> str:
        """A sentence of any room."""
        return speak(sentence, self.language)

    def clock(self, ms: int) -> str:
        """Local date and time to the minute, with UTC on hover."""
        utc = datetime.fromtimestamp(ms / 1000, tz=UTC)
        local = utc.astimezone(self._where)
        return f'<time datetime="{utc:%Y-%m-%dT%H:%M:%SZ}" title="{utc:%Y-%m-%d %H:%M:%S} UTC">{local:%Y-%m-%d %H:%M}</time>'


def mark(severity: float) -> str:
    """Priority by colour, shape and number: square 1, triangle 2, diamond 3, circle 4."""
    level = 1 if severity >= 0.75 else 2 if severity >= 0.5 else 3 if severity >= 0.25 else 4
    shape = {
        1: '<rect x="1" y="1" width="12" height="12"/>',
        2: '<path d="M7,0.5L13.5,13H0.5Z"/>',
        3: '<path d="M7,0L14,7L7,14L0,7Z"/>',
        4: '<circle cx="7" cy="7" r="6"/>',
    }[level]
    return f'<svg class="mark" viewBox="0 0 14 14" role="img" aria-label="{level}" style="fill:var(--state-{level})">{shape}</svg><b>{level}</b>'


def _head(data: ReportData, word: _Words) -> str:
    sections = ["timeline", "events"] + (["budget"] if data.budget else []) + (["quality"] if data.quality else [])
    sections += (["compare"] if data.baselines or data.ablation else []) + ["data", "card"]
    nav = "".join(f'<a href="#{name}">{word(f"to.{name}")}</a>' for name in sections)
    sentences = "".join(f"<p>{word.sentence(s)}</p>" for s in data.verdict)
    made = word("made", when=data.made_at, version=data.version, model=data.model, zone=data.zone)
    return f'<header><h1>{escape(data.title)}</h1><p class="meta">{made}</p></header><div class="verdict">{sentences}</div><nav>{nav}</nav>'


def _figure(picture: str, caption: str = "") -> str:
    return f"<figure>{picture}" + (f"<figcaption>{caption}</figcaption>" if caption else "") + "</figure>" if picture else ""


def _timelines(data: ReportData, word: _Words, labels: tuple[tuple[int, int, str], ...]) -> str:
    title = word("timeline.title")
    rows = []
    for asset, lane in data.lanes.items():
        events = tuple(event for event in data.events if event.asset == asset)
        picture = pictures.timeline(lane, events, labels, data.zone, word.language, say("reporting.timeline.title", word.language))
        rows.append(_figure(picture, word("timeline.text", asset=asset)))
    return f'<section id="timeline"><h2>{title}</h2>{"".join(rows)}</section>'


def _events(data: ReportData, word: _Words) -> str:
    cards = "".join(_event(event, word) for event in data.events)
    if data.events:
        keys = (("measured", "line measured"), ("expected", "line expected"), ("band", "band"))
        legend = "".join(_legend(word(f"legend.{name}"), kind) for name, kind in keys)
        cards = f'<p class="legend">{legend}</p>{cards}'
    more = f'<p class="note">{word("events.more", count=data.events_left_out)}</p>' if data.events_left_out else ""
    body = cards + more if data.events else f"<p>{word('events.none')}</p>"
    return f'<section id="events"><h2>{word("events.title")}</h2>{body}</section>'


def _legend(text: str, kind: str) -> str:
    inner = f'<path class="{kind}" d="M0,5H22"/>' if kind != "band" else '<rect class="band" width="22" height="10"/>'
    return f'<span><svg viewBox="0 0 22 10" aria-hidden="true">{inner}</svg>{text}</span>'


def _event(event: EventCard, word: _Words) -> str:
    end = word.clock(event.end) if event.end else word("event.open")
    when = word("event.when", start="\0s", end="\0e", onset="\0o")
    when = when.replace("\0s", word.clock(event.start)).replace("\0e", end).replace("\0o", word.clock(event.onset))
    facts = [
        word("event.severity", value=f"{event.severity:.2f}"),
        word("event.view", view=say(f"reporting.view.{event.view}", word.language)),
    ]
    if event.label:
        facts.append(word("event.labelled", label=event.label))
    if event.quality_relevant is not None:
        facts.append(word("event.quality" if event.quality_relevant else "event.noquality"))
    moved = sorted((tag for tag in event.tags if tag.moved_at is not None), key=lambda tag: tag.moved_at or 0)
    order = ""
    if moved:
        named = " → ".join(f"{escape(tag.name)} ({_clock_only(word, tag.moved_at)})" for tag in moved)
        order = f'<p class="note">{word("event.order", order=chr(0))}</p>'.replace(chr(0), named)
    pictures_of_tags = "".join(_tag(tag, event, word) for tag in event.tags[:SHOWN_TAGS])
    return (
        f'<article class="card event" id="event-{event.id}"><header>{mark(event.severity)}<h3>{escape(event.asset)}</h3>'
        f'<span class="when">{when}</span></header><p class="sentence">{word.sentence(event.sentence)}</p>'
        f'<p class="note">{" · ".join(facts)}</p>{order}{_shares(event, word)}<div class="tags">{pictures_of_tags}</div></article>'
    )


def _clock_only(word: _Words, ms: int | None) -> str:
    return word.clock(ms)[:-7].rsplit(">", 1)[-1][11:] if ms is not None else ""


def _shares(event: EventCard, word: _Words) -> str:
    rows = []
    for tag in event.tags:
        kind = "negative" if tag.share < 0 else ""
        name = escape(tag.name) + (f' <span class="note">{escape(tag.group)}</span>' if tag.group else "")
        width = min(abs(tag.share), 1.0)
        rows.append(
            f'<div class="share"><span>{name}</span><span class="track"><i class="{kind}" style="width:{width:.1%}"></i></span><span>{tag.share:.0%}</span></div>'
        )
    return f'<p class="note">{word("event.shares")}</p>{"".join(rows)}' if rows else ""


def _tag(tag: object, event: EventCard, word: _Words) -> str:
    from andon.reporting.data import EventTag

    assert isinstance(tag, EventTag)
    unit = f" [{escape(tag.unit)}]" if tag.unit else ""
    picture = pictures.tag_picture(tag, event, word.zone, tag.name)
    caption = f"{escape(tag.name)}{unit}" + (f" · {escape(tag.tag)}" if tag.tag != tag.name else "")
    return f"<figure><figcaption>{caption}</figcaption>{picture}</figure>" if picture else ""


def _budget(panel: BudgetPanel, word: _Words) -> str:
    body = [f"<p>{word.sentence(s)}</p>" for s in panel.sentences]
    if panel.refused:
        body.append(f'<div class="card"><p>{word.sentence(panel.refused)}</p></div>')
    if panel.hours > 0:
        promised = word(
            "budget.promised",
            promise=panel.promise,
            hours=f"{panel.hours:,.0f}",
            expected=number(panel.expected),
            low=f"{panel.low:.0f}",
            high=f"{panel.high:.0f}",
        )
        observed = (
            word("budget.observed", observed=panel.observed)
            if panel.false_observed is None
            else word("budget.false", observed=panel.observed, false=panel.false_observed)
        )
        body.append(f"<p>{promised} {observed}</p>")
    if panel.moved:
        body.append(f'<div class="card"><p>{mark(0.6)} {word.sentence(panel.moved)}</p></div>')
    if len(panel.curve) > 1:
        found, delay, names = pictures.budget_curve(
            panel.curve, panel.per_week, word.language, say("reporting.budget.curve", word.language)
        )
        legend = "".join(_legend(escape(_fault_name(name, word)), f"line series-{index % 6}") for index, name in enumerate(names))
        body.append(f'<h3>{word("budget.curve")}</h3><p class="legend">{legend}</p>')
        body.append(_figure(found) + _figure(delay, word("budget.curve.text")))
    return f'<section id="budget"><h2>{word("budget.title")}</h2>{"".join(body)}</section>'


def _fault_name(name: str, word: _Words) -> str:
    try:
        return say(f"evidence.fault.{name}", word.language)
    except KeyError:
        return name


def _quality(panel: QualityPanel, word: _Words) -> str:
    text = word(
        "quality.text",
        chosen=panel.chosen, level=f"{panel.level:.0%}", coverage=_percent(panel.coverage), count=len(panel.points), width=number(panel.width),
        unit=panel.unit, rmse=number(panel.rmse), r2=number(panel.r2), refused=f"{panel.refused:.1%}",
        dead=format_duration(int(panel.dead_time_s * NS)) if panel.dead_time_s is not None else "–",
    )  # fmt: skip
    title = say("reporting.quality.title", word.language, target=panel.target)
    after = f"<p>{word('quality.afterwards', name=panel.better_afterwards)}</p>" if panel.better_afterwards else ""
    rows = [
        TableRow(
            str(row.get("name", "")),
            {k: v for k, v in row.items() if k != "name" and not isinstance(v, str)},
            row.get("name") == panel.chosen,
        )
        for row in panel.candidates
    ]
    table = _table(say("reporting.quality.candidates", word.language), rows, word)
    return (
        f'<section id="quality"><h2>{escape(title)}</h2><p>{text}</p>{after}{_figure(pictures.quality_run(panel, word.zone, title))}'
        f'<div class="tags">{_figure(pictures.parity(panel, title), word("quality.axis.lab") + " → · ↑ " + word("quality.axis.predicted"))}<div class="wide">{table}</div></div></section>'
    )


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _table(caption: str, rows: Sequence[TableRow], word: _Words) -> str:
    if not rows:
        return ""
    columns = list(dict.fromkeys(key for row in rows for key in row.figures))
    head = "".join(f"<th>{escape(_column(key, word))}</th>" for key in columns)
    body = "".join(
        f'<tr class="{"chosen" if row.chosen else ""}"><td>{escape(row.name)}{" · " + word("column.chosen") if row.chosen else ""}</td>'
        + "".join(f"<td>{number(row.figures.get(key))}</td>" for key in columns)
        + "</tr>"
        for row in rows
    )
    return f"<table><caption>{escape(caption)}</caption><thead><tr><th>{word('column.name')}</th>{head}</tr></thead><tbody>{body}</tbody></table>"


def _column(key: str, word: _Words) -> str:
    try:
        return say(f"reporting.column.{key}", word.language)
    except KeyError:
        return key.replace("_", " ")


def _compare(data: ReportData, word: _Words) -> str:
    parts = []
    if data.baselines:
        parts.append(
            f'<h2>{word("compare.title")}</h2><p>{word("compare.text")}</p><div class="wide">{_table("", data.baselines, word)}</div>'
        )
    if data.ablation:
        parts.append(
            f'<h2>{word("ablation.title")}</h2><p>{word("ablation.text")}</p><div class="wide">{_table("", data.ablation, word)}</div>'
        )
    return f'<section id="compare">{"".join(parts)}</section>' if parts else ""


def _findings(findings: Iterable[FindingRow], word: _Words) -> str:
    rows = "".join(
        f'<tr><td>{mark(min(f.weight, 0.99))} {escape(f.tag)}</td><td class="text">{word.sentence(f.evidence)}</td>'
        f'<td class="text">{word.sentence(f.consequence)}</td><td class="text">{word.sentence(f.suggestion)}</td></tr>'
        for f in findings
    )
    heads = "".join(f'<th class="text">{word(key)}</th>' for key in ("tag", "data.evidence", "data.consequence", "data.suggestion"))
    body = f'<table class="stack"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>' if rows else f"<p>{word('data.none')}</p>"
    return f'<section id="data"><h2>{word("data.title")}</h2>{body}</section>'


def _card(data: ReportData, word: _Words) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in data.card)
    return f'<section id="card"><h2>{word("card.title")}</h2><p>{word("card.use")}</p><dl class="card-list">{rows}</dl></section>'
