"""Draw the pictures of the console in the docs: `python tools/make_console_pictures.py` (needs Chromium, and `make console`)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
PICTURES = {
    "console-overview": ("/", "light", "en"),
    "console-asset": ("/assets/furnace-3", "dark", "en"),
    "console-alarms": ("/alarms", "light", "zh-CN"),
}
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def main() -> None:
    """Write `docs/images/console-*.png`."""
    from playwright.sync_api import sync_playwright

    command = [sys.executable, str(ROOT / "console/mock/server.py"), "--port", "0", "--alarms", "40", "--days", "3"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT / "src")})
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGS)
            for name, (path, scheme, language) in PICTURES.items():
                context = browser.new_context(base_url=url, color_scheme=scheme, viewport={"width": 1280, "height": 760})  # type: ignore[arg-type]
                session = context.request.post("/api/v1/sign-in", data=json.dumps({"user": "engineer", "password": "andon"})).json()
                csrf = {"X-CSRF-Token": session["csrf"]}
                context.request.put("/api/v1/session/language", data=json.dumps({"language": language}), headers=csrf)
                page = context.new_page()
                page.goto(path)
                page.wait_for_selector(".tile, .alarmrow, .lanes canvas")
                page.wait_for_timeout(1500)
                page.screenshot(path=IMAGES / f"{name}.png")
                context.close()
            browser.close()
    finally:
        process.kill()
        process.communicate()


if __name__ == "__main__":
    main()
