"""A browser, and mock services that it looks at: each started once, stopped by its own process id."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.console.building import CONSOLE, ROOT, build, npm

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip


class Service:
    """A mock service, and what a test may do to it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def change(self, change: str, **data: object) -> None:
        """`POST /mock/<change>`."""
        body = json.dumps(data).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/mock/{change}", body, method="POST"), timeout=10) as answer:
            answer.read()


@contextmanager
def mock(*arguments: str) -> Iterator[Service]:
    """A mock service of its own process."""
    paths = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, str(CONSOLE / "mock" / "server.py"), "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    )
    try:
        assert process.stdout is not None
        yield Service(process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="package")
def built() -> None:
    """The console, built from the sources as they stand."""
    if not npm():
        pytest.skip("no npm on this machine: the console cannot be built")
    build()


@pytest.fixture(scope="package")
def browser(built: None) -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def service(built: None) -> Iterator[Service]:
    """Sixty alarms, two days of history: every module has its own."""
    with mock("--alarms", "60", "--days", "2") as started:
        yield started
