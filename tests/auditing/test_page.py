"""The audit page."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest

from andon.auditing import Plot, audit, audit_page
from andon.auditing.page import plot_svg
from andon.plant.recording import Recording
from tests.auditing.signals import ar, recording, times

NASTY = "<b>&\"'温度 °C</b>"
VOID = {"meta", "circle", "path", "br", "link", "img"}


class Outline(HTMLParser):
    """Checks that tags nest, and collects what stands in the page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def outline(page: str) -> Outline:
    parser = Outline()
    parser.feed(page)
    assert not parser.open
    return parser


def ill() -> Recording:
    x = ar(3000, 0.9, 1, 4)
    x[:, 1] = np.arange(3000)
    x[:, 2] = np.nan
    x[700:1500, 0] = x[700, 0]
    return Recording.from_arrays(NASTY, [NASTY, "count", "gone", "well"], times(3000), x)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_page_is_whole_escaped_and_needs_nothing_else(language: str) -> None:
    page = audit_page(audit(ill()), language)
    parser = outline(page)
    assert NASTY in parser.text
    assert "<b>" not in page.replace("<b>gone</b>", "").replace("<b>count</b>", "").replace("<b>well</b>", "").replace("<b>&lt;b&gt;", "")
    assert not [attributes for _, attributes in parser.seen if {"src", "href", "onload"} & set(attributes)]
    assert "http" not in page.replace("http-equiv", "")
    assert "url(" not in page
    assert dict(parser.seen[0][1])["lang"] == language


def test_every_finding_and_every_tag_is_there() -> None:
    result = audit(ill())
    parser = outline(audit_page(result))
    for finding in result.findings:
        for text in (*finding.texts(), finding.toml):
            assert text in parser.text
    pictures = [attributes for tag, attributes in parser.seen if tag == "svg" and attributes.get("role") == "img"]
    assert len(pictures) >= 4
    assert all(attributes["aria-label"] for attributes in pictures)


def test_state_is_colour_shape_and_word() -> None:
    page = audit_page(audit(ill()))
    assert "var(--state-1)" in page
    assert "heavy" in page
    assert "M1 1h12v12H1z" in page


def test_a_clean_recording_says_so() -> None:
    page = audit_page(audit(recording(ar(3000, 0.9, 1, 2))))
    assert "can be trained on as it is" in outline(page).text


def test_an_empty_recording_has_a_page() -> None:
    outline(audit_page(audit(recording(np.zeros((0, 2))))))


def test_a_thousand_tags_stay_below_three_megabytes() -> None:
    few, more = (len(audit_page(audit(recording(ar(600, 0.9, 1, tags)))).encode()) for tags in (50, 150))
    assert few + 9.5 * (more - few) < 3_000_000


def test_missing_time_is_left_white() -> None:
    low = np.array([1, 2, np.nan, 4], dtype=np.float32)
    svg = plot_svg(Plot(0, 4, low, low + 1), "x")
    assert svg.count("M") == 2
    assert "nan" not in svg
