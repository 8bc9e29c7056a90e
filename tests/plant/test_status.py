"""Status of samples, and how OPC maps onto it."""

from __future__ import annotations

import numpy as np

from andon.plant.status import Status, from_opc_classic, from_opc_ua, is_valid


def test_what_may_be_used() -> None:
    every = np.arange(256, dtype=np.uint8)
    assert np.flatnonzero(is_valid(every)).tolist() == [Status.GOOD, Status.UNCERTAIN, Status.INTERPOLATED]


def test_opc_ua_severity() -> None:
    """Good, GoodClamped, Uncertain, UncertainLastUsableValue, Bad, BadNotConnected, and the reserved severity."""
    codes = np.array([0x0, 0x00300000, 0x40000000, 0x40900000, 0x80000000, 0x808A0000, 0xC0000000], dtype=np.uint32)
    assert from_opc_ua(codes).tolist() == [0, 0, 1, 1, 2, 2, 2]
    assert from_opc_ua(codes.astype(np.int64)).tolist() == [0, 0, 1, 1, 2, 2, 2]


def test_classic_quality() -> None:
    assert from_opc_classic(np.array([0xC0, 0xD8, 0x40, 0x54, 0x00, 0x18, 0x80])).tolist() == [0, 0, 1, 1, 2, 2, 2]
