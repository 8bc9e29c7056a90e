"""The catalogue is whole, and says how sure its licences are."""

from __future__ import annotations

import pytest

from andon.datasets import catalogue, dataset
from andon.plant.errors import AskUserError


def test_every_set_says_where_it_comes_from_and_how_sure_its_licence_is() -> None:
    sets = catalogue()
    assert len(sets) == 24
    assert [one.name for one in sets] == sorted(one.name for one in sets)
    for one in sets:
        assert one.title
        assert one.licence
        assert one.licence_known in ("stated in the repository", "from memory", "not stated")
        assert one.repository.count("/") == 1
        assert len(one.commit) >= 7
        assert one.files
        for file in one.files:
            assert file.size > 0
            assert len(file.sha256) == 64
            assert not file.path.startswith(("/", ".."))
            assert ".." not in file.path.split("/")


def test_converted_files_have_no_address_and_copies_have_one() -> None:
    skab = dataset("skab")
    first = next(file for file in skab.files if file.path == "valve1/0.csv")
    assert skab.url(first) == "https://raw.githubusercontent.com/waico/SKAB/b2c0d46c2971/data/valve1/0.csv"
    assert skab.converted == 0
    tep = dataset("tep")
    assert tep.converted == len(tep.files)
    assert tep.url(tep.files[0]) is None
    tetuan = dataset("tetuan-power")
    assert tetuan.url(tetuan.files[0]) == (
        "https://raw.githubusercontent.com/BLarzalere/Temporal-Fusion-Transformer/9c75d7bd25c4/Tetuan%20City%20power%20consumption.csv"
    )


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(AskUserError, match="no data set 'skap'") as met:
        dataset("skap")
    assert "skab" in met.value.do
