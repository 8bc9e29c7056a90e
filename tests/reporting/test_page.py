"""The report page: everything a plant types is escaped, both languages speak, nothing is fetched, size is bounded."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from andon.reporting import Lane, render
from tests.reporting.example import HOSTILE, example


class Balance(HTMLParser):
    """Every tag that opens is closed in order."""

    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in self.VOID:
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
    assert HOSTILE not in page
    assert "<b>&amp;" not in page
    assert "°C&lt;/b&gt;" in page
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
    whole = example()
    data = replace(
        whole, lanes={}, events=(), budget=None, quality=(), baselines=(), ablation=(), findings=(), card=(), events_left_out=0, faults=()
    )
    page = render(data, "en")
    assert "No event opened in this period." in page
    assert "The audit found nothing that matters." in page
    for target in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{target}"' in page


def test_what_was_not_audited_is_not_called_sound() -> None:
    page = render(replace(example("reactor"), findings=(), audited=False), "en")
    assert 'id="data"' not in page
    assert 'href="#data"' not in page


def test_a_target_without_a_unit_leaves_no_gap() -> None:
    data = example("reactor")
    page = render(replace(data, quality=(replace(data.quality[0], unit=""),)), "en")
    assert "its mean width is 0.3. RMSE" in page


def test_a_lane_without_rows_is_no_picture() -> None:
    data = replace(example(), lanes={"a": Lane((), (), ())}, events=())
    assert "evidence-area" not in render(data, "en").partition("</style>")[2]


def test_missed_faults_stand_beside_caught_ones() -> None:
    page = render(example("reactor"), "en")
    table = page[page.index('id="faults"') : page.index('id="cards"')]
    assert "caught" in table
    assert "<b>missed</b>" in table
    assert "10min" in table
    assert "5min before" in table


def test_time_that_was_not_judged_is_told_with_its_reason() -> None:
    assert "13% of the time could not be judged: machine off 13%." in render(example("reactor"), "en")


def test_a_value_stands_beside_what_was_expected() -> None:
    """At the peak, tick 150: sin(7.5) = 0.938; expected 0.638 to 1.238, a range 0.6 wide, so two decimals."""
    assert "0.94 at the peak; expected 0.64 to 1.24" in render(example("reactor"), "en")


def test_names_of_the_code_are_spoken() -> None:
    page = render(example("reactor"), "zh-CN")
    for text in ("滞后岭回归", "偏最小二乘（PLS）", "发现的故障", "训练数据指纹", "Andon · 选定"):
        assert text in page
    assert "training data" not in page
    assert "pinball" not in page.lower()


def test_the_promise_is_marked_on_every_curve() -> None:
    data = example("reactor")
    assert data.budget is not None
    faults = {name for point in data.budget.curve for name in point.found}
    page = render(data, "en")
    body = page[page.index('id="budget"') : page.index('id="quality"')]
    assert body.count('class="promise" d="M') == 2 * len(faults) + 1  # found and delay of each, and the legend
    assert "a 4σ step" in body
    assert "now: 90% found; median delay 2min" in body


def test_a_year_of_minutes_stays_small() -> None:
    """The lane is decimated by whoever makes the data; 40 events of four tags with 400 points each stay under 3 MB."""
    data = example("reactor")
    wave = tuple(math.sin(i) for i in range(400))
    tag = replace(data.events[0].tags[0], time=tuple(range(400)), value=wave, expected=wave, low=wave, high=wave)
    event = replace(data.events[0], tags=(tag,) * 4)
    page = render(replace(data, events=(event,) * 40), "en")
    assert len(page.encode()) < 3_000_000
