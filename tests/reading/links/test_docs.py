"""Docs of links are tested: every example is a plant file that is read, every reason and the packed format stand in the reference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from andon.plant.file.link_settings import LINK_KINDS, SEND_KINDS
from andon.plant.file.parse import parse_plant_text
from andon.reading.payload import REASONS, packed
from andon.reading.push import CONTENT_TYPES

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGES = sorted([*DOCS.glob("how-to/connect-*.md"), DOCS / "how-to/write-a-link.md"])
REFERENCE = (DOCS / "reference/links.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_are_plant_files(page: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        plant = parse_plant_text(block)
        assert plant.links or plant.sends


def test_kinds_reasons_and_content_types_are_in_the_reference() -> None:
    for word in (*LINK_KINDS, *SEND_KINDS, *REASONS, *CONTENT_TYPES):
        short = word.replace("application/vnd.apache.arrow.file", ".file")
        assert f"`{short}`" in REFERENCE, word


def test_the_packed_format_is_the_one_of_the_code() -> None:
    assert packed.__doc__ is not None
    mine = re.findall(r"^\| ([^|]+) \|", packed.__doc__, re.M)[2:]
    theirs = re.findall(r"^\| ([^|]+) \|", REFERENCE.split("### The packed format")[1].split("\n## ")[0], re.M)[2:]
    assert [row.replace("4, 4, 4, 4", "4 × 4") for row in mine] == theirs
