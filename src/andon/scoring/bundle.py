"""The model file: a zip of manifest, ONNX, safetensors and JSON. Reading it runs nothing.

`manifest.json` names every member with its size and SHA-256; `signature.json`, where there is one, signs the bytes of
the manifest, and so everything. The version of a model is its time and the first 8 hex digits of its content hash: the
SHA-256 over the members' names and hashes and the manifest's own fields, so that equal content has an equal hash
whenever and wherever it was made. Everything is checked before the first member is handed out.
"""

from __future__ import annotations

import json
import math
import os
import re
import time as clock
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from andon.plant.atomic_write import write_bytes
from andon.plant.errors import At, BundleError
from andon.plant.time import NS
from andon.scoring import schema_versions
from andon.scoring.plain_zip import MOST_MEMBERS, check_name, check_sizes, pack_zip, unpack_zip
from andon.scoring.safetensors_file import list_arrays, unpack_arrays
from andon.scoring.signing import Signature, sign, verify

FORMAT = "andon-bundle"
SUFFIX = ".andon"
MANIFEST, SIGNATURE = "manifest.json", "signature.json"
RESERVED = frozenset({"format", "schema_version", "version", "made_at", "content_hash", "members"})
"""Manifest keys that the bundle itself fills in."""

MOST_FILE_BYTES = 512 << 20
MOST_MANIFEST_BYTES = 8 << 20
MOST_DIMENSIONS = 8
_HASH = re.compile(r"[0-9a-f]{64}")
_LONG_NUMBER = re.compile(rb"[0-9]{300}|[eE]\+?0*[1-9][0-9]{2}")
_END_OF_TIME = 4_102_444_800 * NS  # the year 2100
_COPY = "the file is damaged or was changed; copy it again or take another version"


@dataclass(frozen=True, slots=True)
class Packed:
    """A bundle ready to be written.

    Attributes
    ----------
    version : "<UTC time>-<8 hex of the content hash>"
    data : the whole file
    """

    version: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    """A model file whose every byte that matters was checked.

    Attributes
    ----------
    manifest : at the current schema version
    members : name -> bytes, without manifest and signature
    signature : None where the file is not signed
    file : where it came from, for messages
    file_sha256 : of the file as it lay on disk
    """

    manifest: dict[str, Any]
    members: Mapping[str, bytes]
    signature: Signature | None
    file: str
    file_sha256: str

    @property
    def version(self) -> str:
        """The model's version."""
        return str(self.manifest["version"])

    def member(self, name: str) -> bytes:
        """Bytes of a member.

        Raises
        ------
        BundleError : there is none of that name
        """
        try:
            return self.members[name]
        except KeyError:
            raise BundleError(f"no member {name!r} in the model file", at=At(file=self.file), do=_COPY) from None

    def json(self, name: str) -> Any:
        """Content of a JSON member.

        Raises
        ------
        BundleError : absent or not JSON
        """
        return _parse_json(self.member(name), name, self.file)

    def arrays(self, name: str, shapes: Mapping[str, tuple[int | None, ...]] | None = None) -> dict[str, NDArray[Any]]:
        """Arrays of a safetensors member.

        Parameters
        ----------
        shapes : the arrays that must be there and their shapes; None stands for any length

        Raises
        ------
        BundleError : absent, damaged, or wrongly shaped
        """
        try:
            arrays = unpack_arrays(self.member(name))
        except BundleError as error:
            raise BundleError(f"{name}: {error.what}", at=At(file=self.file), do=error.do or _COPY) from error
        for key, wanted in (shapes or {}).items():
            found = arrays[key].shape if key in arrays else None
            if found is None or len(found) != len(wanted) or any(w not in (None, f) for w, f in zip(wanted, found, strict=True)):
                text = "x".join("any" if w is None else str(w) for w in wanted)
                raise BundleError(
                    f"{name}: array {key!r} has shape {found}, wanted {text}",
                    at=At(file=self.file),
                    do="the model does not fit itself: train it again",
                )
        return arrays


