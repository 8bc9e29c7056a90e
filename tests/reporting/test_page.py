"""The report page: everything a plant types is escaped, both languages speak, nothing is fetched, size is bounded."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from andon.plant.verdict import Sentence
from andon.reporting import (
    BudgetPanel,
    CurvePoint,
    EventCard,
    EventTag,
    FindingRow,
    Lane,
    QualityPanel,
    QualityPoint,
    ReportData,
    TableRow,
    render,
)

HOSTILE = "<b>&\"'温度 °C</b>"
MINUTE = 60_000
START = 1_767_225_600_000


def sentence(text: str = "reporting.events.none") -> Sentence:
    return Sentence(text)


def example(name: str = HOSTILE) -> ReportData:
    """A report with every part filled."""
    time = tuple(START + k * MINUTE for k in range(300))
    wave = tuple(math.sin(k / 20) for k in range(300))
    tag = EventTag(
        name, name, "°C", "reactor", 0.7, time[120], time, wave, tuple(w * 0.9 for w in wave), tuple(w - 0.3 for w in wave), tuple(w + 0.3 for w in wave)
    )
    event = EventCard("ab12", name, time[100], time[120], time[150], time[200], 0.6, "level", sentence(), (tag, replace(tag, share=-0.2)), {}, name, True)
    curve = tuple(CurvePoint(w, {"step_4": 0.9, "drift_1d": 0.4 + w / 10}, {"step_4": 120.0 / w, "drift_1d": None}) for w in (0.5, 1.0, 2.0))
    points = tuple(QualityPoint(time[k], wave[k], wave[k] + 0.1, wave[k] - 0.1, wave[k] + 0.05 * (k % 7)) for k in range(0, 300, 5))
    return ReportData(
        title=name, zone="Europe/Berlin", made_at="2026-02-01", version="0.1.0", model="m", assets=(name,), verdict=(sentence(), sentence()),
        lanes={name: Lane(time, tuple(0.2 + abs(w) * 2 for w in wave[:-40]) + (None,) * 40, (0,) * 260 + (3,) * 40)},
        events=(event,), budget=BudgetPanel("1/week", 1.0, 500.0, 3.0, 0.0, 6.0, 2, 1, None, sentence(), (sentence(),), curve),
        quality=(QualityPanel(name, "mol %", "ridge", 0.9, 0.91, 0.3, 0.1, 0.9, 0.01, 900.0, points, ({"name": "ridge", "pinball": 0.1},), "pls"),),
        baselines=(TableRow("PCA", {"caught": 3.0, "missed": None}, True),), ablation=(TableRow("both", {"coverage": 0.9}),),
        findings=(FindingRow(name, 0.8, "stuck", sentence(), sentence(), sentence()),), card=(("data", name),), events_left_out=3,
    )  # fmt: skip


class Balance(HTMLParser):
    """Every tag that opens is closed in order."""

    VOID = frozenset({"meta", "br", "path", "rect", "circle"})

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in self.VOID or (tag in ("rect", "path") and False):
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        assert self.stack, f"</{tag}> closes nothing"
        assert self.stack.pop() == tag


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_page_is_well_formed_and_speaks_the_language(language: str) -> None:
    page = render(example(), language)
    parser = Balance()
    parser.feed(page)
    assert parser.stack == []
    assert f'<html lang="{language}"' in page
    assert ("Alarm budget" in page) == (language == "en")
    assert ("报警预算" in page) == (language == "zh-CN")


def test_what_a_plant_typed_is_text_never_markup() -> None:
    page = render(example(), "en")
    assert "<b>&" not in page
    assert "&lt;b&gt;&amp;&quot;&#x27;温度 °C&lt;/b&gt;" in page


def test_page_fetches_nothing_and_runs_nothing() -> None:
    page = render(example(), "en")
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!#)""", page)
    assert "url(http" not in page
    assert "default-src 'none'" in page


def test_every_section_of_the_navigation_exists() -> None:
    page = render(example(), "en")
    for target in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{target}"' in page


def test_an_empty_report_says_so() -> None:
    data = replace(example(), lanes={}, events=(), budget=None, quality=(), baselines=(), ablation=(), findings=(), card=(), events_left_out=0)
    page = render(data, "en")
    assert "No event opened in this period." in page
    assert "The audit found nothing that matters." in page


def test_a_year_of_minutes_stays_small() -> None:
    """The lane is decimated by whoever makes the data; 40 events of four tags with 400 points each stay under 3 MB."""
    data = example("reactor")
    tag = replace(data.events[0].tags[0], time=tuple(range(400)), **{k: tuple(math.sin(i) for i in range(400)) for k in ("value", "expected", "low", "high")})
    event = replace(data.events[0], tags=(tag,) * 4)
    page = render(replace(data, events=(event,) * 40), "en")
    assert len(page.encode()) < 3_000_000
