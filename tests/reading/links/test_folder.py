"""The folder link: the laws, names of files, files that are not whole, and what a restart in the middle of a file does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from andon.plant.backoff import Backoff
from andon.plant.clock import SystemClock
from andon.plant.errors import AskUserError, ReadingError
from andon.plant.time import NS, format_instant, parse_instant
from andon.reading.folder import FolderLink, FolderSettings
from andon.reading.folder.connect import list_files, read_position
from andon.reading.folder.names import FileName, Found, read_name_time
from andon.reading.link import Connection, DeadLetter
from tests.reading.links.laws import T0, LinkLaws, Rig, Tap, eventually, expected, readings


def write(path: Path, numbers: Iterable[int], *, old_s: float = 10.0) -> None:
    """A file with these batches, as a careful writer leaves it."""
    rows = [f"{format_instant(T0 + n * NS)},{n},{'I/O Timeout' if n % 5 == 4 else -n}" for n in numbers]
    part = path.with_suffix(".part")
    part.write_text("time,a,b\n" + "\n".join(rows) + "\n")
    about = part.stat()
    os.utime(part, ns=(about.st_atime_ns, about.st_mtime_ns - int(old_s * NS)))
    part.rename(path)


class FolderRig:
    """A folder of files, one for each feed."""

    window = 20
    repeats = False

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder / "exports", 0

    def link(self, dead: list[DeadLetter]) -> FolderLink:
        how = FolderSettings("line", str(self.folder), ("{asset}-*.csv",), every_ns=NS // 50, rows=1, window=self.window)
        return FolderLink(how, SystemClock(), on_dead_letter=dead.append, backoff=Backoff(NS // 50, NS // 20))

    async def start(self) -> None:
        self.folder.mkdir()

    async def stop(self) -> None:
        pass

    async def feed(self, numbers: Iterable[int]) -> None:
        self.count += 1
        write(self.folder / f"p1-{self.count:04}.csv", numbers, old_s=1000 - self.count)

    async def spoil(self) -> None:
        self.count += 1
        path = self.folder / f"p1-{self.count:04}.csv"
        path.write_bytes(b"\x00\x01 no table at all")
        os.utime(path, (1.6e9, 1.6e9))

    async def cut(self) -> None:
        self.folder.rename(self.folder.with_name("away"))

    async def mend(self) -> None:
        self.folder.with_name("away").rename(self.folder)


class TestFolder(LinkLaws):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Rig:
        return FolderRig(tmp_path)


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("{asset}_{time}.csv", "pump 3_1772344800.csv", Found("pump 3", T0)),
        ("{asset}_{time}.csv", "pump_3_20260301060000.csv", Found("pump_3", T0)),
        ("{asset}-{time}.csv", "pump-2026-03-01-06-00-00.csv", Found("pump", T0)),
        ("{asset} {time}.csv", "pump 2026-03-01-06-00-00.csv", Found("pump", T0)),
        ("{asset}{time}.csv", "pump1772344800000.csv", Found("pump", T0)),
        ("{asset}/*_{time}.csv", "pump/a_20260301T060000Z.csv", Found("pump", T0)),
        ("{asset}.*", "pump.parquet", Found("pump", None)),
        ("line_{time}.csv", "line_2026-03-01.csv", Found("", T0 - 6 * 3600 * NS)),
        ("{asset}_{time}.csv", "pump_20261301060000.csv", None),
        ("{asset}_{time}.csv", "pump_today.csv", None),
        ("{asset}.csv", "sub/pump.csv", None),
    ],
)
def test_names(pattern: str, path: str, found: Found | None) -> None:
    assert FileName(pattern).match(path) == found


def test_times_in_names() -> None:
    assert read_name_time("202603010600") == T0
    assert read_name_time("2026-03-01T06-00-00") == T0
    assert read_name_time("99999999") is None


def test_a_file_is_due_after_its_time_and_delay_in_order_of_times(tmp_path: Path) -> None:
    """Lookout for Equipment's scheduled inference: a plant five hours east, files may come ten minutes late."""

    class Fixed(SystemClock):
        time = parse_instant("2026-03-01T01:09:00Z")

        def now(self) -> int:
            return self.time

    clock = Fixed()
    how = FolderSettings(
        "line", str(tmp_path), ("{asset}_{time}.csv",), every_ns=NS // 100, delay_ns=600 * NS, offset_ns=5 * 3600 * NS, stable_ns=0
    )

    async def whole() -> None:
        write(tmp_path / "p1_20260301060000.csv", [2])  # 01:00 UTC
        write(tmp_path / "p1_20260301060500.csv", [3])
        async with Tap(FolderLink(how, clock)) as tap:
            await asyncio.sleep(0.1)
            assert tap.taken == []
            write(tmp_path / "p1_20260301055500.csv", [1])  # late, but within the delay
            clock.time = parse_instant("2026-03-01T01:10:00Z")
            await tap.until(2)
            await asyncio.sleep(0.05)
            assert readings(tap.batches()) == expected([1, 2])
            assert [int(batch.time[0]) for batch in tap.batches()] == [T0 + NS, T0 + 2 * NS]
            clock.time = parse_instant("2026-03-01T01:15:00Z")
            await tap.until(3)

    asyncio.run(whole())