def pack_bundle(
    members: Mapping[str, bytes], manifest: Mapping[str, Any], *, made_at: int, key: bytes | None = None, passphrase: str | None = None
) -> Packed:
    """Bytes and version of a bundle.

    Parameters
    ----------
    members : name -> bytes; names end in .json, .onnx or .safetensors
    manifest : the caller's own fields, JSON values; customary are model, assets, tags, interval_ns, training_data,
        andon, report_card
    made_at : ns UTC, the time in the version
    key : private Ed25519 key as PEM; signs the manifest
    passphrase : of the key

    Raises
    ------
    BundleError : a name, a size, a member or a field that reading would refuse
    AskUserError : the key cannot be read
    """
    taken = RESERVED & set(manifest)
    if taken:
        raise BundleError(f"manifest fields {sorted(taken)} belong to the bundle itself", do="choose other names")
    if len(members) + 2 > MOST_MEMBERS:
        raise BundleError(f"{len(members)} members, at most {MOST_MEMBERS - 2} are allowed")
    table: dict[str, dict[str, Any]] = {}
    for name in sorted(members):
        check_name(name, "")
        if name in (MANIFEST, SIGNATURE):
            raise BundleError(f"the name {name!r} belongs to the bundle itself", do="choose another name")
        data = members[name]
        table[name] = {"sha256": sha256(data).hexdigest(), "size": len(data)}
        if name.endswith(".json"):
            _parse_json(data, name, "")
        if name.endswith(".safetensors"):
            table[name]["arrays"] = _shapes(data, name, "")
    content_bytes = sum(map(len, members.values()))
    check_sizes(content_bytes, None, "")
    try:
        own = json.loads(_canonical(dict(manifest)))
    except (TypeError, ValueError, RecursionError) as error:
        raise BundleError(f"the manifest is not plain JSON: {error}") from error
    content = _content_hash(table, own)
    version = _version(made_at, content)
    whole = {**own, "format": FORMAT, "schema_version": schema_versions.CURRENT, "version": version, "made_at": made_at,
             "content_hash": content, "members": table}  # fmt: skip
    text = json.dumps(whole, sort_keys=True, allow_nan=False, indent=1).encode("ascii")
    if len(text) > MOST_MANIFEST_BYTES:
        raise BundleError(
            f"a manifest of {len(text):,} bytes, at most {MOST_MANIFEST_BYTES:,} are allowed", do="put large parts into JSON members"
        )
    files = {MANIFEST: text}
    if key is not None:
        files[SIGNATURE] = json.dumps(sign(text, key, passphrase), sort_keys=True).encode("utf-8")
    packed = Packed(version, pack_zip({**files, **{name: members[name] for name in sorted(members)}}))
    check_sizes(content_bytes, len(packed.data), "")
    return packed


def write_bundle(
    path: str | os.PathLike[str],
    members: Mapping[str, bytes],
    manifest: Mapping[str, Any],
    key: bytes | None = None,
    *,
    made_at: int | None = None,
    passphrase: str | None = None,
) -> str:
    """Write a bundle, whole or not at all; see `pack_bundle`.

    Parameters
    ----------
    path : the file; its name is the caller's choice
    made_at : ns UTC; now where not given

    Returns
    -------
    the version

    Raises
    ------
    BundleError : see `pack_bundle`
    StoreError : the disk refuses
    """
    packed = pack_bundle(members, manifest, made_at=clock.time_ns() if made_at is None else made_at, key=key, passphrase=passphrase)
    write_bytes(path, packed.data)
    return packed.version


def read_bundle(path: str | os.PathLike[str], *, trusted: Collection[str] | None = None) -> Bundle:
    """Read and check a bundle; nothing in it is run.

    Parameters
    ----------
    trusted : public keys; when given, the file must be signed by one of them. None: a signature need not be there,
        but one that is must fit

    Raises
    ------
    BundleError : absent, truncated, tampered with, too large, of an unknown version, or not signed by a trusted key
    """
    file = os.fspath(path)
    data = _read_file(Path(path))
    files = unpack_zip(data, file)
    text = files.pop(MANIFEST, b"null")
    manifest = _parse_json(text, MANIFEST, file)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BundleError("not a model of Andon", at=At(file=file), do=f"a model file is a {SUFFIX} file made by andon train")
    signature = _check_signature(files.pop(SIGNATURE, None), text, trusted, file)
    try:
        schema_versions.check_version(manifest.get("schema_version"))
        _check_manifest(manifest, files, file)
        manifest, files = schema_versions.migrate(manifest, files)
    except BundleError as error:
        raise error if error.at else BundleError(error.what, at=At(file=file), do=error.do) from error
    return Bundle(manifest, files, signature, file, sha256(data).hexdigest())


