"""Arrays as safetensors bytes: named, typed, shaped, and nothing that could run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from andon.plant.errors import BundleError

_MOST_HEADER_BYTES = 16 << 20


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Safetensors bytes of named arrays; the same arrays give the same bytes.

    Parameters
    ----------
    arrays : bool, integer or float arrays of any shape

    Raises
    ------
    BundleError : an array of texts, objects or dates
    """
    from safetensors.numpy import save

    ready = {}
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            raise BundleError(f"array {name!r} holds {array.dtype}", do="store numbers here, texts in a JSON member")
        ready[name] = np.require(array, dtype=array.dtype.newbyteorder("<"), requirements="C")
    return save(ready)


def unpack_arrays(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of safetensors bytes.

    Raises
    ------
    BundleError : truncated, overlapping, or otherwise not safetensors
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
        raise BundleError(f"not a valid file of arrays: {error}", do="the model file is damaged; copy it again") from error


def list_arrays(data: bytes) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Type and shape of each array, from the header alone.

    Raises
    ------
    BundleError : the header cannot be read
    """
    damaged = "the model file is damaged; copy it again"
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > min(len(data) - 8, _MOST_HEADER_BYTES):
        raise BundleError("the header of a file of arrays is cut off", do=damaged)
    try:
        header = json.loads(data[8 : 8 + size])
        return {
            str(name): (str(entry["dtype"]), tuple(int(n) for n in entry["shape"]))
            for name, entry in sorted(header.items())
            if name != "__metadata__"
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError("the header of a file of arrays cannot be read", do=damaged) from error
