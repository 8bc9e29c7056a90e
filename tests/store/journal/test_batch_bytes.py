"""A batch comes back from its bytes to the last bit."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given

from andon.plant.batch import Batch
from andon.plant.errors import StoreError
from andon.store.journal.batch_bytes import pack, unpack
from tests.store.batches import batch, batches, same


@given(batches())
def test_there_and_back(given_batch: Batch) -> None:
    data = pack(given_batch)
    assert len(data) % 8 == 0
    assert same(unpack(data), given_batch)


def test_names_are_the_same_objects_again() -> None:
    one, other = unpack(pack(batch(1))), unpack(pack(batch(2)))
    assert one.tags is other.tags
    assert one.assets is other.assets


def test_what_came_back_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        unpack(pack(batch(1))).values[0, 0] = 1


def test_a_newer_version_and_nonsense() -> None:
    data = pack(batch(1))
    with pytest.raises(StoreError, match="a batch of version 9, this Andon knows 1"):
        unpack(bytes([9]) + data[1:])
    for wrong in (b"", data[:20], data[: len(data) // 2], struct.pack("<BBHIIII", 1, 0, 0, 5, 5, 1, 1) + b"\xff" * 40):
        with pytest.raises(StoreError, match="not a batch"):
            unpack(wrong)
