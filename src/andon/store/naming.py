"""File names for names that users chose: readable, one-to-one, and safe on every file system."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import quote, unquote

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.() ")
_MOST_BYTES = 120  # leaves room for suffixes below the usual limit of 255
_DEVICES = frozenset(["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))])


def file_name(name: str) -> str:
    """A file name for `name`: itself where it is plain, else with the odd characters as %XX.

    Letters of any language stay. A very long name is cut and ends in a hash. Different names give different file
    names, but for letter case: "Pump" and "pump" collide where the file system does not tell them apart.
    """
    text = "".join(
        c if c in _PLAIN or (c.isalnum() and c.isprintable()) else quote(c.encode("utf-8", "surrogatepass"), safe="") for c in name
    )
    if text[:1] in (".", " ", ""):
        text = f"%{ord(text[0]):02X}{text[1:]}" if text else "%"
    if text[-1] in ". ":
        text = f"{text[:-1]}%{ord(text[-1]):02X}"
    if text.split(".")[0].lower() in _DEVICES:
        text = f"%{ord(text[0]):02X}{text[1:]}"
    raw = text.encode("utf-8")
    if len(raw) > _MOST_BYTES:
        digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        text = f"{raw[: _MOST_BYTES - 18].decode('utf-8', 'ignore').rstrip('. %')}~{digest}"
    return text


def name_of(file: str) -> str:
    """The name that gave `file`; a name that was cut is lost, and the file name comes back."""
    return unquote(file, encoding="utf-8", errors="surrogateescape") if file != "%" else ""
