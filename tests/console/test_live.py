"""The link is lost and comes back, streams are blocked, values change in their place; the time is one control."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.console.conftest import Service, mock
from tests.console.desk import rows, signed_in


@pytest.fixture
def service(built: None) -> Iterator[Service]:
    with mock("--alarms", "30", "--days", "0.5") as started:
        yield started


def test_a_lost_link_is_said_and_nothing_is_missed_when_it_is_back(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "operator", at="/alarms") as page:
        rows(page).first.wait_for()
        page.wait_for_selector(".link.live")
        service.change("cut")
        banner = page.locator(".banner.gone")
        banner.wait_for()
        assert banner.inner_text().startswith("The link to the service is gone since ")
        assert rows(page).count() > 5  # what was seen stays
        service.change("alarm")
        service.change("restore")
        page.wait_for_selector(".link.live", timeout=20_000)
        banner.wait_for(state="detached")
        page.get_by_role("button", name="1 new ↑").wait_for()  # resumed with Last-Event-ID


def test_blocked_streams_are_replaced_by_asking(browser: Any, service: Service) -> None:
    service.change("quiet")
    with signed_in(browser, service.url, "operator") as page:
        page.wait_for_selector(".link.polling")
        page.wait_for_selector(".tile")
        assert "asks every ten seconds" in page.locator(".banner").inner_text()


def test_a_tile_changes_in_its_place(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "operator") as page:
        page.wait_for_selector(".link.live")
        tile = page.locator(".tile", has_text="Boiler")
        tile.wait_for()
        order = page.locator(".tile h3 a").all_inner_texts()
        data = {
            "asset": "boiler", "name": "Boiler", "area": "Utilities", "line": "Steam", "state": "alarm", "why": "", "priority": 1,
            "evidence": [0.5, 1.9], "ratio": 1.9, "quality": [], "data_share": 0.5, "open_alarms": 1, "since": "", "behind_s": 0.0,
        }  # fmt: skip
        service.change("say", what="tile", data=data)
        tile.get_by_text("1.9×").wait_for()
        assert page.locator(".tile h3 a").all_inner_texts() == order
        page.get_by_role("button", name="Worst first again").click()
        page.wait_for_function("() => document.querySelector('.tile h3').textContent.includes('Boiler')")
        service.change("say", what="behind", data={"behind_s": 840.0})
        page.get_by_text("Catching up, 14 mins behind.").wait_for()


def test_the_time_is_moved_by_keys_wheel_and_drag_and_gone_back(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "viewer", at="/assets/furnace-3") as page:
        page.wait_for_selector(".lanes canvas")
        live = page.get_by_role("button", name="Live", exact=True)
        stretch = page.locator(".stretch")
        assert live.get_attribute("aria-pressed") == "true"
        page.keyboard.press("ArrowLeft")
        assert live.get_attribute("aria-pressed") == "false"
        page.wait_for_url("**from=*")
        page.keyboard.press("l")
        assert live.get_attribute("aria-pressed") == "true"
        page.keyboard.press("+")
        assert "4 hrs" in stretch.inner_text()
        assert live.get_attribute("aria-pressed") == "true"  # live sticks: the newest edge stayed
        box = page.locator(".plot").first.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.wheel(0, -400)
        page.wait_for_function("() => !document.querySelector('.stretch').textContent.includes('4 hrs')")
        page.wait_for_timeout(500)  # the new stretch is drawn: a drag on what is replaced is lost
        before = stretch.inner_text()
        page.mouse.move(x - 50, y)
        page.mouse.down()
        page.mouse.move(x + 50, y, steps=4)
        page.mouse.up()
        page.wait_for_function("text => document.querySelector('.stretch').textContent !== text", arg=before)
        page.wait_for_timeout(500)  # as above: a double click needs both clicks on the same picture
        page.mouse.dblclick(x, y)
        page.wait_for_function("text => document.querySelector('.stretch').innerText === text", arg=before)


def test_a_large_plant_folds_what_is_normal(browser: Any, built: None) -> None:
    with mock("--alarms", "20", "--days", "0.2", "--copies", "150") as large, signed_in(browser, large.url, "operator") as page:
        page.wait_for_selector(".link.live")
        page.wait_for_selector(".tile")
        shown = page.locator(".tile").count()
        normal = page.locator(".tile.normal").count()
        assert (shown > 500, normal) == (True, 0)
        page.get_by_role("button", name="and 2 normal").first.click()
        page.locator(".tile.normal").nth(1).wait_for()
        data = {
            "asset": "boiler 7", "name": "Boiler 7", "area": "Utilities 7", "line": "Steam", "state": "alarm", "why": "", "priority": 1,
            "evidence": [0.5, 1.9], "ratio": 1.9, "quality": [], "data_share": 0.5, "open_alarms": 1, "since": "", "behind_s": 0.0,
        }  # fmt: skip
        large.change("say", what="tile", data=data)
        page.locator(".tile", has_text="Boiler 7").wait_for()
        page.get_by_role("button", name="Worst first again").click()
        page.wait_for_selector(".reorder.hidden", state="attached")
        lines = page.locator(".line h2").all_inner_texts()
        assert lines.index("Utilities 7 ▸ Steam") < lines.index("Cold end ▸ Line 5")  # a first priority before a third


def test_values_are_read_at_a_moment_without_a_mouse(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "viewer", at="/assets/furnace-3") as page:
        page.wait_for_selector(".lanes canvas")
        readout = page.locator(".lane .readout").first
        newest = readout.inner_text()
        for _ in range(40):
            page.keyboard.press("Shift+ArrowLeft")
        page.locator(".timeaxis .pointer").wait_for()
        assert readout.inner_text() != newest
        page.locator(".taglist header small", has_text="at ").wait_for()
        assert page.get_by_role("button", name="Live", exact=True).get_attribute("aria-pressed") == "true"


def test_the_hour_that_comes_twice_is_shown_twice(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "viewer", at="/assets/furnace-3?from=2026-10-24T22:00:00Z&to=2026-10-25T04:00:00Z") as page:
        page.wait_for_selector(".lanes canvas")
        texts = page.locator(".timeaxis .marks span").all_inner_texts()
        assert "02:00 CEST" in texts
        assert "02:00 CET" in texts
        assert page.locator(".timeaxis i").inner_text() == "clock set back"
        assert page.locator(".timeaxis .marks span", has_text="02:00 CEST").get_attribute("title") == "2026-10-25 00:00:00 UTC"


def test_the_first_view_is_soon_and_nothing_is_asked_of_a_network(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "viewer") as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.reload()
        page.wait_for_selector(".tile")
        page.goto("/assets/furnace-3")
        page.wait_for_selector(".lanes canvas")
        assert [url for url in asked if not url.startswith(service.url)] == []


def test_an_asset_that_has_no_tick_yet_has_its_page(browser: Any, service: Service) -> None:
    """No moment of a last tick: the strip of the history shows what is known, and nothing breaks while the time is moved."""
    with signed_in(browser, service.url, "viewer") as page:

        def without(route: Any) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, json=answer.json() | {"last": ""})

        page.route("**/api/v1/assets/furnace-3", without)
        page.goto("/assets/furnace-3")
        page.wait_for_selector(".lanes canvas")
        page.locator(".strip .to").wait_for()
        page.get_by_role("button", name="Campaign").click()
        page.wait_for_url("**from=*")
        page.wait_for_selector(".lanes canvas")


def test_what_is_under_way_is_waited_for(browser: Any, service: Service) -> None:
    """Answers take longer than the time stands still, as in a fast replay on a busy machine: each of them is seen, none is asked in vain."""
    with signed_in(browser, service.url, "viewer") as page:
        asked: list[str] = []

        def slowly(route: Any) -> None:
            asked.append(route.request.url)
            page.wait_for_timeout(250)
            route.continue_()

        in_vain: list[str] = []
        page.on("requestfailed", lambda request: in_vain.append(request.url) if "/assets/furnace-3" in request.url else None)
        page.route("**/api/v1/assets/furnace-3**", slowly)
        page.goto("/assets/furnace-3")
        page.wait_for_selector(".lanes")
        for _ in range(12):
            service.change("say", what="ticks", data={"count": 1})
            page.keyboard.press("ArrowLeft")
            page.wait_for_timeout(30)
        page.wait_for_selector(".lanes canvas")
        page.wait_for_url("**from=*")
        page.unroute_all(behavior="wait")
        assert in_vain == []
        assert 3 <= sum("/trend?" in url for url in asked) <= 8


def test_the_clock_of_a_replay_is_followed(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "viewer", at="/assets/furnace-3") as page:
        page.wait_for_selector(".link.live")
        page.wait_for_selector(".lanes canvas")
        before = page.locator(".stretch").inner_text()
        service.change("say", what="clock", data={"now": "2027-03-01T12:00:00Z"})
        page.locator(".stretch", has_text="1 Mar 2027, 12:00").or_(page.locator(".stretch", has_text="1 Mar 2027, 13:00")).wait_for()
        assert page.locator(".stretch").inner_text() != before
