"""What could not be understood is counted, sampled, bounded, and stops nothing."""

from __future__ import annotations

import threading
from pathlib import Path

from andon.store.dead_letters import DeadLetter, DeadLetters


def test_a_letter_comes_back(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path)
    assert letters.add("mqtt", "not-json", b"\xff{", at=5, detail="byte 0 is no UTF-8")
    assert letters.add("http", "no-time", "温度 <b>", at=6)
    assert letters.recent() == [
        DeadLetter(6, "http", "no-time", "", "温度 <b>".encode(), 10, 1),
        DeadLetter(5, "mqtt", "not-json", "byte 0 is no UTF-8", b"\xff{", 2, 1),
    ]
    assert letters.recent(source="mqtt")[0].reason == "not-json"
    assert letters.recent(1)[0].source == "http"


def test_all_are_counted_and_some_are_kept(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path)
    kept = [number for number in range(1, 3_001) if letters.add("mqtt", "not-json", b"x", at=number)]
    assert kept == [*range(1, 101), *range(110, 1_001, 10), *range(1_100, 3_001, 100)]
    assert letters.counts() == {"mqtt": {"not-json": 3_000}}
    again = DeadLetters(tmp_path)
    assert again.counts() == {"mqtt": {"not-json": 3_000}}
    assert again.total() == 3_000


def test_the_disk_is_bounded(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path, most_bytes=20_000)
    for number in range(500):
        letters.add("mqtt", f"reason {number % 50}", bytes(10_000), at=number)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 20_000
    assert letters.recent(1)[0].at == 499
    assert (letters.recent(1)[0].size, len(letters.recent(1)[0].payload)) == (10_000, 2_048)
    assert letters.total() == 500


def test_reasons_without_end_are_bounded_too(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path)
    for number in range(1_500):
        letters.add("mqtt", f"reason {number}", b"", at=number)
    assert letters.counts()["other"] == {"other": 500}
    assert letters.total() == 1_500


def test_a_disk_that_refuses_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    letters = DeadLetters(tmp_path / "file" / "letters")
    assert not letters.add("mqtt", "not-json", b"x", at=1)
    assert (letters.unwritten, letters.total(), letters.recent()) == (1, 1, [])


def test_a_torn_line_is_passed_over(tmp_path: Path) -> None:
    DeadLetters(tmp_path).add("mqtt", "not-json", b"x", at=1)
    path = tmp_path / "dead-letters.jsonl"
    path.write_bytes(path.read_bytes() + b'{"at": 1, "sour')
    letters = DeadLetters(tmp_path)
    assert len(letters.recent()) == 1
    letters.add("mqtt", "not-json", b"y", at=2)
    assert [letter.payload for letter in letters.recent()] == [b"y", b"x"]


def test_threads_lose_no_count(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path)
    threads = [threading.Thread(target=lambda: [letters.add("m", "r", b"x", at=1) for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert letters.total() == 800
