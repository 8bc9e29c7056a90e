"""The page in a real browser: accessible, readable at 360 px, no text under 11 px, in both languages and themes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from andon.reporting import render
from tests.reporting.example import example

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll('body *')].filter(e => {
    if (e.closest('.wide') && !e.matches('.wide')) return false;
    const r = e.getBoundingClientRect();
    return r.width > 0 && (r.right > wide + 0.5 || r.left < -0.5) && !e.closest('svg');
  }).map(e => e.tagName + '.' + e.className);
  return [document.documentElement.scrollWidth - wide, out];
}"""
SMALL = """() => {
  const found = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
    if (!walk.currentNode.textContent.trim() || s.display === 'none' || r.width === 0) continue;
    const scale = e.closest('svg') ? e.getScreenCTM().a : 1;
    if (parseFloat(s.fontSize) * scale < 11) found.add(e.className + ' ' + walk.currentNode.textContent.trim());
  }
  return [...found];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("report")
    out = {}
    for language in ("en", "zh-CN"):
        out[language] = folder / f"{language}.html"
        labels = ((1_767_225_600_000 + 6_000_000, 1_767_225_600_000 + 9_000_000, "<i>"),)
        out[language].write_text(render(example(), language, labels), encoding="utf-8")
    return out


def opened(browser: Any, file: Path, width: int, scheme: str = "light") -> Any:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_axe_finds_nothing(browser: Any, files: dict[str, Path], language: str, scheme: str) -> None:
    page = opened(browser, files[language], 1280, scheme)
    # The page forbids scripts, its own and others': the check itself is let in through the browser's debugger.
    results = axe.Axe().run(page)
    page.close()
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("width", [360, 1280, 2560])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_nothing_is_wider_than_the_page(browser: Any, files: dict[str, Path], language: str, width: int) -> None:
    page = opened(browser, files[language], width)
    beyond, where = page.evaluate(OVERFLOW)
    page.close()
    assert (beyond, where) == (0, [])


@pytest.mark.parametrize("width", [360, 1280])
def test_no_text_is_smaller_than_11_px(browser: Any, files: dict[str, Path], width: int) -> None:
    page = opened(browser, files["en"], width)
    small = page.evaluate(SMALL)
    page.close()
    assert small == []


def test_nothing_is_asked_of_a_network(browser: Any, files: dict[str, Path]) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(files["en"].as_uri())
    page.close()
    assert asked == [files["en"].as_uri()]


def test_it_prints_to_a4_without_cutting_an_event(browser: Any, files: dict[str, Path]) -> None:
    page = opened(browser, files["en"], 1280)
    page.emulate_media(media="print")
    heights = page.evaluate("() => [...document.querySelectorAll('.card.event')].map(e => e.getBoundingClientRect().height)")
    broken = page.evaluate("() => [...document.querySelectorAll('.card.event')].map(e => getComputedStyle(e).breakInside)")
    printed = page.pdf(format="A4", print_background=True)
    page.close()
    assert printed[:5] == b"%PDF-"
    assert set(broken) == {"avoid"}
    assert max(heights) < 1000  # A4 less its margins is 1001 CSS pixels high
