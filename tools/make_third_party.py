"""Write THIRD_PARTY.md: every package of the lock files with its licence, read from the package's own metadata.

    python tools/make_third_party.py            # write
    python tools/make_third_party.py --check    # say what is out of date, and fail

A package that is not installed here keeps the licence that the page names already; a new one must be installed first.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, files, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "THIRD_PARTY.md"
LOCKS = {
    "requirements.lock": "What `make install` installs: the core, training, and what develops and tests Andon.",
    "requirements-plant.lock": "What makes the recording in the package again (`tools/make_demo_recording.py`); never needed to use Andon.",
}
LONG = 60
BY_CLASSIFIER = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


def pins(lock: str) -> list[tuple[str, str]]:
    """Name and version of each line of a lock file."""
    lines = (ROOT / lock).read_text("utf-8").splitlines()
    found = [re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)", line) for line in lines]
    return [(match[1], match[2]) for match in found if match]


def licence(name: str) -> str | None:
    """The licence as the package states it: an SPDX expression, else its licence field, else its classifiers; None where not installed."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return None
    expression = told.get("License-Expression")
    if expression:
        return expression.strip()
    classifiers = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier") or [] if line.startswith("License ::")]
    field = (told.get("License") or "").strip()
    if field and "\n" not in field and len(field) <= LONG:
        return field
    named = [BY_CLASSIFIER.get(item, item) for item in classifiers if item != "OSI Approved"]
    return ", ".join(named) or _title_of_licence(name) or "see the package"


def _title_of_licence(name: str) -> str:
    """The first line of the licence file."""
    for item in files(name) or []:
        if item.name.upper().startswith(("LICENSE", "LICENCE", "COPYING")):
            text = next((line.strip() for line in item.read_text("utf-8").splitlines() if line.strip()), "")
            return text if len(text) <= LONG else ""
    return ""


def before() -> dict[str, str]:
    """Licences that the page names now."""
    if not PAGE.exists():
        return {}
    return dict(re.findall(r"^\| `([^`]+)` \| [^|]+ \| ([^|]+) \|$", PAGE.read_text("utf-8"), re.MULTILINE))


def page() -> str:
    """The whole page."""
    known = before()
    parts = [
        "<!-- made by tools/make_third_party.py; change that instead -->\n",
        "# What Andon stands on\n",
        "Andon itself is under the [Apache License 2.0](LICENSE). It carries no code of others; these packages are installed beside "
        "it, each under its own licence.\n",
    ]
    for lock, what in LOCKS.items():
        parts.append(f"## `{lock}`\n\n{what}\n")
        rows = ["| package | version | licence |", "|---|---|---|"]
        for name, version in pins(lock):
            text = licence(name) or known.get(name)
            if text is None:
                raise SystemExit(f"{name} is not installed, and the page does not name its licence: pip install -r {lock}")
            rows.append(f"| `{name}` | {version} | {text.replace('|', '/')} |")
        parts.append("\n".join(rows) + "\n")
    recording = ROOT / "src/andon/datasets/recordings/tennessee-eastman/README.md"
    parts.append("## The recording in the package\n\n" + recording.read_text("utf-8").partition("\n\n")[2])
    parts.append(
        "## Public recordings\n\nNone is part of Andon. `andon datasets list` names the origin and licence of each; `andon "
        "datasets fetch` gets them from there.\n"
    )
    return "\n".join(parts)


def main() -> int:
    """Write or check the page."""
    text = page()
    if PAGE.exists() and PAGE.read_text("utf-8") == text:
        return 0
    if "--check" in sys.argv[1:]:
        print("out of date: THIRD_PARTY.md")
        return 1
    PAGE.write_text(text, "utf-8")
    print("written: THIRD_PARTY.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
