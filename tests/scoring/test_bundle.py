"""The model file: round trips, one bad file per mistake, versions, signatures."""

from __future__ import annotations

import errno
import io
import json
import os
import stat
import tracemalloc
import warnings
import zipfile
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from andon.plant.errors import AskUserError, BundleError, StoreError
from andon.plant.recording import Recording
from andon.scoring import bundle as bundle_module
from andon.scoring import plain_zip, schema_versions
from andon.scoring.bundle import inspect_bundle, pack_bundle, read_bundle, write_bundle
from andon.scoring.fingerprint import data_fingerprint
from andon.scoring.safetensors_file import list_arrays, pack_arrays, unpack_arrays
from andon.scoring.signing import Keys, key_id, new_keys, read_public, sign, verify, write_keys
from tests.fresh_process import loaded

CORPUS = Path(__file__).parent / "corpus"
NOON = 1_790_000_000_000_000_000
MEMBERS = {
    "core.safetensors": pack_arrays({"w": np.arange(6.0).reshape(2, 3), "n": np.array(7)}),
    "calibration.json": b'{"threshold": 3.5}',
    "step.onnx": b"\x08\x07graph",
}
MANIFEST: dict[str, Any] = {"model": "pump", "assets": ["pump 1"], "tags": ["T/1", "流量"]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "model.andon"
    write_bundle(file, MEMBERS, MANIFEST, made_at=NOON)
    return file


@pytest.fixture(scope="module")
def keys() -> Keys:
    return new_keys()


def test_round_trip(path: Path) -> None:
    got = read_bundle(path)
    assert {name: got.member(name) for name in got.members} == MEMBERS
    assert got.json("calibration.json") == {"threshold": 3.5}
    np.testing.assert_array_equal(got.arrays("core.safetensors", {"w": (2, None), "n": ()})["w"], np.arange(6.0).reshape(2, 3))
    assert got.manifest["tags"] == ["T/1", "流量"]
    assert got.signature is None
    assert got.file_sha256 == sha256(path.read_bytes()).hexdigest()


def test_the_version_is_time_and_content() -> None:
    one = pack_bundle(MEMBERS, MANIFEST, made_at=NOON)
    assert one == pack_bundle(dict(reversed(MEMBERS.items())), MANIFEST, made_at=NOON)
    later = pack_bundle(MEMBERS, MANIFEST, made_at=NOON + 10**9)
    assert one.version.startswith("20260921T141320Z-")
    assert later.version.startswith("20260921T141321Z-")
    assert later.version[-8:] == one.version[-8:]
    assert pack_bundle(MEMBERS, MANIFEST | {"model": "fan"}, made_at=NOON).version[-8:] != one.version[-8:]
    assert pack_bundle(MEMBERS | {"more.json": b"1"}, MANIFEST, made_at=NOON).version[-8:] != one.version[-8:]


def test_inspect_tells_and_runs_nothing(tmp_path: Path, keys: Keys) -> None:
    file = tmp_path / "m.andon"
    version = write_bundle(file, MEMBERS | {"report_card.json": b'{"caught": 3}'}, MANIFEST, keys.private, made_at=NOON)
    got = inspect_bundle(file)
    assert got["version"] == version
    assert got["report_card"] == {"caught": 3}
    assert got["manifest"]["model"] == "pump"
    assert got["signature"] == {"public_key": keys.public, "key_id": key_id(keys.public)}
    table = {row["name"]: row for row in got["members"]}
    assert table["core.safetensors"]["arrays"] == {"n": ["I64", []], "w": ["F64", [2, 3]]}
    assert json.loads(json.dumps(got)) == got


def test_reading_needs_no_onnxruntime_and_unsigned_no_cryptography(path: Path) -> None:
    code = "import sys; from andon.scoring.bundle import inspect_bundle; inspect_bundle(sys.argv[1])"
    assert loaded(code, ("onnxruntime", "torch", "sklearn", "scipy", "pickle5", "cryptography"), str(path)) == []


# ---- one bad file per mistake ---------------------------------------------------------------------------------------


def repack(path: Path, change: Callable[[dict[str, bytes]], dict[str, bytes]]) -> None:
    """Rewrite the zip with other members, as an honest zip."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in change(files).items():
            archive.writestr(zipfile.ZipInfo(name), data)


def manifest_with(**changes: Any) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    """Change fields of the manifest and nothing else."""
    return lambda files: files | {"manifest.json": json.dumps(json.loads(files["manifest.json"]) | changes).encode()}


def refused(path: Path, what: str, **more: Any) -> BundleError:
    """The bundle is refused with that text, naming the file and what to do."""
    with pytest.raises(BundleError) as caught:
        read_bundle(path, **more)
    assert what in caught.value.what
    assert caught.value.at.file == str(path)
    assert caught.value.do
    assert caught.value.exit_code == 1
    return caught.value


def test_absent_empty_and_foreign_files(tmp_path: Path) -> None:
    refused(tmp_path / "none.andon", "cannot read the model file: No such file")
    refused(Path("a\0b.andon"), "cannot read the model file: embedded null byte")
    refused(tmp_path, "cannot read the model file: Is a directory")
    for content in (b"", b"PK", b"x" * 100, b"\x80\x04pickle", b"PK\x05\x06" + b"\0" * 18):
        (tmp_path / "bad.andon").write_bytes(content)
        refused(tmp_path / "bad.andon", "not a model file (no zip)")
    repack_target = tmp_path / "zip.andon"
    with zipfile.ZipFile(repack_target, "w") as archive:
        archive.writestr("notes.json", "{}")
    refused(repack_target, "not a model of Andon")


def test_truncated_anywhere(path: Path) -> None:
    data = path.read_bytes()
    for length in range(4, len(data), 17):
        path.write_bytes(data[:length])
        refused(path, "cut off in the middle")


def test_something_before_or_behind(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(b"#!/bin/sh\n" + data)
    refused(path, "not a model file (no zip)")
    path.write_bytes(data + b"tail")
    refused(path, "cut off in the middle")
    path.write_bytes(b"PK\x03\x04 hidden" + data)
    refused(path, "something stands before the first")


def test_a_changed_member(path: Path) -> None:
    repack(path, lambda files: files | {"calibration.json": b'{"threshold": 9.5}'})
    refused(path, "member 'calibration.json' is not what the manifest says")


def test_a_changed_manifest(path: Path) -> None:
    repack(path, manifest_with(model="fan"))
    refused(path, "the content hash does not fit the content")


def test_a_changed_version(path: Path) -> None:
    repack(path, manifest_with(version="20260101T000000Z-00000000"))
    refused(path, "the version '20260101T000000Z-00000000' does not fit the content")


def test_added_and_removed_members(path: Path) -> None:
    whole = path.read_bytes()
    repack(path, lambda files: files | {"extra.json": b"1"})
    refused(path, "member 'extra.json' is not in the manifest")
    path.write_bytes(whole)
    repack(path, lambda files: {name: data for name, data in files.items() if name != "step.onnx"})
    refused(path, "member 'step.onnx' is missing")


@pytest.mark.parametrize(
    "name",
    ["../evil.json", "/etc/cron.json", "a/../../b.json", "C:\\x.json", "x.pkl", "x.py", ".hidden.json", "a//b.json", "a" * 200 + ".json"],
)
def test_names_that_leave_the_folder_or_are_no_data(path: Path, name: str) -> None:
    repack(path, lambda files: files | {name: b"1"})
    refused(path, "a member may not be named")
    with pytest.raises(BundleError, match="may not be named"):
        pack_bundle({name: b"1"}, {}, made_at=NOON)


def test_a_member_that_stands_twice(path: Path) -> None:
    for twin in ("calibration.json", "CALIBRATION.json"):
        data = path.read_bytes()
        with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
            warnings.simplefilter("ignore")
            archive.writestr(twin, b"{}")
        refused(path, f"member {twin!r} stands twice")
        path.write_bytes(data)


def test_links_folders_and_encrypted_members(path: Path) -> None:
    whole = path.read_bytes()
    for mode, attribute in ((stat.S_IFLNK, 0), (stat.S_IFDIR, 0x10)):
        link = zipfile.ZipInfo("link.json")
        link.external_attr = (mode | 0o777) << 16 | attribute
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(link, b"/etc/passwd")
        refused(path, "member 'link.json' is a link or a folder")
        path.write_bytes(whole)
    at = whole.rfind(b"PK\x01\x02")
    path.write_bytes(whole[: at + 8] + bytes([whole[at + 8] | 1]) + whole[at + 9 :])
    refused(path, "packed in an unknown way")
    path.write_bytes(whole[: at + 10] + b"\x0e\0" + whole[at + 12 :])  # LZMA
    refused(path, "packed in an unknown way")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(path: Path) -> None:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros.json", "w") as member:
        for _ in range(80):
            member.write(bytes(1 << 20))
    tracemalloc.start()
    refused(path, "out of a file of")
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_a_member_that_unpacks_to_more_than_it_says(path: Path) -> None:
    """The stream holds 80 MiB, the directory says 100 bytes: nothing beyond 100 bytes may be expanded."""
    data = zlib.compress(bytes(80 << 20))[2:-4]
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo("zeros.json"), data)
    raw = bytearray(path.read_bytes())
    central = raw.rfind(b"PK\x01\x02")
    local = int.from_bytes(raw[central + 42 : central + 46], "little")
    for at in (central + 10, local + 8):
        raw[at : at + 2] = b"\x08\0"
    for at in (central + 24, local + 22):
        raw[at : at + 4] = (100).to_bytes(4, "little")
    path.write_bytes(raw)
    tracemalloc.start()
    refused(path, "the zip is damaged: Bad CRC-32")
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_too_large_too_many(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_zip, "MOST_CONTENT_BYTES", 100)
    refused(path, "bytes of content, at most 100 are allowed")
    monkeypatch.undo()
    monkeypatch.setattr(plain_zip, "MOST_MEMBERS", 3)
    refused(path, "4 members, at most 3 are allowed")
    monkeypatch.undo()
    monkeypatch.setattr(bundle_module, "MOST_FILE_BYTES", 100)
    refused(path, "a model file has at most 100")


@pytest.mark.parametrize(
    ("number", "what"),
    [
        (schema_versions.CURRENT + 1, "is newer than"),
        (0, "unknown schema version 0"),
        ("1", "unknown schema version '1'"),
        (True, "unknown schema version True"),
        (None, "unknown schema version None"),
    ],
)
def test_unknown_schema_versions(path: Path, number: object, what: str) -> None:
    repack(path, manifest_with(schema_version=number))
    refused(path, what)


@pytest.mark.parametrize(
    "text",
    [
        b"[]",
        b"{",
        b"\xff",
        b'{"format": "other"}',
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": -1E+0400}',
        b'{"a": %s.0}' % (b"9" * 400),
        b'{"a": 1, "a": 2}',
        b"[" * 100_000,
    ],
)
def test_manifests_that_are_none(path: Path, text: bytes) -> None:
    repack(path, lambda files: files | {"manifest.json": text})
    refused(path, "manifest.json is not JSON" if text not in (b"[]", b'{"format": "other"}') else "not a model of Andon")


def test_a_manifest_without_a_table(path: Path) -> None:
    tables: tuple[Any, ...] = (None, [], {"a.json": 1})
    for table in tables:
        repack(path, manifest_with(members=table))
        refused(path, "the manifest has no table of members")


def test_wrong_shapes(path: Path) -> None:
    got = read_bundle(path)
    for shapes in ({"w": (3, 2)}, {"w": (6,)}, {"missing": (None,)}):
        with pytest.raises(BundleError, match=r"core\.safetensors: array .* has shape .*, wanted"):
            got.arrays("core.safetensors", shapes)
    other = pack_arrays({"w": np.arange(6.0).reshape(3, 2), "n": np.array(7)})

    def forge(files: dict[str, bytes]) -> dict[str, bytes]:
        table = json.loads(files["manifest.json"])["members"]
        table["core.safetensors"] |= {"sha256": sha256(other).hexdigest(), "size": len(other)}
        return manifest_with(members=table)(files | {"core.safetensors": other})

    repack(path, forge)
    refused(path, "the arrays of 'core.safetensors' do not have the shapes of the manifest")


def test_members_that_are_absent_or_of_another_kind(path: Path) -> None:
    got = read_bundle(path)
    with pytest.raises(BundleError, match=r"no member 'none\.json'"):
        got.member("none.json")
    with pytest.raises(BundleError, match=r"step\.onnx is not JSON"):
        got.json("step.onnx")
    with pytest.raises(BundleError, match=r"step\.onnx: not a valid file of arrays"):
        got.arrays("step.onnx")


def test_what_cannot_be_packed() -> None:
    with pytest.raises(BundleError, match=r"fields \['version'\] belong to the bundle"):
        pack_bundle({}, {"version": "1"}, made_at=NOON)
    with pytest.raises(BundleError, match=r"'manifest\.json' belongs to the bundle"):
        pack_bundle({"manifest.json": b"{}"}, {}, made_at=NOON)
    with pytest.raises(BundleError, match="not plain JSON"):
        pack_bundle({}, {"x": float("nan")}, made_at=NOON)
    with pytest.raises(BundleError, match="not plain JSON"):
        pack_bundle({}, {"x": object()}, made_at=NOON)
    with pytest.raises(BundleError, match=r"a\.json is not JSON"):
        pack_bundle({"a.json": b"{"}, {}, made_at=NOON)
    with pytest.raises(BundleError, match="members, at most"):
        pack_bundle({f"m{i}.json": b"1" for i in range(300)}, {}, made_at=NOON)
    with pytest.raises(BundleError, match="a manifest of"):
        pack_bundle({}, {"x": "y" * (9 << 20)}, made_at=NOON)


def test_a_disk_that_refuses_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write_bundle(tmp_path / "old.andon", MEMBERS, MANIFEST, made_at=NOON)
    before = (tmp_path / "old.andon").read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    for name in ("new.andon", "old.andon"):
        with pytest.raises(StoreError, match="cannot write: No space left on device"):
            write_bundle(tmp_path / name, MEMBERS, MANIFEST | {"model": "fan"})
    assert [file.name for file in tmp_path.iterdir()] == ["old.andon"]
    assert (tmp_path / "old.andon").read_bytes() == before


# ---- versions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(1, schema_versions.CURRENT + 1))
def test_every_released_version_opens(number: int) -> None:
    trusted = read_public((CORPUS / f"schema_{number}.pub").read_text())
    got = read_bundle(CORPUS / f"schema_{number}.andon", trusted=[trusted])
    assert got.signature is not None
    assert got.signature.trusted
    assert got.manifest["assets"] == ["pump 1", "泵 2"]
    assert got.manifest["schema_version"] == schema_versions.CURRENT
    assert got.arrays("core/linear.safetensors", {"weights": (3, 4), "on": (2,)})["weights"][2, 3] == 11
    assert got.json("report_card.json") == {"caught": 3, "missed": 1}


def test_a_migration_runs_on_old_bundles_only_after_all_checks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rename(manifest: dict[str, Any], members: dict[str, bytes]) -> tuple[dict[str, Any], dict[str, bytes]]:
        members["limits.json"] = members.pop("calibration.json")
        return manifest | {"renamed": True}, members

    monkeypatch.setattr(schema_versions, "CURRENT", 2)
    with pytest.raises(BundleError, match="no way from schema version 1 to 2"):
        read_bundle(path)
    monkeypatch.setattr(schema_versions, "MIGRATIONS", {1: rename})
    got = read_bundle(path)
    assert (got.manifest["schema_version"], got.manifest["renamed"]) == (2, True)
    assert got.json("limits.json") == {"threshold": 3.5}
    repack(path, lambda files: files | {"calibration.json": b"{}"})
    refused(path, "is not what the manifest says")


# ---- signatures -------------------------------------------------------------------------------------------------------


def test_signed_and_trusted(path: Path, keys: Keys) -> None:
    refused(path, "the model is not signed", trusted=[keys.public])
    write_bundle(path, MEMBERS, MANIFEST, keys.private, made_at=NOON)
    got = read_bundle(path)
    assert got.signature is not None
    assert (got.signature.public, got.signature.trusted, got.signature.key_id) == (keys.public, False, key_id(keys.public))
    trusted = read_bundle(path, trusted=[keys.public]).signature
    assert trusted is not None
    assert trusted.trusted
    other = new_keys()
    refused(path, "which is not a trusted key", trusted=[other.public])
    refused(path, "which is not a trusted key", trusted=[])


def test_a_signature_that_does_not_fit(path: Path, keys: Keys) -> None:
    write_bundle(path, MEMBERS, MANIFEST, keys.private, made_at=NOON)
    whole = path.read_bytes()
    repack(path, lambda files: files | {"manifest.json": files["manifest.json"] + b"\n"})
    refused(path, "the signature does not fit the content")
    for forged in (
        b"{}",
        b"[]",
        json.dumps(sign(b"other", keys.private)).encode(),
        b'{"algorithm": "none", "public_key": "", "signature": ""}',
    ):
        path.write_bytes(whole)
        repack(path, lambda files, forged=forged: files | {"signature.json": forged})  # type: ignore[misc]
        refused(path, "signature")


def test_keys(tmp_path: Path, keys: Keys) -> None:
    signature = sign(b"data", keys.private)
    assert verify(b"data", signature) == keys.public == read_public(f" {keys.public}\n")
    with pytest.raises(BundleError, match="does not fit"):
        verify(b"date", signature)
    assert "PRIVATE" not in repr(keys)
    locked = new_keys("öffne dich")
    assert verify(b"x", sign(b"x", locked.private, "öffne dich")) == locked.public
    for wrong in (None, "other"):
        with pytest.raises(AskUserError, match="private key cannot be read"):
            sign(b"x", locked.private, wrong)
    with pytest.raises(AskUserError, match="private key cannot be read"):
        sign(b"x", b"no key")
    with pytest.raises(AskUserError, match="is not a public key"):
        read_public("ed25519:12")
    private, public = write_keys(keys, tmp_path / "keys" / "plant")
    assert (private.read_bytes(), read_public(public.read_text())) == (keys.private, keys.public)
    assert os.name == "nt" or stat.S_IMODE(private.stat().st_mode) == 0o600
    with pytest.raises(AskUserError, match="stands there already"):
        write_keys(new_keys(), tmp_path / "keys" / "plant")
    assert private.read_bytes() == keys.private


# ---- arrays and fingerprints ------------------------------------------------------------------------------------------


def test_arrays_of_every_kind() -> None:
    arrays: dict[str, Any] = {
        "half": np.ones((2, 2), np.float16), "bits": np.array([True]), "none": np.zeros((0, 3), np.float32), "scalar": np.float64(2.5),
        "turned": np.arange(6).reshape(2, 3).T, "big": np.arange(3, dtype=">f4"), "byte": np.arange(5, dtype=np.uint8),
    }  # fmt: skip
    packed = pack_arrays(arrays)
    got = unpack_arrays(packed)
    for name, array in arrays.items():
        np.testing.assert_array_equal(got[name], array)
    assert list_arrays(packed)["turned"] == ("I64", (3, 2))
    assert packed == pack_arrays(dict(reversed(arrays.items())))
    with pytest.raises(BundleError, match="'bad' holds"):
        pack_arrays({"bad": np.array(["text"])})
    for broken in (b"", b"\xff" * 8, packed[:-1], packed[:20]):
        with pytest.raises(BundleError, match="not a valid file of arrays"):
            unpack_arrays(broken)
    for broken in (b"", b"\xff" * 8, packed[:20], (2).to_bytes(8, "little") + b"[]"):
        with pytest.raises(BundleError, match="header of a file of arrays"):
            list_arrays(broken)


def test_the_fingerprint_names_the_data_not_its_order() -> None:
    time = np.arange(4, dtype=np.int64)
    values = np.array([[1.0, np.nan], [2.0, 5.0], [3.0, 6.0], [4.0, 7.0]])
    one = Recording.from_arrays("a", ["x", "y"], time, values)
    turned = Recording.from_arrays("a", ["y", "x"], time, values[:, ::-1])
    assert data_fingerprint([one]) == data_fingerprint([turned])
    changed = values.copy()
    changed[2, 1] = 6.5
    other = Recording.from_arrays("b", ["x", "y"], time, changed)
    assert data_fingerprint([one])["sha256"] != data_fingerprint([other])["sha256"]
    assert data_fingerprint([one, other]) == data_fingerprint([other, one])
    assert data_fingerprint([one])["recordings"][0] | {"sha256": ""} == {
        "asset": "a",
        "rows": 4,
        "tags": 2,
        "first": 0,
        "last": 3,
        "sha256": "",
    }
    assert data_fingerprint([]) == {"sha256": sha256(b"").hexdigest(), "recordings": []}


def test_bytes_are_the_same_on_every_system() -> None:
    packed = pack_bundle(MEMBERS, MANIFEST, made_at=NOON)
    with zipfile.ZipFile(io.BytesIO(packed.data)) as archive:
        assert {(entry.create_system, entry.date_time) for entry in archive.infolist()} == {(3, (1980, 1, 1, 0, 0, 0))}
