"""The shift's work: an alarm comes, is opened, acknowledged, shelved, marked; by keyboard alone, and honestly when something is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.console.conftest import Service, mock
from tests.console.desk import notice, rows, signed_in
from tests.console.test_looks import visit

WILD = "<b>&\"'温度 °C</b>"


@pytest.fixture
def service(built: None) -> Iterator[Service]:
    """A desk of its own for each test: acts change it."""
    with mock("--alarms", "60", "--days", "0.5") as started:
        yield started


def test_an_alarm_comes_is_let_in_opened_acknowledged_and_marked(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "operator", at="/alarms") as page:
        rows(page).first.wait_for()
        page.wait_for_selector(".link.live")
        before = rows(page).first.get_attribute("id")
        service.change("alarm")
        fresh = page.get_by_role("button", name="1 new ↑")
        fresh.wait_for()
        assert rows(page).first.get_attribute("id") == before  # nothing moved
        fresh.click()
        page.wait_for_function("id => document.querySelector('.alarmrow').id !== id", arg=before)
        assert "Furnace 3" in rows(page).first.inner_text()
        rows(page).first.locator(".text a").click()
        page.get_by_role("heading", name="Case of Furnace 3").wait_for()
        page.get_by_role("button", name="Acknowledge").click()
        assert notice(page, "Acknowledged:").startswith("Acknowledged: ")
        page.locator(".actbar button", has_text="False").click()
        page.locator(".facts", has_text="false").wait_for()
        page.locator(".records li", has_text="operator").first.wait_for()


def test_the_button_of_a_message_asks_before_it_marks(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "operator", at="/cases/case-2?mark=false") as page:
        asked = page.get_by_role("dialog", name="Was this alarm true?")
        asked.get_by_role("button", name="Not now").click()
        assert "mark=" not in page.url
        assert page.locator(".facts", has_text="false").count() == 0, "nothing was marked by the link alone"
        page.goto("/cases/case-2?mark=false")
        asked.wait_for()
        assert page.evaluate("() => document.activeElement.textContent") == "No, it was false"
        page.keyboard.press("Enter")
        page.locator(".facts", has_text="false").wait_for()
        assert "mark=" not in page.url
    with signed_in(browser, service.url, "viewer", at="/cases/case-2?mark=true") as page:
        page.locator(".facts").wait_for()
        assert page.get_by_role("dialog").count() == 0


def test_an_alarm_that_comes_while_the_list_is_on_its_way_is_not_lost(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "operator") as page:
        page.wait_for_selector(".link.live")

        def late(route: Any) -> None:
            answer = route.fetch()
            service.change("alarm")
            page.wait_for_timeout(500)  # the change is told while the answer, made before it, is held up
            route.fulfill(response=answer)

        page.route("**/api/v1/alarms?state=open*limit=*", late, times=1)
        visit(page, "/alarms")
        page.get_by_role("button", name="1 new ↑").wait_for()


def test_the_whole_work_by_keyboard_alone(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "operator") as page:
        page.wait_for_selector(".tile")
        keys = page.keyboard
        for key in ("g", "a"):
            keys.press(key)
        rows(page).first.wait_for()
        keys.press("j")  # the first
        keys.press("a")
        page.wait_for_selector(".alarmrow.acknowledged")
        assert notice(page, "Acknowledged: 1 alarm").startswith("Acknowledged: 1 alarm")
        keys.press("j")
        keys.press("s")
        page.get_by_label("Reason").wait_for()
        keys.type("valve is being repaired")
        keys.press("Enter")
        page.wait_for_selector(".alarmrow.shelved")
        assert "left" in page.locator(".alarmrow.shelved .state").inner_text()
        keys.press("j")
        keys.press("x")
        keys.press("j")
        keys.press("x")
        assert page.locator(".actbar .chosen").inner_text() == "2 chosen"
        keys.press("f")
        page.wait_for_function(
            "() => [...document.querySelectorAll('.alarmrow .marked')].filter(e => e.textContent === 'false').length === 2"
        )
        keys.press("c")
        page.get_by_label("What should the others know?").wait_for()
        keys.type("seen by the night shift")
        keys.press("Tab")
        keys.press("Enter")
        page.wait_for_selector("dialog", state="detached")
        assert notice(page, "Commented:").startswith("Commented: ")
        keys.press("k")
        keys.press("Enter")
        page.get_by_role("heading", name="Case of").wait_for()
        keys.press("?")
        page.get_by_role("dialog").wait_for()
        keys.press("Escape")
        page.wait_for_selector("dialog", state="detached")
        keys.press("/")
        keys.type("mill 2")
        page.get_by_role("option", name="Rolling mill 2").wait_for()
        keys.press("Enter")
        page.get_by_role("heading", name="Rolling mill 2").wait_for()


def test_a_refused_act_is_taken_back_and_says_why(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "operator", at="/alarms") as page:
        rows(page).first.wait_for()
        service.change("fail")
        page.keyboard.press("j")
        page.keyboard.press("a")
        assert "Nothing was changed. Try again in a minute." in notice(page)
        assert page.locator(".alarmrow.unacknowledged").first.get_attribute("id") == rows(page).first.get_attribute("id")


def test_two_people_do_not_act_on_each_other(browser: Any, service: Service) -> None:
    """The row is what the other made of it, and the second act says that it came too late."""
    with signed_in(browser, service.url, "operator", at="/alarms") as page:
        rows(page).first.wait_for()
        page.wait_for_selector(".link.live")
        number = str(rows(page).first.get_attribute("id")).removeprefix("row-")
        service.change("quiet")  # this page hears nothing of the other
        page.wait_for_selector(".link.polling, .link.lost")
        other = browser.new_context(base_url=service.url)
        csrf = other.request.post("/api/v1/sign-in", data=json.dumps({"user": "engineer", "password": "andon"})).json()["csrf"]
        act = json.dumps({"kind": "comment", "text": "mine", "number": 1})
        assert other.request.post(f"/api/v1/alarms/{number}/acts", data=act, headers={"X-CSRF-Token": csrf}).ok
        other.close()
        page.keyboard.press("j")
        page.keyboard.press("a")
        assert "somebody else acted on this alarm" in notice(page)


def test_a_viewer_looks_only(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "viewer", at="/alarms") as page:
        rows(page).first.wait_for()
        before = page.locator(".alarmrow.acknowledged").count()
        page.keyboard.press("j")
        page.keyboard.press("a")
        assert page.get_by_role("button", name="Acknowledge").is_disabled()
        assert page.locator(".actbar .chosen").inner_text() == "You may look; acting needs the role operator."
        assert page.locator(".alarmrow.acknowledged").count() == before
        assert page.locator(".notices p").count() == 0


def test_the_filter_is_the_address(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "viewer", at="/alarms?priority=1") as page:
        rows(page).first.wait_for()
        assert page.locator(".alarmrow .mark:not(.p1)").count() == 0
        page.get_by_role("button", name="Shelved").click()
        page.wait_for_url("**/alarms?priority=1&state=shelved")
        page.get_by_label("Words, tags, assets").fill("vibration")
        page.wait_for_url("**q=vibration")
        page.go_back()
        page.wait_for_url("**/alarms**")


def test_a_wild_name_is_text_everywhere(browser: Any, service: Service) -> None:
    """Tags, assets, comments: what looks like markup is shown as it is, and the policy would stop what is not."""
    with signed_in(browser, service.url, "operator") as page:
        page.get_by_role("link", name=WILD, exact=True).click()
        page.get_by_role("heading", name=WILD, exact=True).wait_for()
        page.locator(".taglist .name", has_text=WILD).wait_for()
        page.goto("/cases/case-1")
        page.locator(".sharebars .name", has_text=WILD).wait_for()
        page.keyboard.press("c")
        page.get_by_label("What should the others know?").fill("<img src=x onerror=alert(1)>")
        page.get_by_role("button", name="Write it down").click()
        page.locator(".records q", has_text="<img src=x onerror=alert(1)>").first.wait_for()
        page.goto("/data")
        page.locator(".findings h3", has_text=WILD).wait_for()
        page.locator(".heatmap .name", has_text=WILD).wait_for()
        assert page.locator("main b:text-is('温度 °C')").count() == 0
        assert page.locator("img").count() == 0


def test_five_thousand_alarms_scroll_with_few_rows(browser: Any, built: None) -> None:
    with mock("--alarms", "5000", "--days", "0.2") as service, signed_in(browser, service.url, "operator", at="/alarms?state=all") as page:
        rows(page).first.wait_for()
        assert page.get_attribute(".grid", "aria-rowcount") == "5001"
        most = page.evaluate("""async () => {
          const body = document.querySelector('.gridbody');
          let most = 0;
          for (let step = 0; step < 40; step++) {
            body.scrollTop += 400;
            await new Promise(requestAnimationFrame);
            most = Math.max(most, document.querySelectorAll('.alarmrow').length);
          }
          return most;
        }""")
        assert 10 < most < 60
        page.evaluate("() => { document.querySelector('.gridbody').scrollTop = 1e9; }")
        page.wait_for_function(
            "() => [...document.querySelectorAll('.alarmrow')].some(e => e.getAttribute('aria-rowindex') === '5001')", timeout=20_000
        )
