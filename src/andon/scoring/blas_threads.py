"""Keep numpy's matrix products on one thread while scoring.

OpenBLAS cuts even small products over all cores, and its threads wait actively for each other: on a core that has other work,
a row took three times as long. Scoring brings threads of its own, see `ahead`. Where numpy was built with another library, or
the library has no such door, nothing is changed. As threadpoolctl does it, for the one library that numpy's wheels carry.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

_lock = threading.Lock()
_inside = 0
_before = 1


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """One thread for matrix products inside; what was set before is set again by the last to leave."""
    global _inside, _before
    doors = _doors()
    if doors is None:
        yield
        return
    get, put = doors
    with _lock:
        if _inside == 0:
            _before = get()
            put(1)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                put(_before)


@cache
def _doors() -> tuple[Callable[[], int], Callable[[int], object]] | None:
    """How to ask for and to set the number of threads of numpy's own OpenBLAS; None where there is none."""
    import ctypes

    place = Path(np.__file__).parent
    for folder in (place.parent / "numpy.libs", place / ".dylibs"):
        for file in sorted(folder.glob("*openblas*")):
            try:
                library = ctypes.CDLL(str(file))
            except OSError:
                continue
            for prefix, suffix in (("scipy_openblas", "64_"), ("scipy_openblas", ""), ("openblas", "64_"), ("openblas", "")):
                get = getattr(library, f"{prefix}_get_num_threads{suffix}", None)
                put = getattr(library, f"{prefix}_set_num_threads{suffix}", None)
                if get is not None and put is not None:
                    return get, put
    return None
