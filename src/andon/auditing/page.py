"""The audit as one HTML file that needs no server: verdict, findings by weight with small plots, every tag at a glance."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files

import numpy as np

from andon.auditing.finding import WEIGHTY, Audit, Finding, Plot, TagStatistics, duration_text, instant_text, number_text
from andon.auditing.series import runs_of
from andon.plant.messages import say
from andon.plant.tag import Role

_WIDTH, _HEIGHT = 200, 48
_TAG_POINTS = 100  # columns of a small plot on the page
_SHOWN = 12  # light findings shown before the fold

# Colour, shape and word together: square, triangle, diamond, circle.
_SHAPES = (
    '<circle cx="7" cy="7" r="5" fill="var(--state-4)"/>',
    '<path d="M7 1l6 6-6 6-6-6z" fill="var(--state-3)"/>',
    '<path d="M7 1l6 12H1z" fill="var(--state-2)"/>',
    '<path d="M1 1h12v12H1z" fill="var(--state-1)"/>',
)


def audit_page(audit: Audit, language: str = "en") -> str:
    """The page of an audit.

    Parameters
    ----------
    audit : what to show
    language : "en" or "zh-CN"

    Returns
    -------
    str : a whole HTML document; nothing in it is fetched from elsewhere, and every name is escaped
    """
    title = _say("page.title", language, asset=audit.asset)
    weighty = [finding for finding in audit.findings if finding.weight >= WEIGHTY]
    verdict = _say("page.verdict-weighty", language, count=len(weighty)) if weighty else _say("page.verdict-clean", language)
    summary = _say(
        "page.summary", language, tags=len(audit.statistics), rows=f"{audit.rows:,}", start=instant_text(audit.start, audit.zone),
        end=instant_text(audit.end, audit.zone), interval=duration_text(audit.interval_ns),
    )  # fmt: skip
    return "".join(
        (
            f'<!doctype html>\n<html lang="{escape(language)}"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>\n<style>{_style()}</style></head>\n<body><main>\n",
            f'<h1>{escape(title)}</h1>\n<p class="lead">{escape(summary)}</p>\n<p class="verdict">{escape(verdict)}</p>\n',
            _findings(audit, language),
            _tags(audit, language),
            f"<footer>{escape(_say('page.footer', language, zone=audit.zone))}</footer>\n</main></body></html>\n",
        )
    )


def plot_svg(plot: Plot, label: str) -> str:
    """The band of a small plot as SVG; time that has no value is left white.

    Parameters
    ----------
    label : read to those who cannot see it
    """
    low, high = _columns(plot.low, np.fmin), _columns(plot.high, np.fmax)
    there = np.isfinite(low) & np.isfinite(high)
    path = ""
    if there.any():
        bottom, top = float(low[there].min()), float(high[there].max())
        scale = (_HEIGHT - 8) / (top - bottom) if top > bottom else 0.0
        foot = _HEIGHT - 4 if scale else _HEIGHT / 2
        lower, upper = foot - (low.astype(np.float64) - bottom) * scale, foot - (high.astype(np.float64) - bottom) * scale
        width = _WIDTH / len(low)
        for first, length in zip(*runs_of(there), strict=True):
            at = np.arange(first, first + length)
            # A stretch of one column is drawn as wide as the column.
            x = (at + 0.5) * width if length > 1 else np.array([first * width, (first + 1) * width])
            over, under = (upper[at], lower[at]) if length > 1 else (upper[at].repeat(2), lower[at].repeat(2))
            across = np.round(np.concatenate((x, x[::-1])), 1).tolist()
            down = np.round(np.concatenate((over, under[::-1])), 1).tolist()
            path += "M" + "L".join(f"{px:g} {py:g}" for px, py in zip(across, down, strict=True)) + "Z"
    return (
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{escape(label)}">'
        f'<path d="{path}"/></svg>'
    )


def _columns(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float32]], reduce: np.ufunc
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """At most 100 columns."""
    step = -(-len(values) // _TAG_POINTS)
    if step <= 1:
        return values
    edges = np.arange(0, len(values), step)
    return np.asarray(reduce.reduceat(values, edges), dtype=np.float32)


def _findings(audit: Audit, language: str) -> str:
    out = [f"<h2>{escape(_say('page.findings', language))}</h2>\n"]
    if not audit.findings:
        return out[0] + f"<p>{escape(_say('page.none', language))}</p>\n"
    rows = {row.tag: row for row in audit.statistics}
    lots = audit.alike()
    heavy = sum(lot[0].weight >= WEIGHTY for lot in lots)
    shown, rest = lots[: max(heavy, _SHOWN)], lots[max(heavy, _SHOWN) :]
    out.append('<ol class="findings">' + "".join(_finding(audit, lot, language, rows.get(lot[0].tag or "")) for lot in shown) + "</ol>\n")
    if rest:
        out.append(f"<details><summary>{escape(_say('page.more', language, count=len(rest)))}</summary>")
        out.append('<ol class="findings">' + "".join(_finding(audit, lot, language, None) for lot in rest) + "</ol></details>\n")
    return "".join(out)


def _finding(audit: Audit, lot: tuple[Finding, ...], language: str, row: TagStatistics | None) -> str:
    finding = lot[0]
    evidence, consequence, suggestion = (escape(text) for text in finding.texts(language))
    name = escape(finding.tag) if finding.tag is not None else escape(say("auditing.table.recording", language))
    level = _level(finding.weight)
    word = escape(_say(f"page.weight-{level}", language))
    mark = f'<span class="mark"><svg viewBox="0 0 14 14" aria-hidden="true">{_SHAPES[level]}</svg>{finding.weight:.2f} {word}</span>'
    picture = ""
    if row is not None:
        picture = f"<div>{_plot(audit, row, language)}</div>"
    others = ", ".join(item.tag or "" for item in lot[1:])
    also = f'<p class="also">{escape(_say("page.also", language, tags=others))}</p>' if others else ""
    told = "\n\n".join(item.toml for item in lot if item.toml)
    toml = f"<dt>{escape(_say('page.write', language))}</dt><dd><pre>{escape(told)}</pre></dd>" if told else ""
    return (
        f'<li class="finding"><header><h3>{name}</h3>{mark}</header><div class="body{" with-plot" if picture else ""}"><div><p>{evidence}</p>{also}'
        f"<dl><dt>{escape(_say('page.consequence', language))}</dt><dd>{consequence}</dd>"
        f"<dt>{escape(_say('page.suggestion', language))}</dt><dd>{suggestion}</dd>{toml}</dl></div>{picture}</div></li>\n"
    )


def _tags(audit: Audit, language: str) -> str:
    if not audit.statistics:
        return ""
    named = {finding.tag for finding in audit.findings}
    told = [row for row in audit.statistics if row.tag in named]
    quiet = [row for row in audit.statistics if row.tag not in named]
    out = [f'<h2>{escape(_say("page.tags", language))}</h2>\n<p class="lead">{escape(_say("page.tags-note", language))}</p>\n']
    if told:
        out.append('<ul class="tags">' + "".join(_tag(audit, row, language) for row in told) + "</ul>\n")
    if quiet:
        fold = "" if len(quiet) > 60 else " open"
        out.append(f"<details{fold}><summary>{escape(_say('page.quiet', language, count=len(quiet)))}</summary>")
        out.append('<ul class="tags">' + "".join(_tag(audit, row, language) for row in quiet) + "</ul></details>\n")
    return "".join(out)


def _tag(audit: Audit, row: TagStatistics, language: str) -> str:
    role = audit.suggestions[row.tag].tag.role if row.tag in audit.suggestions else Role.MEASURED
    unit = f" {row.unit}" if row.unit else ""
    facts = _say(
        "page.facts", language, covered=f"{row.covered:.1%}", spacing=duration_text(row.spacing_ns), median=number_text(row.median) + unit,
        sd=number_text(row.sd) + unit,
    )  # fmt: skip
    return (
        f'<li><div class="name"><b>{escape(row.tag)}</b><span>{escape(say(f"auditing.role.{role}", language))}</span></div>'
        f'{_plot(audit, row, language)}<p class="facts">{escape(facts)}</p></li>\n'
    )


def _plot(audit: Audit, row: TagStatistics, language: str) -> str:
    tag, plot = row.tag, audit.plots[row.tag]
    unit = f" {row.unit}" if row.unit else ""
    if row.valid == 0:
        return plot_svg(plot, _say("page.plot-empty", language, tag=tag))
    low, high = number_text(row.minimum) + unit, number_text(row.maximum) + unit
    label = _say("page.plot", language, tag=tag, low=low, high=high)
    return plot_svg(plot, label) + f'<div class="scale"><span>↓ {escape(low)}</span><span>↑ {escape(high)}</span></div>'


def _level(weight: float) -> int:
    """0 note, 1 light, 2 answer before training, 3 heavy."""
    return 3 if weight >= 0.75 else 2 if weight >= WEIGHTY else 1 if weight >= 0.25 else 0


def _say(key: str, language: str, **args: object) -> str:
    return say(f"auditing.{key}", language, **args)


@cache
def _style() -> str:
    tokens = (files("andon.plant") / "design" / "tokens.css").read_text(encoding="utf-8")
    return tokens + (files("andon.auditing") / "page.css").read_text(encoding="utf-8")
