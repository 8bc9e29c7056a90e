"""Fetching from a server that is in this process, and from a folder."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from andon.datasets import FileState, check, fetch, fetching
from andon.datasets.checking import partial, state_of
from andon.datasets.listing import Dataset, DatasetFile
from andon.plant.errors import RefusedError, StoreError, TryAgainError

BODY = {f"part/{number}.csv": bytes(range(256)) * (40 + number) for number in range(3)}
SET = Dataset(
    "toy", "Toy", "A toy.", "", "", "", "someone/toys", "0123456789ab", "someone/toys", "MIT", "stated in the repository", "",
    tuple(DatasetFile(path, len(body), hashlib.sha256(body).hexdigest(), path) for path, body in BODY.items()),
)  # fmt: skip


class Server(ThreadingHTTPServer):
    """Serves BODY; may forget ranges, cut answers short, or spoil bytes."""

    ranges = True
    cut: int | None = None
    spoil = False
    asked: list[str | None]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        body = BODY.get(self.path.removeprefix("/toy/"))
        if body is None:
            self.send_error(404)
            return
        if self.server.spoil:
            body = b"!" + body[1:]
        start = 0
        if wanted and self.server.ranges:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            self.send_response(206)
        else:
            self.send_response(200)
        rest = body[start:]
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest if self.server.cut is None else rest[: self.server.cut])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(fetching, "dataset", lambda name: SET)
    running = Server(("127.0.0.1", 0), Handler)
    running.asked = []
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def whole(folder: Path) -> bool:
    return all((folder / "toy" / path).read_bytes() == body for path, body in BODY.items())


def test_fetch_brings_every_file_and_reports_progress(server: Server, tmp_path: Path) -> None:
    seen: list[float] = []
    paths = fetch("toy", tmp_path, address(server), lambda stage, share: seen.append(share))
    assert whole(tmp_path)
    assert paths == tuple(tmp_path / "toy" / path for path in BODY)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert not list(tmp_path.rglob("*.part"))


def test_a_second_fetch_asks_for_nothing(server: Server, tmp_path: Path) -> None:
    fetch("toy", tmp_path, address(server))
    server.asked.clear()
    fetch("toy", tmp_path, address(server))
    assert server.asked == []


def test_a_cut_download_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.cut = 1000
    with pytest.raises(TryAgainError, match=r"the connection ended after 1,000 of 10,240 bytes"):
        fetch("toy", tmp_path, address(server))
    assert state_of(tmp_path, SET, SET.files[0]) == FileState.PARTIAL
    assert not (tmp_path / "toy" / "part" / "0.csv").exists()
    server.cut = None
    server.asked.clear()
    fetch("toy", tmp_path, address(server))
    assert server.asked == ["bytes=1000-", None, None]
    assert whole(tmp_path)


def test_a_server_without_ranges_starts_anew(server: Server, tmp_path: Path) -> None:
    part = partial(tmp_path / "toy" / "part" / "0.csv")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"old")
    server.ranges = False
    fetch("toy", tmp_path, address(server))
    assert whole(tmp_path)


def test_wrong_bytes_are_refused_and_not_kept(server: Server, tmp_path: Path) -> None:
    server.spoil = True
    with pytest.raises(RefusedError, match="not the file of the catalogue"):
        fetch("toy", tmp_path, address(server))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_file_that_was_changed_here_is_fetched_again(server: Server, tmp_path: Path) -> None:
    fetch("toy", tmp_path, address(server))
    place = tmp_path / "toy" / "part" / "1.csv"
    place.write_bytes(b"edited")
    assert state_of(tmp_path, SET, SET.files[1]) == FileState.WRONG
    fetch("toy", tmp_path, address(server))
    assert whole(tmp_path)


def test_no_such_file_and_no_server_say_what_to_do(server: Server, tmp_path: Path) -> None:
    with pytest.raises(TryAgainError, match="the server answered 404"):
        fetch("toy", tmp_path, address(server) + "/elsewhere")
    server.shutdown()
    server.server_close()
    with pytest.raises(TryAgainError, match="the network failed") as met:
        fetch("toy", tmp_path, address(server))
    assert "try again" in met.value.do


def test_a_local_folder_is_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "dataset", lambda name: SET)
    for path, body in BODY.items():
        place = tmp_path / "mirror" / "toy" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)
    fetch("toy", tmp_path / "here", tmp_path / "mirror")
    assert whole(tmp_path / "here")
    with pytest.raises(TryAgainError, match="the file is not in the folder"):
        fetch("toy", tmp_path / "there", tmp_path / "here" / "toy")


def test_converted_files_are_not_at_the_origin(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="44 files of tep were converted from their origin") as met:
        fetch("tep", tmp_path)
    assert "--from" in met.value.do
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_a_file_is_a_store_error(server: Server, tmp_path: Path) -> None:
    (tmp_path / "toy").write_text("not a folder", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be written"):
        fetch("toy", tmp_path, address(server))


def test_check_of_an_empty_folder_finds_nothing(tmp_path: Path) -> None:
    states = check(tmp_path, ("skab", "ett"))
    assert [one.name for one in states] == ["skab", "ett"]
    assert all(one.absent and not one.complete for one in states)
    (tmp_path / "ett").mkdir()
    (tmp_path / "ett" / "ETTh1.csv").write_text("date,OT\n", encoding="utf-8")
    (again,) = check(tmp_path, ("ett",))
    assert again.files == (("ETTh1.csv", FileState.WRONG),)
    assert again.count(FileState.WRONG) == 1
