"""Which folder is meant."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from andon.datasets import check, data_folder, user_data_folder


def test_option_before_variable_before_user_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANDON_DATA", str(tmp_path / "env"))
    assert data_folder(tmp_path / "option") == tmp_path / "option"
    assert data_folder() == tmp_path / "env"
    monkeypatch.delenv("ANDON_DATA")
    assert data_folder() == user_data_folder()
    assert user_data_folder().parts[-2:] == ("andon", "data")


@pytest.mark.skipif(not os.environ.get("ANDON_DATA"), reason="ANDON_DATA names no folder with public recordings")
def test_the_public_recordings_are_what_the_catalogue_says() -> None:
    states = check(data_folder(), ("skab", "ett", "nab", "smd", "tsb-ad-m"))
    assert all(one.complete for one in states)
