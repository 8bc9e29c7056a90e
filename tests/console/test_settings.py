"""Budget, models, out of service, maintenance, people, tokens, ledger: each act is done, told, and stands in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.console.conftest import Service, mock
from tests.console.desk import notice, signed_in


@pytest.fixture(scope="module")
def service(built: None) -> Iterator[Service]:
    with mock("--alarms", "20", "--days", "0.5") as started:
        yield started


def test_the_slider_answers_at_once_and_the_budget_changes(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "engineer", at="/budget") as page:
        slider = page.get_by_role("slider")
        slider.wait_for()
        would = page.locator(".would")
        before = would.inner_text()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.method))
        slider.focus()
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        assert would.inner_text() != before
        assert asked == []
        page.get_by_role("button", name="Promise 3 a week").click()
        page.get_by_label("Why").fill("night shift is alone")
        page.keyboard.press("Enter")
        assert notice(page) == "line 2 promises 3 a week.\n×"
        page.locator(".big", has_text="3 a week").wait_for()
        for _ in range(12):
            slider.press("ArrowLeft")
        page.get_by_role("button", name="Promise 1 in 10 weeks").click()
        page.get_by_label("Why").fill("quiet")
        page.keyboard.press("Enter")
        assert "The tightest promise is 1 in 5 weeks." in page.get_by_role("alert").inner_text()
        page.keyboard.press("Escape")
        page.goto("/settings/ledger")
        page.locator(".ledger li", has_text="night shift is alone").wait_for()


def test_a_version_is_promoted_and_taken_back(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "engineer", at="/models") as page:
        card = page.locator("table.cards")
        for words in ("1 min", "9 mins", "7 Oct 2026"):  # durations and days as people read them, no nanoseconds
            card.locator("td", has_text=words).first.wait_for()
        page.get_by_role("button", name="Promote").first.click()
        page.get_by_role("dialog").get_by_role("button", name="Promote").click()
        assert notice(page).startswith("91be03aa judges now.")
        assert page.locator("th.champion .mono").inner_text() == "91be03aa"
        page.get_by_role("button", name="Roll back to it").click()
        page.get_by_role("dialog").get_by_role("button", name="Roll back to it").click()
        page.locator("th.champion .mono:not(:text-is('91be03aa'))").wait_for()


def test_a_tag_is_taken_out_and_put_back(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "engineer", at="/assets/furnace-3") as page:
        page.get_by_label("Take Jacket temperature out of service").click()
        page.get_by_label("Why").fill("calibration")
        page.keyboard.press("Enter")
        page.get_by_text("out of service: calibration").wait_for()
        page.goto("/settings/out")
        page.locator(".entries", has_text="TI-103.PV").wait_for()
        page.get_by_role("button", name="Back in service").click()
        page.get_by_text("Nothing.").wait_for()
        page.goto("/settings/ledger")
        page.locator(".ledger li", has_text="TI-103.PV").first.wait_for()


def test_maintenance_is_planned_and_ended(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "operator", at="/settings/maintenance") as page:
        page.get_by_label("Chiller").check()
        page.get_by_label("What is done").fill("new pump")
        page.get_by_role("button", name="Plan it").click()
        page.locator(".entries", has_text="new pump").wait_for()
        page.get_by_role("button", name="End it").click()
        page.get_by_text("None.").wait_for()
        assert page.get_by_role("link", name="Ledger").count() == 0  # an engineer's
        page.goto("/settings/ledger")
        page.get_by_text("This needs the role Engineer.").wait_for()


def test_people_and_tokens(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "admin", at="/settings/users") as page:
        page.get_by_label("Name", exact=True).fill("lin")
        page.get_by_label("Password").fill("a long sentence")
        page.get_by_role("button", name="Add", exact=True).click()
        page.locator(".entries li", has_text="lin").first.wait_for()
        page.get_by_label("Role of lin").select_option("engineer")
        page.get_by_role("button", name="Unlock").click()
        page.get_by_role("button", name="Unlock").wait_for(state="detached")
        page.goto("/settings/tokens")
        page.get_by_label("Name", exact=True).fill("gateway")
        page.get_by_role("button", name="Make").click()
        assert page.locator(".secret").inner_text().startswith("andon_")
        page.keyboard.press("Escape")
        page.locator(".entries li", has_text="gateway").get_by_role("button", name="Revoke").click()
        page.locator(".entries li", has_text="gateway").wait_for(state="detached")


def test_the_language_changes_and_stays(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "viewer", at="/settings") as page:
        page.get_by_label("Language", exact=True).select_option("zh-CN")
        page.get_by_role("heading", name="设置").wait_for()
        page.goto("/")
        page.get_by_role("heading", name="总览").wait_for()
        page.goto("/settings")
        page.get_by_label("语言", exact=True).select_option("en")
        page.get_by_role("heading", name="Settings").wait_for()


def test_single_keys_can_be_switched_off(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url, "viewer", at="/settings") as page:
        page.get_by_role("checkbox", name="Single keys act").uncheck()
        page.get_by_role("heading", name="Settings").click()
        page.keyboard.press("?")
        page.keyboard.press("g")
        page.keyboard.press("a")
        assert page.get_by_role("heading", name="Settings").is_visible()
        assert page.get_by_role("dialog").count() == 0
