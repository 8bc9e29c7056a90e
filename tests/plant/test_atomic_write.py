"""A file is whole or absent."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from andon.plant.atomic_write import atomic_write, write_bytes, write_text
from andon.plant.errors import StoreError


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.txt"
    write_text(path, "first")
    write_text(path, "zweite Fassung, 第二版")
    assert path.read_text("utf-8") == "zweite Fassung, 第二版"
    assert [item.name for item in path.parent.iterdir()] == ["a.txt"]


def test_an_exception_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_bytes(path, b"old")

    def half() -> None:
        with atomic_write(path) as file:
            file.write(b"half of the new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["a.bin"]


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left") as caught:
        write_bytes(tmp_path / "a.bin", b"x" * 100)
    assert caught.value.at.file == str(tmp_path / "a.bin")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot write"):
        write_bytes(tmp_path / "file" / "a.bin", b"x")


def test_a_very_long_name(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 200)
    write_bytes(path, b"x")
    assert path.read_bytes() == b"x"
