"""Page objects: what a person does in the console, in words of the console. They know no mock: the real service can stand behind them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PASSWORD = "andon"


@contextmanager
def signed_in(
    browser: Any, url: str, user: str = "engineer", *, language: str = "en", scheme: str = "light", width: int = 1280, height: int = 800,
    phone: bool = False, at: str = "/",
) -> Iterator[Any]:  # fmt: skip
    """A page of a person who signed in through the API; every error of the page fails the test at its end."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB" if language == "en" else language, base_url=url,
        has_touch=phone, is_mobile=phone,
    )  # fmt: skip
    context.set_default_timeout(30_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" and "Failed to load" not in said.text else None)
    session = context.request.post("/api/v1/sign-in", data=json.dumps({"user": user, "password": PASSWORD})).json()
    if language != session["language"]:
        csrf = {"X-CSRF-Token": session["csrf"]}
        assert context.request.put("/api/v1/session/language", data=json.dumps({"language": language}), headers=csrf).ok
    page.goto(at)
    page.wait_for_selector("h1")
    try:
        yield page
    finally:
        context.close()
    assert wrong == []


def rows(page: Any) -> Any:
    """The alarms in sight."""
    return page.locator(".alarmrow")


def notice(page: Any, says: str = "") -> str:
    """The newest short message that says something."""
    shown = page.locator(".notices p", has_text=says).last if says else page.locator(".notices p").last
    shown.wait_for()
    return str(shown.inner_text())
