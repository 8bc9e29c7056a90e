"""Draw docs/images/report.png: the upper part of a report, light, as a browser shows it.

    andon demo -o demo
    python tools/make_readme_picture.py demo/out

Needs the dev extra and Chromium. Rewrites the page from `report.json`, so that it shows today's layout; the picture stays under 300 kB.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from andon.project.report_data import read_report
from andon.reporting import render

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "report.png"
WIDTH, HEIGHT = 1160, 1720
MOST_BYTES = 300_000
ROWS = 6
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
SHORTEN = """rows => {
  for (const row of [...document.querySelectorAll('#events tbody tr')].slice(rows)) row.remove();
  for (const part of document.querySelectorAll('#events > .note, #faults')) part.remove();
}"""


def shot(html: str) -> bytes:
    """The upper part of the page as PNG; the list of events is cut after some rows so that a card fits in."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("no Chromium on this machine: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "report.html"
        file.write_text(html, "utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(file.as_uri())
        page.evaluate(SHORTEN, ROWS)
        picture: bytes = page.screenshot()
        browser.close()
    return picture


def small(picture: bytes) -> bytes:
    """The picture with a palette: a calm page has few colours."""
    from PIL import Image

    with Image.open(BytesIO(picture)) as image:
        out = BytesIO()
        image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE).save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> int:
    """Draw and write the picture."""
    if len(sys.argv) != 2:
        raise SystemExit("usage: python tools/make_readme_picture.py FOLDER_OF_ANDON_SCORE")
    data, labels = read_report(sys.argv[1])
    picture = small(shot(render(data, "en", labels)))
    if len(picture) > MOST_BYTES:
        raise SystemExit(f"{len(picture):,} bytes are more than {MOST_BYTES:,}")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_bytes(picture)
    print(f"written: {PICTURE.relative_to(ROOT)}, {len(picture):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
