"""The console on the real service: signed in through its accounts, under its policy, with a desk that answers everything with wild names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.console.building import BUILT
from tests.console.test_looks import PAGES, visit

pytest.importorskip("litestar", reason="needs the serve extra")
pytest.importorskip("uvicorn", reason="needs the serve extra")

from tests.service.on_a_port import on_a_port
from tests.service.running import PASSWORD, make_service


@pytest.fixture(scope="module")
def running(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The service on a free port of this machine, in a thread."""
    service = make_service(tmp_path_factory.mktemp("service"), console=BUILT)
    with on_a_port(service.client.app) as address:
        yield address


def test_every_page_shows_what_the_service_answers(browser: Any, running: str) -> None:
    context = browser.new_context(base_url=running, locale="en-GB")
    context.set_default_timeout(30_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" and "401" not in said.text else None)
    page.goto("/")
    page.get_by_label("Name").fill("administrator")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".tile")
    page.wait_for_selector(".link.live")
    for name, path in PAGES.items():
        visit(page, path)
        assert page.locator(".refusal").count() == 0, f"{name}: {page.locator('.refusal').all_inner_texts()}"
    assert page.locator("img, main script").count() == 0
    context.close()
    assert wrong == []
