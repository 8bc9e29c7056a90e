"""The console in Chromium: five million points panned and zoomed, 5,000 alarms scrolled, first view, size of the script, axe on all pages.

python -m benchmarks.console [--quick] [--mock] [--url ADDRESS --user NAME --password PASSWORD --asset ASSET]

It starts `andon serve` on a plant that it makes: one asset with 60 days of five tags and of verdicts at 1 Hz (5.2 million points a tag) and
5,000 open alarms; with `--quick` six days. `--mock` uses the mock service of `console/mock` instead, `--url` a service that is there.
`pan_ms` and `zoom_ms` are what the browser saw from request to last byte, so they hold the service's time and the loopback's: medians on the
way from the whole past to ten minutes, never twice the same stretch, since an answer that did not change is not sent again.
Beside the frames stand those of an empty page, moved by nothing: what this machine lets a browser without a graphics card reach.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
BUILT = ROOT / "src" / "andon" / "service" / "console"
DAYS, ALARMS = 60, 5000
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
PAGES = ["/", "/alarms", "/assets/{asset}", "/cases/{case}", "/budget", "/models", "/data", "/kpi", "/handover", "/settings",
         "/settings/maintenance", "/settings/out", "/settings/notifications", "/settings/ledger", "/settings/users", "/settings/tokens"]  # fmt: skip
WATCH = """() => { window.trends = []; new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (entry.name.includes('/trend?')) window.trends.push(entry.responseEnd - entry.requestStart);
}).observe({ type: 'resource' }); }"""
# Moves the time by a little at each frame, as a hand would, and counts the frames that came.
PAN = """seconds => new Promise(done => {
  const lane = document.querySelector('.plot'), box = lane.getBoundingClientRect(), times = [];
  const began = performance.now();
  const step = at => {
    times.push(at);
    const back = Math.sin((performance.now() - began) / 400) * 40;
    lane.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, deltaX: back, deltaY: 0, clientX: box.left + 300, clientY: box.top + 20 }));
    if (performance.now() - began < 1000 * seconds) requestAnimationFrame(step); else done(times);
  };
  requestAnimationFrame(step);
})"""
SCROLL = """seconds => new Promise(done => {
  const list = document.querySelector('.gridbody'), times = [];
  const began = performance.now();
  const step = at => {
    times.push(at);
    list.scrollTop += 23;
    if (performance.now() - began < 1000 * seconds) requestAnimationFrame(step); else done(times);
  };
  requestAnimationFrame(step);
})"""
EMPTY = """seconds => new Promise(done => {
  const times = [], began = performance.now();
  const step = at => {
    times.push(at);
    if (performance.now() - began < 1000 * seconds) requestAnimationFrame(step); else done(times);
  };
  requestAnimationFrame(step);
})"""
ZOOMS = 13
"""Of a half each: from 60 days to ten minutes."""
FIRST = """() => new Promise(done => {
  const look = () => document.querySelector('.tile') ? requestAnimationFrame(() => done(performance.now())) : requestAnimationFrame(look);
  look();
})"""


@contextmanager
def mock() -> Iterator[str]:
    """The mock service with the large recording; its address."""
    command = [sys.executable, str(ROOT / "console/mock/server.py"), "--port", "0", "--alarms", str(ALARMS), "--days", str(DAYS)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT / "src")})
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


@contextmanager
def real(options: argparse.Namespace) -> Iterator[str]:
    """A service with a long past; its address."""
    from benchmarks.live.folder import PASSWORD, USER
    from benchmarks.live.long_recording import ASSET, make_long, small_model
    from benchmarks.live.process import Service

    with tempfile.TemporaryDirectory() as name:
        began = time.monotonic()
        folder = make_long(Path(name), small_model(), DAYS / 10 if options.quick else DAYS, ALARMS)
        print(f"the past is made in {time.monotonic() - began:.0f} s", flush=True)
        service = Service(folder)
        options.user, options.password, options.asset = USER, PASSWORD, ASSET
        try:
            if not service.address:
                sys.exit((folder.path / "service.log").read_text())
            yield service.address.rstrip("/")
        finally:
            service.stop()


def frames_per_second(times: list[float]) -> tuple[float, float]:
    """Mean rate of frames, and the rate that nineteen of twenty frames keep."""
    gaps = sorted(b - a for a, b in pairwise(times))
    return 1000 * len(gaps) / (times[-1] - times[0]), 1000 / gaps[int(0.95 * (len(gaps) - 1))]


def script_kb() -> float:
    """All scripts of the build together, gzip at its best."""
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in BUILT.rglob("*.js")) / 1000


def asked(page: Any, key: str) -> float:
    """Time of the request for a trend that a key causes, in ms."""
    page.evaluate("() => { window.trends.length = 0; }")
    page.keyboard.press(key)
    page.wait_for_function("() => window.trends.length > 0", timeout=20_000)
    return float(max(page.evaluate("() => window.trends")))


def way_down(page: Any) -> tuple[list[float], list[float]]:
    """Times of pans and of zooms from the whole past down to minutes, in ms."""
    pans, zooms = [], []
    for _ in range(ZOOMS):
        pans.append(asked(page, "ArrowLeft"))
        zooms.append(asked(page, "+"))
    return pans, zooms


def axe(browser: Any, url: str, sign_in: Any, asset: str, case: str) -> tuple[int, int]:
    """Violations on every page in both languages and both themes, and how many pages were looked at."""
    from axe_playwright_python.sync_playwright import Axe

    found = looked = 0
    for language in ("en", "zh-CN"):
        for scheme in ("light", "dark"):
            context = browser.new_context(base_url=url, color_scheme=scheme, viewport={"width": 1280, "height": 800})
            sign_in(context, language)
            page = context.new_page()
            for path in PAGES:
                page.goto(path.replace("{asset}", asset).replace("{case}", case))
                page.wait_for_selector("h1")
                page.wait_for_function("() => !document.querySelector('.skeleton, .unready')", timeout=20_000)
                results = Axe().run(page)
                looked += 1
                found += results.violations_count
                if results.violations_count:
                    print(f"{path} {language} {scheme}: {results.generate_report()}")
            context.close()
    return found, looked


def main() -> None:
    """Print a table and, last, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="not needed here")
    parser.add_argument("--url", help="a running service")
    parser.add_argument("--mock", action="store_true", help="the mock service")
    parser.add_argument("--user", default="admin")
    parser.add_argument("--password", default="andon")
    parser.add_argument("--asset", default="furnace-3")
    parser.add_argument("--quick", action="store_true", help="fewer turns, no axe")
    options = parser.parse_args()
    if options.url:
        print(json.dumps(measure(options.url, options)))
        return
    if not (BUILT / "index.html").exists():
        sys.exit("the console is not built: make console")
    with mock() if options.mock else real(options) as url:
        print(json.dumps(measure(url, options)))


