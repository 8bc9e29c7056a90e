"""The console's types are those of the API as it is, and its words are all there and all used."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from tests.console.building import CONSOLE, PLANT, ROOT

KEY = re.compile(r"^console\.")
SOURCE = {path.relative_to(CONSOLE).as_posix(): path.read_text("utf-8") for path in sorted((CONSOLE / "src").rglob("*.ts*"))}
WORDS = json.loads((PLANT / "words" / "en" / "console.json").read_text("utf-8"))


def test_types_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "make_console_types.py"), "--check"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_word_is_used() -> None:
    """A key stands in the source as it is, or as the beginning that `named`, `count` or a template adds to."""
    text = "\n".join(SOURCE.values())
    named = set(re.findall(r'named\(\s*"([\w.]+)"', text)) | {"state"}
    begun = {match.rstrip(".") for match in re.findall(r"`([\w.]+\.)\$\{", text)}
    unused = []
    for key in WORDS:
        name = key.removeprefix("console.")
        stem = name.removesuffix(".one").removesuffix(".other")
        parent = name.rpartition(".")[0]
        parents = [stem[: match.start()] for match in re.finditer(r"\.", stem)]
        if f'"{name}"' in text or f'"{stem}"' in text or parent in named or begun & set(parents):
            continue
        unused.append(name)
    assert unused == []


def test_no_markup_is_written_as_text() -> None:
    """Nothing of the console gives text to a parser of markup, and nothing is styled or scripted inline."""
    for name, text in SOURCE.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySet|\beval\(|new Function|srcdoc", text), (
            name
        )
    page = (CONSOLE / "index.html").read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)


def test_components_stand_alone_in_files_that_can_be_read() -> None:
    for name, text in SOURCE.items():
        assert text.count("\n") <= 400 or name.endswith("api/types.ts"), name


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((CONSOLE / "package-lock.json").read_text("utf-8"))
    assert not any("resolved" in package for package in lock["packages"].values())
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


def test_the_licences_of_what_is_built_in_travel_with_it() -> None:
    """Every package that is not for building alone, by name and version."""
    lock = json.loads((CONSOLE / "package-lock.json").read_text("utf-8"))["packages"]
    shipped = {name.removeprefix("node_modules/"): item["version"] for name, item in lock.items() if name and not item.get("dev")}
    assert shipped
    said = (CONSOLE / "public" / "licences.txt").read_text("utf-8")
    for name, version in shipped.items():
        assert f"--- {name} {version} ---" in said
    assert said.count("Permission is hereby granted") == len(shipped)
