"""Every page in Chromium: accessible, nothing beyond the edge at 360, 1280 and 2560 px, no small text, in both languages and themes."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.console.conftest import Service
from tests.console.desk import signed_in

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

WILD = "<b>&\"'温度 °C</b>"
PAGES = {
    "overview": "/", "alarms": "/alarms", "shelved": "/alarms?state=shelved", "asset": "/assets/furnace-3", "wild asset": f"/assets/{quote(WILD, safe='')}",
    "case": "/cases/case-1", "budget": "/budget", "models": "/models", "data": "/data", "kpi": "/kpi", "handover": "/handover",
    "you": "/settings", "maintenance": "/settings/maintenance", "out": "/settings/out", "notifications": "/settings/notifications",
    "ledger": "/settings/ledger", "users": "/settings/users", "tokens": "/settings/tokens", "nowhere": "/no/such/page",
}  # fmt: skip
OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth;
  const scrolls = e => { for (let p = e.parentElement; p; p = p.parentElement) if (getComputedStyle(p).overflowX !== 'visible') return true; };
  const out = [...document.querySelectorAll('main *')].filter(e => {
    if (e.closest('svg') || e.closest('.visually-hidden') || scrolls(e)) return false;
    const r = e.getBoundingClientRect();
    return r.width > 0 && (r.right > wide + 0.5 || r.left < -0.5);
  }).map(e => e.tagName + '.' + e.className);
  return [document.documentElement.scrollWidth - wide, out];
}"""
SMALL = """() => {
  const found = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
    if (!walk.currentNode.textContent.trim() || s.display === 'none' || r.width < 2) continue;
    if (e.closest('svg.mark')) continue;
    if (parseFloat(s.fontSize) < 11) found.add(e.tagName + '.' + e.getAttribute('class') + ' ' + walk.currentNode.textContent.trim());
  }
  return [...found];
}"""
TARGETS = """() => [...document.querySelectorAll('button, select, a[href], input, [role=slider]')].filter(e => {
  const r = e.getBoundingClientRect(), s = getComputedStyle(e);
  if (r.width === 0 || s.visibility === 'hidden' || e.closest('.skip, .visually-hidden, p, dd, li.span') || e.matches('.skip, .tile h3 a')) return false;
  const box = e.closest('label') ? e.closest('label').getBoundingClientRect() : r;
  return e.matches('button, select, .places a, a.tab') && Math.max(r.height, box.height) < 43.5;
}).map(e => e.outerHTML.slice(0, 90))"""


def settle(page: Any) -> None:
    """Until nothing waits any more."""
    page.wait_for_function("() => !document.querySelector('.skeleton, .unready') && document.querySelector('h1')")
    page.wait_for_function("() => !document.querySelector('.lanes') || document.querySelectorAll('.lanes canvas').length > 2")


def visit(page: Any, path: str) -> None:
    """Go there as a link of the console goes: without loading anything again."""
    page.evaluate("path => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')); }", path)
    page.wait_for_function("() => document.querySelector('h1')")
    settle(page)


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh-CN", "dark")])
def test_axe_finds_nothing(browser: Any, service: Service, language: str, scheme: str) -> None:
    """Every page in both languages and both themes; the benchmark looks at all four pairs."""
    found = {}
    with signed_in(browser, service.url, "admin", language=language, scheme=scheme) as page:
        for name, path in PAGES.items():
            visit(page, path)
            results = axe.Axe().run(page)
            if results.violations_count:
                found[name] = results.generate_report()[:1500]
    assert found == {}


@pytest.mark.parametrize(("language", "widths"), [("en", (360, 1280, 2560)), ("zh-CN", (360,))])
def test_nothing_is_wider_than_the_page_or_too_small(browser: Any, service: Service, language: str, widths: tuple[int, ...]) -> None:
    wrong = {}
    with signed_in(browser, service.url, "admin", language=language) as page:
        for width in widths:
            page.set_viewport_size({"width": width, "height": 800})
            for name, path in PAGES.items():
                visit(page, path)
                beyond, where = page.evaluate(OVERFLOW)
                small = page.evaluate(SMALL)
                if beyond > 0 or where or small:
                    wrong[name, width] = beyond, where[:5], small[:5]
    assert wrong == {}


def test_a_finger_meets_what_it_aims_at(browser: Any, service: Service) -> None:
    wrong = {}
    with signed_in(browser, service.url, "admin", width=360, phone=True) as page:
        for name, path in PAGES.items():
            visit(page, path)
            small = page.evaluate(TARGETS)
            if small:
                wrong[name] = small[:5]
    assert wrong == {}


def test_axe_finds_nothing_on_a_phone_and_in_dialogs(browser: Any, service: Service) -> None:
    found = {}
    with signed_in(browser, service.url, "admin", width=360, phone=True) as page:
        for name in ("overview", "alarms", "asset", "case"):
            visit(page, PAGES[name])
            results = axe.Axe().run(page)
            if results.violations_count:
                found[name] = results.generate_report()[:1500]
    with signed_in(browser, service.url, "operator", at="/alarms") as page:
        page.wait_for_selector(".alarmrow")
        for name, keys in (("help", "?"), ("shelve", "js"), ("comment", "jc")):
            for key in keys:
                page.keyboard.press(key)
            page.wait_for_selector("dialog[open]")
            results = axe.Axe().run(page)
            if results.violations_count:
                found[name] = results.generate_report()[:1500]
            page.keyboard.press("Escape")
            page.wait_for_selector("dialog", state="detached")
    assert found == {}


def test_the_doors_are_accessible(browser: Any, service: Service) -> None:
    context = browser.new_context(base_url=service.url)
    page = context.new_page()
    for path in ("/", "/first-sign-in#first"):
        page.goto(path)
        page.wait_for_selector("h1")
        results = axe.Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
    context.close()
