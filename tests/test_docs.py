"""Docs are tested: every verb, error and package is documented, links lead somewhere, and what a page tells people to type exists."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from andon.cli.main import VERBS, cli
from andon.plant import errors

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("docs/**/*.md"), ROOT / "README.md", ROOT / "THIRD_PARTY.md"])
WRITTEN = [page for page in PAGES if "decisions" not in page.parts and page.name != "cli.md"]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def test_every_verb_is_documented() -> None:
    page = (ROOT / "docs/reference/cli.md").read_text("utf-8")
    for verb in VERBS:
        assert f"\n## `andon {verb}`\n" in page, verb


def test_every_error_is_documented() -> None:
    page = (ROOT / "docs/reference/errors.md").read_text("utf-8")
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.AndonError)]
    for kind in kinds:
        if kind is not errors.AndonError:
            assert f"`{kind.__name__}`" in page, kind


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        found = (page.parent / file).resolve() if file else page
        assert found.exists(), f"{name_of(page)}: {target}"
        if anchor and found.suffix == ".md":
            heads = {
                re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-")
                for head in re.findall(r"^#+ (.+)$", found.read_text("utf-8"), re.M)
            }
            assert anchor in heads, f"{name_of(page)}: {target}"


def commands(page: Path) -> Iterator[str]:
    """Lines of shell blocks that call andon."""
    for block in re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        for line in block.splitlines():
            words = line.split("#")[0].strip()
            if re.match(r"(\S*/)?andon ", words):
                yield words


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_what_a_page_tells_people_to_type_exists(page: Path) -> None:
    for line in commands(page):
        words = shlex.split(line)[1:]
        command: click.Command = cli
        context = click.Context(cli, info_name="andon")
        while words:
            word = words.pop(0)
            if word.startswith("-"):
                options = {
                    name: option
                    for option in command.params
                    if isinstance(option, click.Option)
                    for name in (*option.opts, *option.secondary_opts)
                }
                assert word.partition("=")[0] in options, f"{name_of(page)}: {line}: no option {word}"
                option = options[word.partition("=")[0]]
                if not option.is_flag and "=" not in word:
                    value = words.pop(0)
                    if not isinstance(option.type, click.Path | click.File):
                        option.type.convert(value, option, context)
            elif isinstance(command, click.Group):
                inner = command.get_command(context, word)
                assert inner is not None, f"{name_of(page)}: {line}: no verb {word}"
                command = inner


def test_the_tutorial_goes_the_whole_way() -> None:
    """Every verb that a plant engineer needs is met in the tutorial, in the order of the work."""
    lines = list(commands(ROOT / "docs/tutorials/ten-minutes.md"))
    verbs = [next(word for word in line.split()[1:] if word in VERBS) for line in lines]
    assert list(dict.fromkeys(verbs)) == ["audit", "init", "train", "score", "report", "evaluate", "budget", "tag"]


def test_every_package_of_the_locks_is_named_with_its_licence() -> None:
    page = (ROOT / "THIRD_PARTY.md").read_text("utf-8")
    for lock in ("requirements.lock", "requirements-plant.lock"):
        for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / lock).read_text("utf-8"), re.M):
            assert re.search(rf"^\| `{re.escape(name)}` \| {re.escape(version)} \| [^|\s][^|]* \|$", page, re.M), (
                f"{name}: run tools/make_third_party.py"
            )


def test_no_package_of_the_lock_asks_more_than_its_mention() -> None:
    """The default install has no GPL and nothing source-available."""
    page = (ROOT / "THIRD_PARTY.md").read_text("utf-8").partition("## `requirements-plant.lock`")[0]
    for row in re.findall(r"^\| `.*$", page, re.M):
        assert not re.search(r"\b(?:A?GPL|LGPL|SSPL|BUSL|proprietary)", row, re.IGNORECASE), row


def test_the_page_of_packages_is_up_to_date() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools/make_third_party.py"), "--check"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_changes_are_told_in_a_sentence_or_two() -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools/make_changelog.py"), "--check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )
    assert run.returncode == 0, run.stdout


def test_every_page_is_on_the_map() -> None:
    """From docs/README.md every page is reached by links."""
    seen, todo = set(), [ROOT / "docs/README.md"]
    while todo:
        page = todo.pop()
        if page in seen:
            continue
        seen.add(page)
        for target in re.findall(r"\]\(([^)\s#]+)", page.read_text("utf-8")):
            found = (page.parent / target).resolve()
            if found.suffix == ".md" and found.exists():
                todo.append(found)
            elif found.is_dir():
                todo += list(found.glob("*.md"))
    assert {name_of(page) for page in ROOT.glob("docs/**/*.md")} - {name_of(page) for page in seen} == set()


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_python_in_a_page_compiles_and_names_what_exists(page: Path) -> None:
    import andon

    for block in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        if ">>>" not in block:
            compile(block, name_of(page), "exec")
        for name in re.findall(r"\bandon\.(\w+)", block):
            assert name in andon.__all__ or (ROOT / "src/andon" / name).is_dir(), f"{name_of(page)}: andon.{name}"


def test_a_release_gathers_the_changes(tmp_path: Path) -> None:
    """Newest first, one line a topic, and a version only once."""
    spec = importlib.util.spec_from_file_location("make_changelog", ROOT / "tools/make_changelog.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    (tmp_path / "b.md").write_text("Second thing.\nIn two lines.\n")
    (tmp_path / "a.md").write_text("First thing.")
    found = tool.fragments(tmp_path)
    assert tool.wrong(found) == []
    once = tool.assembled(tool.HEAD, found, "0.1.0", "2026-12-01")
    assert once == f"{tool.HEAD}\n## 0.1.0 (2026-12-01)\n\n* First thing.\n* Second thing. In two lines.\n"
    twice = tool.assembled(once, {"c": "Third."}, "0.2.0", "2027-01-01")
    assert twice.index("0.2.0") < twice.index("0.1.0")
    assert twice.count(tool.HEAD) == 1
    with pytest.raises(SystemExit):
        tool.assembled(twice, found, "0.1.0", "2027-01-01")
    topics = [line.partition(":")[0] for line in tool.wrong({"x": "# Title", "y": "", "z": "word " * 200, "fine": "Fine."})]
    assert sorted(topics) == ["x", "y", "z"]
