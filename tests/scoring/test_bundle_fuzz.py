"""Whatever happens to the bytes: the same content, or a `BundleError`. Never another exception, never other content."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from andon.plant.errors import BundleError
from andon.scoring.bundle import Bundle, pack_bundle, read_bundle
from andon.scoring.safetensors_file import pack_arrays, unpack_arrays
from andon.scoring.signing import new_keys

KEYS = new_keys()
MEMBERS = {
    "core.safetensors": pack_arrays({"w": np.arange(6.0).reshape(2, 3)}),
    "calibration.json": json.dumps({"threshold": [3.5] * 40}).encode(),
    "step.onnx": bytes(range(64)),
}
GOOD = pack_bundle(MEMBERS, {"model": "pump"}, made_at=1_790_000_000_000_000_000, key=KEYS.private).data
SLOW = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "fuzzed.andon"


def read_or_refuse(file: Path, data: bytes) -> None:
    """Signed by a trusted key, so nothing but the original content may come out."""
    file.write_bytes(data)
    try:
        got: Bundle = read_bundle(file, trusted=[KEYS.public])
    except BundleError:
        return
    assert dict(got.members) == MEMBERS
    assert got.manifest["model"] == "pump"


@SLOW
@given(flips=st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(1, 255)), min_size=1, max_size=6))
def test_flipped_bytes(file: Path, flips: list[tuple[int, int]]) -> None:
    data = bytearray(GOOD)
    for at, bits in flips:
        data[at] ^= bits
    read_or_refuse(file, bytes(data))


@SLOW
@given(length=st.integers(0, len(GOOD) - 1), keep_end=st.booleans())
def test_cut_at_either_end(file: Path, length: int, keep_end: bool) -> None:
    read_or_refuse(file, GOOD[-length:] if keep_end and length else GOOD[:length])


@SLOW
@given(low=st.integers(0, len(GOOD)), high=st.integers(0, len(GOOD)), filling=st.binary(max_size=40))
def test_a_piece_replaced(file: Path, low: int, high: int, filling: bytes) -> None:
    low, high = sorted((low, high))
    read_or_refuse(file, GOOD[:low] + filling + GOOD[high:])


@SLOW
@given(head=st.binary(max_size=60), middle=st.binary(max_size=200))
def test_noise_dressed_as_a_zip(file: Path, head: bytes, middle: bytes) -> None:
    read_or_refuse(file, b"PK\x03\x04" + head + b"PK\x01\x02" + middle + b"PK\x05\x06" + (head + bytes(18))[:18])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
FIELDS = ["format", "schema_version", "version", "made_at", "content_hash", "members", "model", "new"]


def edited(change: dict[str, Any], extra: dict[str, bytes]) -> bytes:
    """An unsigned zip with edited manifest fields and extra members."""
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name != "signature.json"}
    files["manifest.json"] = json.dumps(json.loads(files["manifest.json"]) | change).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in {**files, **extra}.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


@settings(SLOW, max_examples=100)
@given(
    change=st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1, max_size=3),
    extra=st.dictionaries(st.text(min_size=1, max_size=12), st.binary(max_size=9), max_size=2),
)
@example(change={"new": "\ud800"}, extra={})
@example(change={"members": {"core.safetensors": {"sha256": "\ud800"}}}, extra={})
def test_edited_manifest_and_members_of_an_unsigned_file(file: Path, change: dict[str, Any], extra: dict[str, bytes]) -> None:
    try:
        file.write_bytes(edited(change, extra))
    except (UnicodeEncodeError, ValueError):
        return
    try:
        got = read_bundle(file)
    except BundleError:
        return
    assert edited({}, {}) == edited(change, extra) or set(change) == {"made_at"}  # the version holds it to the second
    assert dict(got.members) == MEMBERS


@SLOW
@given(data=st.binary(max_size=120), size=st.integers(0, 200))
def test_noise_dressed_as_arrays(data: bytes, size: int) -> None:
    try:
        unpack_arrays(size.to_bytes(8, "little") + data)
    except BundleError:
        return
