"""Signing in, the first sign-in, and being refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.console.conftest import Service
from tests.console.desk import signed_in


@pytest.fixture
def door(browser: Any, service: Service) -> Iterator[Any]:
    context = browser.new_context(base_url=service.url, locale="en-GB")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def test_a_wrong_password_is_said_and_the_right_one_opens(door: Any) -> None:
    door.goto("/alarms?priority=2")
    door.get_by_label("Name").fill("operator")
    door.get_by_label("Password").fill("guess")
    door.keyboard.press("Enter")
    assert (
        "Name or password is wrong" in door.get_by_role("alert").inner_text()
        or "five wrong tries" in door.get_by_role("alert").inner_text()
    )
    assert door.get_by_label("Password").input_value() == ""
    door.get_by_label("Password").fill("andon")
    door.keyboard.press("Enter")
    door.wait_for_selector(".alarmrow")
    assert door.url.endswith("/alarms?priority=2")


def test_the_first_administrator_comes_by_a_link(door: Any) -> None:
    door.goto("/first-sign-in#first")
    door.get_by_label("Name").fill("mei")
    door.get_by_label("Password", exact=True).fill("a long sentence")
    door.get_by_label("Password once more").fill("another sentence")
    door.get_by_role("button", name="Start").click()
    assert door.get_by_role("alert").inner_text() == "The two passwords differ."
    door.get_by_label("Password once more").fill("a long sentence")
    door.keyboard.press("Enter")
    door.wait_for_selector(".tile")


def test_the_browsers_language_is_spoken_before_anybody_signs_in(browser: Any, service: Service) -> None:
    context = browser.new_context(base_url=service.url, locale="zh-CN")
    page = context.new_page()
    page.goto("/")
    page.wait_for_selector("h1")
    assert (page.inner_text("h1"), page.get_attribute("html", "lang")) == ("登录", "zh-CN")
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    context.close()


def test_somebody_who_is_signed_out_elsewhere_is_asked_to_sign_in(browser: Any, service: Service) -> None:
    with signed_in(browser, service.url) as page:
        page.wait_for_selector(".tile")
        page.context.clear_cookies()
        page.keyboard.press("g")
        page.keyboard.press("a")
        page.get_by_label("Password").wait_for()
