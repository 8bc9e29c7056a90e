"""Why a payload, or a part of it, cannot be read."""

from __future__ import annotations

from dataclasses import dataclass

from andon.plant.batch import Batch

REASONS: tuple[str, ...] = (
    "too-large", "too-many-values", "empty", "not-utf8", "not-json", "not-csv", "not-packed", "not-number", "not-line-protocol",
    "not-arrow", "not-sparkplug", "not-file", "wrong-shape", "wrong-value", "no-time", "no-asset", "no-tag", "unknown-topic",
    "unknown-alias", "before-birth", "retained", "not-mapped", "unreadable",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a payload, or `count` parts of it, was not read.

    Attributes
    ----------
    reason : one of `REASONS`
    detail : the field, line or text that is wrong
    count : parts that share the reason
    """

    reason: str
    detail: str
    count: int = 1


class Unreadable(Exception):
    """Nothing of the payload can be read."""

    def __init__(self, reason: str, detail: str) -> None:
        self.fault = Fault(reason, detail)
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a payload said.

    Attributes
    ----------
    batch : None where nothing could be read, or where the payload has no row
    faults : what could not be read
    sequence : the number that the source gave the message; None where it gave none
    """

    batch: Batch | None = None
    faults: tuple[Fault, ...] = ()
    sequence: int | None = None
