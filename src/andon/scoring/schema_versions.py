"""Versions of the bundle's shape, and the way from each to the next.

A bundle of any released version opens in every later one. A change that old readers could misread gets a new number
here, a migration from the number before, and a stored bundle in `tests/scoring/corpus`. A migration is a pure function
of the verified manifest and members; the file on disk is never rewritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from andon.plant.errors import BundleError

Manifest: TypeAlias = dict[str, Any]
Members: TypeAlias = dict[str, bytes]
Migration: TypeAlias = Callable[[Manifest, Members], tuple[Manifest, Members]]

CURRENT = 1
"""1 (0.1.0): manifest.json with format, schema_version, version, made_at, content_hash, members; optional signature.json."""

MIGRATIONS: Mapping[int, Migration] = {}
"""From version n to n + 1."""


def check_version(number: object) -> int:
    """The schema version of a manifest, if this Andon can read it.

    Raises
    ------
    BundleError : not a whole number, made by a newer Andon, or without a way to the current version
    """
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise BundleError(f"unknown schema version {number!r}", do="the file is damaged or not a model of Andon")
    if number > CURRENT:
        raise BundleError(
            f"schema version {number} is newer than {CURRENT}, the latest this Andon knows", do="update Andon on this machine"
        )
    missing = [step for step in range(number, CURRENT) if step not in MIGRATIONS]
    if missing:
        raise BundleError(
            f"no way from schema version {missing[0]} to {missing[0] + 1}", do="report this: every released version must open"
        )
    return number


def migrate(manifest: Manifest, members: Members) -> tuple[Manifest, Members]:
    """Bring a verified bundle to the current schema version, one step at a time.

    Raises
    ------
    BundleError : see `check_version`
    """
    for step in range(check_version(manifest.get("schema_version")), CURRENT):
        manifest, members = MIGRATIONS[step](dict(manifest), dict(members))
        manifest["schema_version"] = step + 1
    return manifest, members