def inspect_bundle(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a model file says of itself, for people; never runs anything.

    Returns
    -------
    {"file", "file_sha256", "bytes", "version", "manifest" (without the member table), "members": [{"name", "size",
    "sha256", "arrays"?}], "signature": {"public_key", "key_id"} or None, "report_card": the JSON member or None}

    Raises
    ------
    BundleError : see `read_bundle`
    """
    bundle = read_bundle(path)
    table = bundle.manifest["members"]
    signature = bundle.signature
    return {
        "file": bundle.file,
        "file_sha256": bundle.file_sha256,
        "bytes": Path(path).stat().st_size,
        "version": bundle.version,
        "manifest": {key: value for key, value in bundle.manifest.items() if key != "members"},
        "members": [{"name": name, **table.get(name, {"size": len(data)})} for name, data in sorted(bundle.members.items())],
        "signature": None if signature is None else {"public_key": signature.public, "key_id": signature.key_id},
        "report_card": bundle.json("report_card.json") if "report_card.json" in bundle.members else None,
    }


def _read_file(path: Path) -> bytes:
    at = At(file=str(path))
    try:
        size = path.stat().st_size
        if size > MOST_FILE_BYTES:
            raise BundleError(f"{size:,} bytes, a model file has at most {MOST_FILE_BYTES:,}", at=at, do="this is not a model of Andon")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise BundleError(f"cannot read the model file: {reason}", at=at, do="check the path, or name a model or an asset") from error


def _check_manifest(manifest: dict[str, Any], files: Mapping[str, bytes], file: str) -> None:
    at = At(file=file)
    table = manifest.get("members")
    if not isinstance(table, dict) or not all(isinstance(row, dict) for row in table.values()):
        raise BundleError("the manifest has no table of members", at=at, do=_COPY)
    if set(table) != set(files):
        odd = sorted(set(table) ^ set(files))
        where = "not in the manifest" if odd[0] in files else "missing"
        raise BundleError(f"member {odd[0]!r} is {where}", at=at, do=_COPY)
    for name, data in files.items():
        row = table[name]
        if row.get("size") != len(data) or row.get("sha256") != sha256(data).hexdigest():
            raise BundleError(f"member {name!r} is not what the manifest says", at=at, do=_COPY)
        if name.endswith(".safetensors") and row.get("arrays") != _shapes(data, name, file):
            raise BundleError(f"the arrays of {name!r} do not have the shapes of the manifest", at=at, do=_COPY)
    content, version = manifest.get("content_hash"), manifest.get("version")
    own = {key: value for key, value in manifest.items() if key not in RESERVED}
    if not isinstance(content, str) or not _HASH.fullmatch(content) or content != _content_hash(table, own):
        raise BundleError("the content hash does not fit the content", at=at, do=_COPY)
    made_at = manifest.get("made_at")
    if not isinstance(made_at, int) or not 0 <= made_at < _END_OF_TIME or version != _version(made_at, content):
        raise BundleError(f"the version {str(version)[:60]!r} does not fit the content", at=at, do=_COPY)


def _check_signature(raw: bytes | None, signed: bytes, trusted: Collection[str] | None, file: str) -> Signature | None:
    at = At(file=file)
    if raw is None:
        if trusted is not None:
            raise BundleError("the model is not signed", at=at, do="ask for a signed model, or load it without requiring a trusted key")
        return None
    try:
        public = verify(signed, _parse_json(raw, SIGNATURE, file))
    except BundleError as error:
        raise BundleError(error.what, at=at, do=error.do) from error
    if trusted is not None and public not in trusted:
        raise BundleError(
            f"signed by {public}, which is not a trusted key", at=at, do="add the key to the trusted keys if you know whose it is"
        )
    return Signature(public, trusted is not None)


def _shapes(data: bytes, name: str, file: str) -> dict[str, list[Any]]:
    try:
        arrays = list_arrays(data)
    except BundleError as error:
        raise BundleError(f"{name}: {error.what}", at=At(file=file or None), do=error.do) from error
    for key, (_, shape) in arrays.items():
        if len(shape) > MOST_DIMENSIONS:
            raise BundleError(f"{name}: array {key!r} has {len(shape)} dimensions", at=At(file=file or None), do=_COPY)
    return {key: [kind, list(shape)] for key, (kind, shape) in arrays.items()}


def _version(made_at: int, content: str) -> str:
    return f"{clock.strftime('%Y%m%dT%H%M%SZ', clock.gmtime(made_at // NS))}-{content[:8]}"


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def _content_hash(table: Mapping[str, Mapping[str, Any]], own: Mapping[str, Any]) -> str:
    hashes = {name: str(row.get("sha256")) for name, row in table.items()}
    return sha256(_canonical([hashes, own])).hexdigest()


def _parse_json(data: bytes, name: str, file: str) -> Any:
    def no_constant(text: str) -> Any:
        raise ValueError(f"{text} is not a JSON number")

    def finite(text: str) -> float:
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(f"{text[:20]} is too large")
        return number

    def no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    # A number beyond float64 has a long exponent or very many digits; only then is each number looked at, which is slow.
    each = finite if _LONG_NUMBER.search(data) else None
    try:
        return json.loads(data.decode("utf-8"), parse_constant=no_constant, parse_float=each, object_pairs_hook=no_twice)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{name} is not JSON: {error}", at=At(file=file or None), do=_COPY) from error
