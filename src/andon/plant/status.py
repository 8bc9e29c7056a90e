"""The status of one sample: whether its value may be believed.

OPC UA status codes map onto it (top two bits: 00 good, 01 uncertain, 10 bad);
classic OPC quality 0xC0 is GOOD.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from andon.plant.arrays import BoolArray, IntArray, StatusArray


class Status(IntEnum):
    """What is known of one sample. Stored as uint8."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2
    MISSING = 3
    INTERPOLATED = 4


_VALID = np.zeros(256, dtype=bool)
_VALID[[Status.GOOD, Status.UNCERTAIN, Status.INTERPOLATED]] = True


def is_valid(status: StatusArray) -> BoolArray:
    """True where the value may be used: GOOD, UNCERTAIN or INTERPOLATED.

    Parameters
    ----------
    status : (...) uint8, members of `Status`
    """
    return _VALID[status]


def from_opc_ua(code: IntArray) -> StatusArray:
    """Map OPC UA status codes to `Status`.

    Parameters
    ----------
    code : (N,) unsigned 32-bit status codes; the top two bits are the severity

    Returns
    -------
    (N,) uint8: GOOD, UNCERTAIN or BAD

    References
    ----------
    OPC 10000-4, 7.39 StatusCode.
    """
    severity = (np.asarray(code).astype(np.uint64) >> np.uint64(30)) & np.uint64(3)
    out: StatusArray = np.array([Status.GOOD, Status.UNCERTAIN, Status.BAD, Status.BAD], dtype=np.uint8)[severity]
    return out


def from_opc_classic(quality: IntArray) -> StatusArray:
    """Map classic OPC DA quality bytes to `Status` (0xC0 good, 0x40 uncertain, 0x00 bad).

    Parameters
    ----------
    quality : (N,) integers; bits 6-7 are the quality, the rest sub-status and limits
    """
    major = (np.asarray(quality).astype(np.int64) >> 6) & 3
    out: StatusArray = np.array([Status.BAD, Status.UNCERTAIN, Status.BAD, Status.GOOD], dtype=np.uint8)[major]
    return out
