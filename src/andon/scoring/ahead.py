"""Two stages of work side by side: while one item is used here, the next are worked out on a thread of their own."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
MOST_WAITING = 2
_END = object()


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The same items in the same order; an error while working one out is raised in its place.

    Only one thread works on `items`, so nothing of what they are made with is shared, and the answer is the same to the last bit.
    """
    source = iter(items)
    with ThreadPoolExecutor(1, thread_name_prefix="andon-ahead") as pool:
        waiting = deque(pool.submit(next, source, _END) for _ in range(MOST_WAITING))
        try:
            while (item := waiting.popleft().result()) is not _END:
                waiting.append(pool.submit(next, source, _END))
                yield item  # type: ignore[misc]
        finally:
            for future in waiting:
                future.cancel()