def test_a_file_that_still_grows_is_left_alone(tmp_path: Path) -> None:
    how = FolderSettings("line", str(tmp_path), every_ns=NS // 100, stable_ns=NS // 2)

    async def whole() -> None:
        async with Tap(FolderLink(how, SystemClock())) as tap:
            path = tmp_path / "p1.csv"
            with path.open("w") as file:
                file.write("time,a,b\n")
                for n in range(4):
                    file.write(f"{format_instant(T0 + n * NS)},{n},{-n}\n")
                    file.flush()
                    await asyncio.sleep(0.2)
                    assert tap.taken == []
            await tap.until(4)
            assert readings(tap.batches()) == expected(range(4))
            assert len(tap.taken) == 1

    asyncio.run(whole())


def test_writers_names_hidden_files_and_links_out_are_passed_over(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.csv").write_text("x")
    for name in ("a.csv", ".hidden.csv", "b.csv.part", "c.tmp", "~d.csv", "sub/e.csv", ".git/f.csv"):
        (inside / name).parent.mkdir(exist_ok=True)
        (inside / name).write_text("x")
    (inside / "link.csv").symlink_to(outside / "secret.csv")
    (inside / "link").symlink_to(outside)
    assert [entry.path for entry in list_files(inside, ())] == ["a.csv", "sub/e.csv"]


def test_a_changed_file_is_read_again_and_gone_files_leave_the_position(tmp_path: Path) -> None:
    how = FolderSettings("line", str(tmp_path), every_ns=NS // 100, stable_ns=0)

    async def whole() -> None:
        write(tmp_path / "p1.csv", [0])
        async with Tap(FolderLink(how, SystemClock())) as tap:
            await tap.until(1)
            write(tmp_path / "p1.csv", [0, 1], old_s=5)
            await tap.until(3)
            (tmp_path / "p1.csv").unlink()
            write(tmp_path / "p2.csv", [2])
            await tap.until(4)
            position = await tap.acknowledge()
        assert len(read_position(position)[0]) == 1

    asyncio.run(whole())


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ({"folder": ""}, 'key link.address: a folder link needs a folder\n  do: for example address = "exports/live"'),
        ({"names": ("{x}.csv",)}, "'{x}.csv' is no file name: '{x}'\n  do: use {asset}, {time} and *, like \"{asset}_{time}.csv\""),
        ({"names": ("../*",)},
         "'../*' is no file name below the folder\n  do: write it relative to the folder, like \"{asset}_{time}.csv\""),
        ({"names": ("{asset}{asset}",)}, "'{asset}{asset}' has {asset} twice\n  do: write it once"),
        ({"delay_ns": 5}, "key link.topics: delay and offset are about times in file names, and no name has one\n"
                          '  do: write {time} where it stands, like "{asset}_{time}.csv"'),
        ({"zone": "Nowhere"}, "'Nowhere' is not an IANA time zone\n  do: use a name like \"Europe/Berlin\" or \"UTC\""),
    ],
)  # fmt: skip
def test_wrong_settings(how: dict[str, Any], text: str) -> None:
    with pytest.raises(AskUserError) as caught:
        FolderLink(FolderSettings(**{"name": "line", "folder": "x", **how}), SystemClock())
    assert str(caught.value) == text


@pytest.mark.parametrize("position", ["x", "{}", "[]", '{"done": 5, "file": "", "batches": 0}'])
def test_a_position_of_something_else_is_refused(position: str) -> None:
    with pytest.raises(ReadingError, match="is no position of a folder"):
        read_position(position)


def test_an_absent_folder_is_waited_for(tmp_path: Path) -> None:
    how = FolderSettings("line", str(tmp_path / "later"), every_ns=NS // 100, stable_ns=0)

    async def whole() -> None:
        async with Tap(FolderLink(how, SystemClock(), backoff=Backoff(NS // 50, NS // 50))) as tap:
            await eventually(lambda: tap.link.health().connection is Connection.WAITING)
            assert "No such file or directory" in tap.link.health().last_error
            (tmp_path / "later").mkdir()
            write(tmp_path / "later" / "p1.csv", [0])
            await tap.until(1)

    asyncio.run(whole())
