"""Events: one list in plain words, then a card for each with the tags that matter against what was expected."""

from __future__ import annotations

from html import escape

from andon.reporting import pictures
from andon.reporting.data import EventCard, EventTag, ReportData
from andon.reporting.svg import alike
from andon.reporting.words import Words, duration

SHOWN_TAGS = 4
TEXT = ' class="text"'


def mark(severity: float) -> str:
    """Priority by colour, shape and number: square 1, triangle 2, diamond 3, circle 4."""
    level = pictures.priority(severity)
    shape = {
        1: '<rect x="1" y="1" width="12" height="12"/>',
        2: '<path d="M7,0.5L13.5,13H0.5Z"/>',
        3: '<path d="M7,0L14,7L7,14L0,7Z"/>',
        4: '<circle cx="7" cy="7" r="6"/>',
    }[level]
    return f'<span class="mark"><svg viewBox="0 0 14 14" aria-hidden="true" style="fill:var(--state-{level})">{shape}</svg><b>{level}</b></span>'


def list_section(data: ReportData, word: Words) -> str:
    """One list of events in plain words, or that nothing happened."""
    title = f"<h2>{word('events.title')}</h2>"
    if not data.events:
        return f'<section id="events">{title}<p>{word("events.none")}</p></section>'
    more = f'<p class="note">{word("events.more", count=data.events_left_out)}</p>' if data.events_left_out else ""
    return f'<section id="events">{title}{_list(data, word)}{more}</section>'


def cards_section(data: ReportData, word: Words) -> str:
    """A card for each event."""
    if not data.events:
        return ""
    legend = "".join(legend_item(word(f"legend.{name}"), name) for name in ("measured", "expected", "band", "moved", "event"))
    cards = "".join(_card(event, word, several=len(data.assets) > 1) for event in data.events)
    return f'<section id="cards"><h2>{word("cards.title")}</h2><p class="legend">{legend}</p><div class="cards">{cards}</div></section>'


def legend_item(text: str, kind: str) -> str:
    """A sample of a mark with its name."""
    inner = {
        "band": '<rect class="band" width="22" height="10"/>',
        "event": '<rect class="key-event" width="22" height="10"/>',
        "labelled": '<rect class="key-labelled" x="1" y="1" width="20" height="8"/>',
        "cannot": '<path class="key-cannot" d="M0,10L10,0M6,10L16,0M12,10L22,0"/>',
        "moved": '<path class="moved" d="M11,0V10"/>',
        "promise": '<path class="promise" d="M11,0V10"/>',
        "dot": '<path class="dot" d="M11,5h0"/>',
        "out": '<path class="dot out" d="M11,5h0"/>',
    }.get(kind, f'<path class="line {kind}" d="M0,5H22"/>')
    return f'<span><svg viewBox="0 0 22 10" aria-hidden="true">{inner}</svg>{text}</span>'


def _list(data: ReportData, word: Words) -> str:
    several = len(data.assets) > 1
    rows = []
    for event in sorted(data.events, key=lambda item: item.start):
        asset = f'<td class="text">{escape(event.asset)}</td>' if several else ""
        lasted = duration((event.end - event.start) / 1000) if event.end is not None else word("event.open")
        rows.append(
            f'<tr><td class="text">{mark(event.severity)}</td>{asset}<td class="text when">{word.clock(event.start)}</td>'
            f'<td class="when">{lasted}</td><td class="text what"><a href="#event-{escape(event.id, quote=True)}">{word.sentence(event.sentence)}</a>'
            f"{_note(event, word)}</td></tr>"
        )
    columns = ["priority", *(["asset"] if several else []), "start", "lasted", "what"]
    head = "".join(f'<th scope="col"{"" if name == "lasted" else TEXT}>{word(f"events.{name}")}</th>' for name in columns)
    return f'<table class="stack list"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _note(event: EventCard, word: Words) -> str:
    return f' <span class="note label">{word("event.labelled", label=event.label)}</span>' if event.label else ""


def _card(event: EventCard, word: Words, *, several: bool) -> str:
    when = word("event.when", span="\0s", onset="\0o")
    when = when.replace("\0s", word.span(event.start, event.end)).replace("\0o", word.later(event.onset, event.start))
    facts = [word("event.severity", value=f"{event.severity:.2f}"), word("event.view", view=word.plain(f"view.{event.view}"))]
    if event.label:
        facts.append(word("event.labelled", label=event.label))
    if event.quality_relevant is not None:
        facts.append(word("event.quality" if event.quality_relevant else "event.noquality"))
    figures = "".join(_tag(tag, event, word) for tag in event.tags[:SHOWN_TAGS])
    asset = f"<b>{escape(event.asset)}</b>" if several else ""
    return (
        f'<article class="card event" id="event-{escape(event.id, quote=True)}"><h3>{mark(event.severity)} {word.sentence(event.sentence)}</h3>'
        f'<p class="when">{asset} {when}</p><p class="note">{" · ".join(facts)}</p>{_order(event, word)}{_shares(event, word)}'
        f'<div class="tags">{figures}</div></article>'
    )


def _order(event: EventCard, word: Words) -> str:
    """Which tag left its range first."""
    moved = sorted((tag.moved_at, tag.name) for tag in event.tags if tag.moved_at is not None)
    if not moved:
        return ""
    named, before = [], event.start
    for at, name in moved:
        named.append(f"{escape(name)} ({word.later(at, before)})")
        before = at
    return f'<p class="note">{word("event.order", order=chr(0)).replace(chr(0), " → ".join(named))}</p>'


def _shares(event: EventCard, word: Words) -> str:
    rows = []
    for tag in event.tags:
        kind = ' class="negative"' if tag.share < 0 else ""
        name = escape(tag.name) + (f' <span class="note">{escape(tag.group)}</span>' if tag.group else "")
        width = min(abs(tag.share), 1.0)
        bar = f'<span class="track"><i{kind} style="width:{width:.1%}"></i></span>'
        rows.append(f'<div class="share"><span>{name}</span>{bar}<span class="percent">{tag.share:.0%}</span></div>')
    return f'<p class="note">{word("event.shares")}</p>{"".join(rows)}' if rows else ""


def _tag(tag: EventTag, event: EventCard, word: Words) -> str:
    picture = pictures.tag_picture(tag, event, word.zone, word.language, tag.name)
    if not picture:
        return ""
    unit = f" [{escape(tag.unit)}]" if tag.unit else ""
    id_ = f' <span class="id">{escape(tag.tag)}</span>' if tag.tag != tag.name else ""
    return f"<figure><figcaption><b>{escape(tag.name)}</b>{unit}{id_}{_at_peak(tag, event, word)}</figcaption>{picture}</figure>"


def _at_peak(tag: EventTag, event: EventCard, word: Words) -> str:
    """The value where the evidence was greatest, with what was expected there."""
    rows = [k for k, v in enumerate(tag.value) if v is not None and tag.low[k] is not None and tag.high[k] is not None]
    if not rows:
        return ""
    at = min(rows, key=lambda k: abs(tag.time[k] - event.peak))
    value, low, high = alike((tag.value[at], tag.low[at], tag.high[at]), (tag.high[at] or 0.0) - (tag.low[at] or 0.0))
    return f'<br><span class="note">{word("event.peak", value=value, low=low, high=high)}</span>'
