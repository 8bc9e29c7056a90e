"""Encodings are found from the bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.plant.errors import ReadingError
from andon.reading.encoding import find_encoding, open_text

TEXTS = {
    "utf-8": "Zeit;Druck Kühler (°C);泵\n1;2;3\n",
    "utf-16-le": "Zeit;Druck Kühler\n1;2\n",
    "utf-16-be": "Zeit;Druck Kühler\n1;2\n",
    "gb18030": "时间,温度,压力,一号泵电流\n1,2,3,4\n",
    "cp1252": "Zeit;Druck Kühler;Temp (°C);Fluß µm/s;Größe\n1;2;3;4;5\n",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_each_encoding_gives_the_text_back(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(TEXTS[encoding].encode(encoding))
    with open_text(path) as text:
        assert text.encoding == encoding
        assert text.whole() == TEXTS[encoding]
        assert text.start() == TEXTS[encoding]


def test_marks_at_the_start_are_dropped(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        path = tmp_path / "x.csv"
        path.write_bytes("time,a\n1,2\n".encode(encoding))
        with open_text(path) as text:
            assert text.whole() == "time,a\n1,2\n"


def test_a_foreign_byte_far_down_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    body = b"time,a\n" + b"2024-01-01 00:00:00,1\n" * 400_000
    path.write_bytes(body + "2024-01-01 00:00:01,Störung\n".encode("cp1252"))
    with open_text(path) as text:
        assert text.encoding == "cp1252"
        assert text.whole().endswith("Störung\n")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(codec="utf-8", blacklist_categories=["Cs", "Cc"]), min_size=4))
def test_valid_utf8_is_never_taken_for_anything_else(text: str) -> None:
    assert find_encoding(text.encode("utf-8"), True) == "utf-8"


def test_a_cut_archive_is_a_clear_error(tmp_path: Path) -> None:
    import gzip

    import zstandard

    body = b"time,a\n" + b"2024-01-01 00:00:00,1\n" * 1000
    for name, data in (("x.csv.gz", gzip.compress(body)[:-20]), ("y.csv.zst", b"\x28\xb5\x2f\xfd" + zstandard.compress(body)[8:])):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ReadingError, match="cannot be"), open_text(tmp_path / name):
            pass
