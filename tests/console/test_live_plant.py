"""The console on a plant that runs: `andon serve`, a real broker, a real browser; from the one-time link to the ledger."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.console.live_plant import ASSET, FAULT, ROWS, SISTER, LivePlant, live_plant
from tests.console.test_looks import OVERFLOW, SMALL, visit
from tests.reading.links.broker import needs_broker
from tests.small_plant import Line

pytest.importorskip("litestar", reason="needs the serve extra")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
pytestmark = needs_broker

USER, PASSWORD = "mei", "the furnace hums quietly"
CASE = "the case"
PAGES = (
    "/", "/alarms", "/alarms?state=all", f"/assets/{ASSET}", f"/assets/{quote(SISTER, safe='')}", CASE, "/budget", "/models", "/data", "/kpi",
    "/handover", "/settings", "/settings/maintenance", "/settings/out", "/settings/notifications", "/settings/ledger", "/settings/users",
    "/settings/tokens",
)  # fmt: skip
FLAGS = "() => { window.violations = []; document.addEventListener('securitypolicyviolation', e => window.violations.push(e.violatedDirective)); }"


@pytest.fixture(scope="module")
def plant(built: None, line: Line, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivePlant]:
    with live_plant(tmp_path_factory.mktemp("live"), line) as made:
        made.bring(0, FAULT)
        yield made


@pytest.fixture(scope="module")
def page(browser: Any, plant: LivePlant) -> Iterator[Any]:
    """The first administrator's page; whatever went wrong in it fails the module at its end."""
    context = browser.new_context(base_url=plant.url, locale="en-GB", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(40_000)
    context.add_init_script(f"({FLAGS})()")
    made = context.new_page()
    wrong: list[str] = []
    made.on("pageerror", lambda error: wrong.append(str(error)))

    def ran(dialog: Any) -> None:
        wrong.append(f"a script ran: {dialog.message}")
        dialog.dismiss()

    made.on("dialog", ran)
    made.goto(f"/first-sign-in#{plant.link}")
    made.get_by_label("Name").fill(USER)
    made.get_by_label("Password", exact=True).fill(PASSWORD)
    made.get_by_label("Password once more").fill(PASSWORD)
    made.keyboard.press("Enter")
    made.wait_for_selector(".tile")
    yield made
    violated = made.evaluate("() => window.violations")
    context.close()
    assert (wrong, violated) == ([], [])


def let_in(page: Any, row: Any) -> None:
    """Wait for a row, without a reload: what comes while a list is read waits behind a button."""
    new = page.locator("button", has_text="new ↑")
    new.or_(row).first.wait_for()
    deadline = time.monotonic() + 30
    while not row.count() and time.monotonic() < deadline:
        if new.count():
            new.click()
        page.wait_for_timeout(100)
    row.first.wait_for()


def an_alarm_comes_through_the_broker_and_a_shift_works_with_it(page: Any, plant: LivePlant) -> None:
    page.wait_for_selector(".link.live")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.get_by_role("heading", name="Alarms").wait_for()
    plant.bring(FAULT, ROWS)
    row = page.locator(".alarmrow:has(.mark.p1)", has_text="Furnace 3").filter(has_text="PIC-101")
    let_in(page, row)
    row.first.focus()
    page.keyboard.press("a")
    row.filter(has_text=f"acknowledged, {USER}").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Case of Furnace 3").wait_for()
    assert page.locator("ol", has_text="Compare with the gauge at the furnace <script>alert(1)</script>").count() == 1
    page.keyboard.press("c")
    page.get_by_label("What should the others know?").wait_for()
    page.keyboard.type("<img src=x onerror=alert(1)> looked at the valve")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog", state="detached")
    page.get_by_text("<img src=x onerror=alert(1)> looked at the valve").first.wait_for()
    page.keyboard.press("f")
    page.locator(".facts", has_text="false").wait_for()
    page.keyboard.press("s")
    page.get_by_label("Reason").wait_for()
    page.keyboard.type("gauge is being changed")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog", state="detached")
    visit(page, "/alarms?state=shelved")
    let_in(page, page.locator(".alarmrow", has_text="Furnace 3"))  # the list may be asked for before the act is done
    assert "left" in page.locator(".alarmrow", has_text="Furnace 3").inner_text()


def the_slider_shows_what_a_promise_costs_and_another_is_made(page: Any) -> None:
    visit(page, "/budget")
    slider = page.get_by_role("slider")
    slider.wait_for()
    before = page.locator(".would").inner_text(), page.locator("table").inner_text()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert (page.locator(".would").inner_text(), page.locator("table").inner_text()) != before, "at once"
    page.locator("button.first", has_text="Promise").click()
    page.get_by_label("Why").fill("night shift is alone")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog", state="detached")
    page.locator(".notices p", has_text="Furnaces promises").wait_for()


def a_tag_is_taken_out_and_all_of_it_stands_in_the_ledger(page: Any) -> None:
    visit(page, f"/assets/{ASSET}")
    page.get_by_label("Take Furnace pressure out of service").click()
    page.get_by_label("Why").fill("calibration")
    page.keyboard.press("Enter")
    visit(page, "/settings/out")
    page.locator(".entries", has_text="PIC-101").wait_for()
    visit(page, "/settings/ledger")
    ledger = page.locator(".ledger")
    for what in (
        "first-administrator",
        "event-opened",
        "act: acknowledge",
        "act: comment",
        "mark: false",
        "act: shelve",
        "budget-set",
        "tag-out",
    ):
        ledger.locator("li", has_text=what).first.wait_for()
    page.get_by_text("The chain is whole").wait_for()


def every_page_is_accessible_in_chinese_and_dark_and_fits_a_phone(page: Any, plant: LivePlant) -> None:
    visit(page, "/alarms?state=all")
    case = page.locator(".alarmrow .text a").first.get_attribute("href")
    visit(page, "/settings")
    page.get_by_label("Language", exact=True).select_option("zh-CN")
    page.get_by_role("heading", name="设置").wait_for()
    page.emulate_media(color_scheme="dark")
    found = {}
    for path in PAGES:
        visit(page, case if path == CASE else path)
        assert page.locator(".refusal").count() == 0, (path, page.locator(".refusal").all_inner_texts())
        results = axe.Axe().run(page)
        if results.violations_count:
            found[path] = results.generate_report()[:1500]
        page.set_viewport_size({"width": 360, "height": 740})
        beyond, where = page.evaluate(OVERFLOW)
        small = page.evaluate(SMALL)
        page.set_viewport_size({"width": 1280, "height": 800})
        if beyond > 0 or where or small:
            found[f"{path} at 360"] = str((beyond, where[:5], small[:5]))
    page.emulate_media(color_scheme="light")
    visit(page, "/settings")
    page.get_by_label("语言", exact=True).select_option("en")
    page.get_by_role("heading", name="Settings").wait_for()
    assert found == {}, "\n".join(f"{path}: {told}" for path, told in found.items())


def a_message_that_cannot_be_read_is_shown_as_text(page: Any, plant: LivePlant) -> None:
    plant.say("plant/7/data", '{"time": "<script>alert(2)</script>"}')
    visit(page, "/data")
    page.locator(".letters li", has_text="<script>alert(2)</script>").first.wait_for()
    assert page.locator("main script").count() == 0


def a_service_that_is_killed_is_missed_and_met_again(page: Any, plant: LivePlant) -> None:
    visit(page, "/alarms?state=all")
    page.locator(".alarmrow").first.wait_for()
    count = page.locator(".alarmrow").count()
    plant.stop(signal.SIGKILL)
    banner = page.locator(".banner.gone")
    banner.wait_for()
    assert "The link to the service is gone since" in banner.inner_text()
    assert page.locator(".alarmrow").count() == count, "what was seen stays"
    plant.serve()
    page.wait_for_selector(".link.live")
    banner.wait_for(state="detached")
    visit(page, "/alarms?state=shelved")
    page.locator(".alarmrow", has_text="Furnace 3").wait_for()


def test_a_shift_from_the_one_time_link_to_the_ledger(page: Any, plant: LivePlant) -> None:
    """One plant, one person, one order: each step stands on what the one before did, whichever worker runs it."""
    an_alarm_comes_through_the_broker_and_a_shift_works_with_it(page, plant)
    the_slider_shows_what_a_promise_costs_and_another_is_made(page)
    a_tag_is_taken_out_and_all_of_it_stands_in_the_ledger(page)
    every_page_is_accessible_in_chinese_and_dark_and_fits_a_phone(page, plant)
    a_message_that_cannot_be_read_is_shown_as_text(page, plant)
    a_service_that_is_killed_is_missed_and_met_again(page, plant)
