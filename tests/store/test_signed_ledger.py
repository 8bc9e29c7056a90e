"""Signed heads and the exported ledger: whatever is changed, somebody without the service finds it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.errors import StoreError
from andon.store.ledger import START, Break, Ledger
from andon.store.ledger_export import export_ledger, verify_ledger
from andon.store.signed_heads import SignedHead, heads_file, parse_head, read_heads, sign_head


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Six entries; heads after the second and the fifth."""
    folder = tmp_path_factory.mktemp("signed")
    ledger = Ledger(folder / "ledger.jsonl")
    for number in range(1, 7):
        ledger.append("promoted", {"model": f"泵 {number}"}, at=100 + number, by="ana")
        if number in (2, 5):
            sign_head(ledger, folder / "ledger.key", at=200 + number)
    return ledger


@pytest.fixture(scope="module")
def exported(signed: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger in one file."""
    path = tmp_path_factory.mktemp("export") / "ledger.export"
    assert export_ledger(signed, path, at=300) == 6
    return path


def key_of(ledger: Ledger) -> str:
    return read_heads(heads_file(ledger))[0].key


def test_heads_are_signed_once_and_the_key_is_private(signed: Ledger) -> None:
    heads = read_heads(heads_file(signed))
    assert [(head.number, head.at) for head in heads] == [(2, 202), (5, 205)]
    assert all(head.holds() for head in heads)
    assert (signed.path.parent / "ledger.key").stat().st_mode & 0o077 == 0
    assert sign_head(Ledger(signed.path.parent / "empty.jsonl"), signed.path.parent / "ledger.key", at=1) is None


def test_the_same_head_is_not_signed_twice(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.append("note", {}, at=1)
    head = sign_head(ledger, tmp_path / "key", at=2)
    assert head is not None
    assert sign_head(ledger, tmp_path / "key", at=3) is None
    with open(heads_file(ledger), "ab") as file:
        file.write(b'{"head": {"num')  # a crash
    ledger.append("note", {}, at=4)
    again = sign_head(ledger, tmp_path / "key", at=5)
    assert read_heads(heads_file(ledger)) == [head, again]


def test_a_sound_ledger_holds(signed: Ledger, exported: Path) -> None:
    for path in (signed.path, exported):
        found = verify_ledger(path, trusted=[key_of(signed)], known_head=signed.head())
        assert (found.holds, found.entries, found.head, found.signed, found.trusted) == (True, 6, signed.head(), 5, True)
        assert found.keys == (key_of(signed),)
        assert not verify_ledger(path).trusted


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_every_change_of_a_signed_entry_is_found(
    signed: Ledger, exported: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Changed, removed, doubled and swapped lines of an export, also by a forger who mends the chain behind his change."""
    lines = exported.read_bytes().splitlines(keepends=True)
    act = data.draw(st.sampled_from(["byte", "remove", "double", "swap", "forge", "cut"]))
    at = data.draw(st.integers(1, 5))
    if act == "byte":
        place = data.draw(st.integers(0, len(lines[at]) - 2))
        changed = bytearray(lines[at])
        changed[place] ^= 1 << data.draw(st.integers(0, 6))
        lines[at] = bytes(changed)
    elif act == "remove":
        del lines[at]
    elif act == "double":
        lines.insert(at, lines[at])
    elif act == "swap":
        lines[at], lines[at + 1] = lines[at + 1], lines[at]
    elif act == "cut":
        lines = [lines[0].replace(b'"entries": 6', b'"entries": %d' % (at - 1)), *lines[1:at], *lines[7:]]
    else:
        forger = Ledger(tmp_path_factory.mktemp("forger") / "ledger.jsonl")
        for number in range(1, 7):
            forger.append("promoted", {"model": f"泵 {number}"}, at=100 + number, by="eve" if number == at else "ana")
        lines[1:7] = forger.path.read_bytes().splitlines(keepends=True)
    path = tmp_path_factory.getbasetemp() / "changed.export"
    path.write_bytes(b"".join(lines))
    found = verify_ledger(path, trusted=[key_of(signed)])
    assert not found.holds, act


def test_what_is_not_signed_yet_needs_a_head_kept_elsewhere(signed: Ledger, exported: Path, tmp_path: Path) -> None:
    lines = exported.read_bytes().splitlines(keepends=True)
    cut = [lines[0].replace(b'"entries": 6', b'"entries": 5'), *lines[1:6], *lines[7:]]
    (tmp_path / "cut").write_bytes(b"".join(cut))
    assert verify_ledger(tmp_path / "cut").holds
    assert verify_ledger(tmp_path / "cut").signed == 5
    assert verify_ledger(tmp_path / "cut", known_head=signed.head()).breaks == (Break(0, "cut-off"),)
    (tmp_path / "cut").write_bytes(b"".join(lines[:6] + lines[7:]))  # the first line still says six
    assert verify_ledger(tmp_path / "cut").breaks == (Break(0, "cut-off"),)


def test_forged_and_foreign_heads(signed: Ledger, exported: Path, tmp_path: Path) -> None:
    path = tmp_path / "forged"
    path.write_bytes(exported.read_bytes().replace(b'"at": 205', b'"at": 206'))
    assert verify_ledger(path).breaks == (Break(0, "forged"),)
    assert verify_ledger(exported, trusted=["ed25519:" + "00" * 32]).breaks == (Break(0, "foreign"), Break(0, "foreign"))
    without = b"".join(line for line in exported.read_bytes().splitlines(keepends=True) if b'{"head"' not in line)
    path.write_bytes(without)
    found = verify_ledger(path, trusted=[key_of(signed)])
    assert (found.holds, found.signed, found.trusted) == (True, 0, False)


def test_heads_of_a_later_andon_may_say_more() -> None:
    row = {"number": 1, "hash": START, "at": 2, "key": "k", "signature": "s", "root": "abc"}
    assert parse_head(json.dumps({"head": row}).encode()) == SignedHead(1, START, 2, "k", "s")
    assert parse_head(json.dumps({"head": row | {"number": "1"}}).encode()) is None
    assert not SignedHead(1, START, 2, "ed25519:zz", "00").holds()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "neither a ledger nor an export of one"),
        (b"\xff\xfe", "neither a ledger nor an export of one"),
        (b"[1]\n", "neither a ledger nor an export of one"),
        (b'{"kind": "andon-ledger", "schema_version": 2}\n', "'andon-ledger' of schema version 2, this Andon knows 'andon-ledger' of 1"),
        (b'{"kind": "other"}\n', "'other' of schema version None"),
    ],
)
def test_what_is_no_ledger(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(StoreError, match=what):
        verify_ledger(tmp_path / "file")


def test_keys_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.append("note", {}, at=1)
    (tmp_path / "nonsense").write_text("-----BEGIN")
    with pytest.raises(StoreError, match="not a private key without a passphrase"):
        sign_head(ledger, tmp_path / "nonsense", at=1)
    with pytest.raises(StoreError, match="cannot use the key"):
        sign_head(ledger, tmp_path, at=1)

    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    sign_head(ledger, tmp_path / "key", at=1)
    ledger.append("note", {}, at=2)
    before = heads_file(ledger).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="cannot write the signed heads: No space left"):
            sign_head(ledger, tmp_path / "key", at=2)
    assert heads_file(ledger).read_bytes() == before
