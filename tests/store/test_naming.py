"""File names for any name."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.store.naming import file_name, name_of

NAMES = st.text(st.characters(), max_size=40)


def test_by_hand() -> None:
    assert file_name("pump 1") == "pump 1"
    assert file_name("泵-2") == "泵-2"
    assert file_name("a/b\\c:d") == "a%2Fb%5Cc%3Ad"
    assert file_name("../x") == "%2E.%2Fx"
    assert file_name("") == "%"
    assert file_name("\0") == "%00"
    assert file_name("con") == "%63on"
    assert file_name("lpt1.txt") == "%6Cpt1.txt"
    assert file_name("end.") == "end%2E"
    assert file_name("100%") == "100%25"
    assert file_name("🙂") == "%F0%9F%99%82"


@settings(deadline=None)
@given(NAMES)
def test_comes_back_and_stays_in_its_folder(name: str) -> None:
    file = file_name(name)
    assert Path("folder", file).parent == Path("folder")
    assert file not in (".", "..")
    assert len(file.encode("utf-8", "surrogatepass")) <= 124
    assert (
        "~" in file
        or name_of(file).encode("utf-8", "surrogatepass") == name.encode("utf-8", "surrogatepass")
        or any("\ud800" <= c <= "\udfff" for c in name)
    )


@settings(deadline=None)
@given(NAMES, NAMES)
def test_different_names_have_different_files(one: str, two: str) -> None:
    assert (file_name(one) == file_name(two)) == (one == two)


def test_long_names_are_cut_and_stay_apart() -> None:
    one, two = file_name("x" * 500), file_name("x" * 499 + "y")
    assert one != two
    assert len(one) <= 120
