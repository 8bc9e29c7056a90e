"""Errors: three parts, one JSON shape, an exit code."""

from __future__ import annotations

import json

import pytest

from andon.plant import errors
from andon.plant.errors import AndonError, At, ReadingError, UsageError

CLASSES = sorted(
    (item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, AndonError)), key=lambda item: item.__name__
)


def test_the_text_has_place_what_and_advice() -> None:
    error = ReadingError("time goes backwards", at=At(file="line3.csv", line=86_412, tag="FIC-101.PV"), do="pass --zone Europe/Berlin")
    assert str(error) == "line3.csv:86412, tag FIC-101.PV: time goes backwards\n  do: pass --zone Europe/Berlin"
    assert str(ReadingError("x")) == "x"
    assert str(At(line=3, time="now", key="a.b")) == "line 3, time now, key a.b"
    assert not At()


@pytest.mark.parametrize("kind", CLASSES)
def test_all_errors_have_one_json_shape(kind: type[AndonError]) -> None:
    error = kind("what", at=At(file="f", line=1, tag="t", time="now", key="k"), do="this")
    shape = json.loads(json.dumps(error.as_dict()))
    assert shape == {
        "error": kind.__name__,
        "what": "what",
        "at": {"file": "f", "line": 1, "tag": "t", "time": "now", "key": "k"},
        "do": "this",
    }
    assert kind("what").as_dict() == {"error": kind.__name__, "what": "what", "at": {}, "do": ""}


@pytest.mark.parametrize("kind", CLASSES)
def test_exit_codes(kind: type[AndonError]) -> None:
    assert kind.exit_code == (2 if issubclass(kind, UsageError) else 1)


def test_every_error_says_what_happens_next() -> None:
    """Each class is one of: ask the user, refuse, try again."""
    for kind in CLASSES:
        if kind is not AndonError:
            assert issubclass(kind, errors.AskUserError | errors.RefusedError | errors.TryAgainError), kind