def measure(url: str, options: argparse.Namespace) -> dict[str, object]:
    """All figures; prints them as they come."""
    import shutil

    from playwright.sync_api import sync_playwright

    asset = quote(options.asset, safe="")
    turns, seconds = (3, 1.5) if options.quick else (9, 4.0)

    def sign_in(context: Any, language: str = "en") -> None:
        answer = context.request.post("/api/v1/sign-in", data=json.dumps({"user": options.user, "password": options.password}))
        csrf = {"X-CSRF-Token": answer.json()["csrf"]}
        context.request.put("/api/v1/session/language", data=json.dumps({"language": language}), headers=csrf)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGS)
        context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 800})
        sign_in(context)
        page = context.new_page()

        first = []
        for _ in range(turns):
            page.goto("/", wait_until="commit")
            first.append(page.evaluate(FIRST))
        first_view = statistics.median(first)
        print(
            f"first view of the overview          {first_view:8.0f} ms (median of {turns}, the least {min(first):.0f}; to reach: under 1,000)"
        )

        page.goto(f"/assets/{asset}")
        page.wait_for_selector(".lanes canvas", timeout=60_000)
        page.evaluate(WATCH)
        page.get_by_role("button", name="Campaign").click()
        page.wait_for_function("() => window.trends.length > 0", timeout=60_000)
        time.sleep(1)
        pans, zooms = way_down(page)
        pan, zoom = statistics.median(pans), statistics.median(zooms)
        print(
            f"pan, from the whole past to minutes {pan:8.1f} ms from request to last byte, the longest {max(pans):.1f} (to reach: under 100)"
        )
        print(f"zoom, the same                      {zoom:8.1f} ms, the longest {max(zooms):.1f} (to reach: under 100)")
        page.get_by_role("button", name="Campaign").click()
        page.wait_for_timeout(1500)
        fps, fps_95 = frames_per_second(page.evaluate(PAN, seconds))
        print(f"frames while panning                {fps:8.1f} a second; 95 of 100 keep {fps_95:.0f} (to reach: 60)")

        rows = context.request.get("/api/v1/alarms?limit=1").json()["rows"]
        case = quote(rows[0]["case"], safe="") if rows else "none"
        page.goto("/alarms")
        page.wait_for_selector(".alarmrow")
        scroll, scroll_95 = frames_per_second(page.evaluate(SCROLL, seconds))
        print(f"frames while scrolling the alarms   {scroll:8.1f} a second; 95 of 100 keep {scroll_95:.0f} (to reach: 60)")
        page.goto("about:blank")
        empty, empty_95 = frames_per_second(page.evaluate(EMPTY, seconds))
        print(f"frames of an empty page             {empty:8.1f} a second; 95 of 100 keep {empty_95:.0f}")
        context.close()

        size = script_kb()
        print(f"script, all of it, gzip             {size:8.1f} kB (to reach: at most 150)")
        violations: int | None = None
        if not options.quick:
            violations, looked = axe(browser, url, sign_in, asset, case)
            print(f"axe on {looked} pages                    {violations:8d} violations (to reach: 0)")
        browser.close()
    load = os.getloadavg()[0]
    print(f"load of the machine meanwhile       {load:8.1f}")
    return {
        "pan_ms": round(pan, 1), "zoom_ms": round(zoom, 1), "pan_worst_ms": round(max(pans), 1), "zoom_worst_ms": round(max(zooms), 1), "fps": round(fps, 1), "scroll_fps": round(scroll, 1),
        "fps_95": round(fps_95, 1), "scroll_fps_95": round(scroll_95, 1), "empty_page_fps": round(empty, 1), "script_kb_gzip": round(size, 1), "axe_violations": violations,
        "first_view_ms": round(first_view), "service": "given" if options.url else "mock" if options.mock else "real", "load": round(load, 1),
    }  # fmt: skip


if __name__ == "__main__":
    main()
