"""Assemble CHANGELOG.md at a release from the sentences in changelog.d/.

    python tools/make_changelog.py 0.1.0 2026-12-01    # a new section on top; the sentences are removed
    python tools/make_changelog.py --check             # every fragment is one or two sentences for users

One file a topic, `changelog.d/<topic>.md`: what a user can do now that they could not before, without names of modules.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = "# Changes\n\nEach release, newest first. Bundles of any released version open in every later one.\n"
LONGEST = 600


def fragments(folder: Path) -> dict[str, str]:
    """Topic -> its text on one line, in order of the alphabet."""
    return {path.stem: " ".join(path.read_text("utf-8").split()) for path in sorted(folder.glob("*.md"))}


def wrong(found: dict[str, str]) -> list[str]:
    """What is wrong with fragments: empty, too long, or a heading or list instead of a sentence."""
    out = [f"{topic}: empty" for topic, text in found.items() if not text]
    out += [f"{topic}: {len(text)} characters; a sentence or two are enough" for topic, text in found.items() if len(text) > LONGEST]
    return out + [f"{topic}: begin with a sentence" for topic, text in found.items() if re.match(r"[#*-]", text)]


def assembled(before: str, found: dict[str, str], version: str, day: str) -> str:
    """The changelog with a new section on top."""
    if f"\n## {version} " in before:
        raise SystemExit(f"CHANGELOG.md has {version} already")
    lines = [re.sub(r"^[-*] ", "", text) for text in found.values()]
    section = f"\n## {version} ({day})\n\n" + "".join(f"* {line}\n" for line in lines)
    return HEAD + section + before.removeprefix(HEAD)


def main() -> int:
    """Check, or assemble and remove the fragments."""
    folder = ROOT / "changelog.d"
    found = fragments(folder)
    mistakes = wrong(found)
    for mistake in mistakes:
        print(mistake)
    if mistakes or sys.argv[1:] == ["--check"]:
        return 1 if mistakes else 0
    if len(sys.argv) != 3:
        raise SystemExit("usage: python tools/make_changelog.py VERSION DAY | --check")
    page = ROOT / "CHANGELOG.md"
    page.write_text(assembled(page.read_text("utf-8") if page.exists() else HEAD, found, sys.argv[1], sys.argv[2]), "utf-8")
    for topic in found:
        (folder / f"{topic}.md").unlink()
    print(f"{len(found)} changes in CHANGELOG.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
