"""A checkpoint comes back whole, or the one before it does."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from andon.plant.errors import StoreError
from andon.store.checkpoint import Checkpoints
from andon.store.journal import Position

KINDS = st.sampled_from([np.bool_, np.uint8, np.int16, np.int32, np.int64, np.uint64, np.float32, np.float64])
CONTENT = st.dictionaries(
    st.text(max_size=8).filter(lambda name: name != "__metadata__"),
    KINDS.flatmap(lambda kind: arrays_of.arrays(kind, arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))),
    max_size=3,
)


@given(arrays=CONTENT, data=st.dictionaries(st.text(), st.integers() | st.text() | st.none(), max_size=3))
@settings(deadline=None, max_examples=60)
def test_there_and_back(arrays: dict[str, Any], data: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Checkpoints(folder).save(arrays, data, position=Position(3, 4096), at=7)
        found = Checkpoints(folder).latest()
    assert found is not None
    assert (found.number, found.at, found.position, dict(found.data)) == (1, 7, Position(3, 4096), data)
    assert set(found.arrays) == set(arrays)
    for name, array in arrays.items():
        got = found.arrays[name]
        assert (got.dtype, got.shape, got.tobytes()) == (array.dtype, array.shape, array.tobytes())
        assert got.flags.writeable


def test_a_view_is_kept_as_it_looks(tmp_path: Path) -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    Checkpoints(tmp_path).save({"t": array.T, "step": array[::2, ::-1]}, {}, position=None, at=1)
    found = Checkpoints(tmp_path).latest()
    assert found is not None
    assert found.position is None
    assert np.array_equal(found.arrays["t"], array.T)
    assert np.array_equal(found.arrays["step"], array[::2, ::-1])


def test_two_generations_are_kept_and_the_journal_from_the_older(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    assert (checkpoints.latest(), checkpoints.needed_from(), checkpoints.files()) == (None, None, [])
    for number in range(1, 6):
        checkpoints.save({"n": np.array([number])}, {"n": number}, position=Position(number, 16), at=number)
    assert [path.name for path in checkpoints.files()] == ["000000000004.checkpoint", "000000000005.checkpoint"]
    assert checkpoints.needed_from() == Position(4, 16)
    found = Checkpoints(tmp_path).latest()
    assert found is not None
    assert (found.number, found.data["n"], found.arrays["n"].tolist()) == (5, 5, [5])


@pytest.mark.parametrize("cut", [0, 7, 30, 47, 60, 120, -1])
def test_a_torn_newest_gives_way_to_the_one_before(tmp_path: Path, cut: int) -> None:
    checkpoints = Checkpoints(tmp_path)
    for number in (1, 2):
        checkpoints.save({"n": np.arange(number + 5)}, {"n": number}, position=Position(number, 16), at=number)
    path = checkpoints.files()[-1]
    path.write_bytes(path.read_bytes()[:cut])
    again = Checkpoints(tmp_path)
    found = again.latest()
    assert found is not None
    assert found.number == 1
    assert [name for name, _ in again.skipped] == ["000000000002.checkpoint"]
    assert (tmp_path / "000000000002.checkpoint.damaged").exists()
    # The next one does not drive out the good one in favour of the damaged one.
    again.save({}, {"n": 3}, position=Position(9, 16), at=3)
    assert [path.name for path in again.files()] == ["000000000001.checkpoint", "000000000002.checkpoint"]
    assert again.needed_from() == Position(1, 16)


def test_every_changed_byte_is_found(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save({"n": np.arange(3)}, {"n": 1}, position=Position(1, 16), at=1)
    whole = checkpoints.files()[0].read_bytes()
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 0x10
        path = tmp_path / "000000000001.checkpoint"
        path.write_bytes(changed)
        with pytest.raises(StoreError, match="no checkpoint can be read, 000000000001"):
            Checkpoints(tmp_path).latest()
        (tmp_path / "000000000001.checkpoint.damaged").unlink()


def test_a_newer_schema_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("andon.store.checkpoint.SCHEMA_VERSION", 2)
        Checkpoints(tmp_path).save({}, {}, position=None, at=1)
    with pytest.raises(StoreError, match="schema version 2, this Andon knows 1"):
        Checkpoints(tmp_path).latest()


def test_a_full_disk_leaves_the_ones_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save({}, {"n": 1}, position=None, at=1)

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space left on device"):
            checkpoints.save({}, {"n": 2}, position=None, at=2)
    found = checkpoints.latest()
    assert found is not None
    assert found.data["n"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["000000000001.checkpoint"]
    with pytest.raises(ValueError, match="JSON"):
        checkpoints.save({}, {"n": float("nan")}, position=None, at=3)
