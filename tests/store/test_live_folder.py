"""The room gives what it promises, and loads what is heavy with the first use."""

from __future__ import annotations

from pathlib import Path

import pytest

import andon.store
from andon.store import LiveFolder
from tests.fresh_process import loaded


def test_everything_promised_is_there() -> None:
    for name in andon.store.__all__:
        assert not isinstance(getattr(andon.store, name), type(andon.store)), name
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = andon.store.nothing


def test_importing_the_room_is_cheap() -> None:
    heavy = ("sqlalchemy", "alembic", "polars", "msgspec", "cryptography", "safetensors")
    assert loaded("import andon.store", heavy) == []


def test_places() -> None:
    live = LiveFolder.at("here")
    places = [
        live.journal,
        live.checkpoints,
        live.samples,
        live.verdicts,
        live.quality,
        live.database,
        live.ledger,
        live.ledger_key,
        live.dead_letters,
    ]
    assert len(set(places)) == len(places)
    assert all(place.parent == Path("here") for place in places)
