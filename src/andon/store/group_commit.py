"""Group commit: what waits in a queue is taken together, so that many callers share one transaction or one fsync."""

from __future__ import annotations

import queue
from concurrent.futures import Future
from typing import TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


def take_together(waiting: queue.Queue[tuple[Q, Future[A]] | None], most: int) -> tuple[list[tuple[Q, Future[A]]], bool]:
    """Wait for one item, then take what else is there, `most` in all; those whose caller has given up are left out.

    Parameters
    ----------
    waiting : of (what is asked, the future of its answer); None is the end

    Returns
    -------
    the items; whether the end was among them
    """
    item = waiting.get()
    together: list[tuple[Q, Future[A]]] = []
    while item is not None:
        if item[1].set_running_or_notify_cancel():
            together.append(item)
        if len(together) >= most:
            break
        try:
            item = waiting.get_nowait()
        except queue.Empty:
            break
    return together, item is None
