"""How much and how often: a body has a largest size, counted while it arrives; a caller has a rate (token bucket)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from litestar.exceptions import HTTPException

from andon.service.asgi import App, Message, Receive, Scope, Send
from andon.service.problems import Refusal

MOST_CALLERS = 10_000
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests a second, so many at once."""

    per_s: float
    burst: float


@dataclass(slots=True)
class Bucket:
    """What a caller has left."""

    left: float
    at_s: float


class Buckets:
    """One bucket a caller; the callers longest unseen are forgotten first, so memory is bounded."""

    def __init__(self, rate: Rate, most: int = MOST_CALLERS) -> None:
        self.rate, self.most = rate, most
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, caller: str, now_s: float) -> float:
        """Take one; 0.0 where it may go on, else seconds to wait.

        Parameters
        ----------
        now_s : of a clock that never goes back
        """
        bucket = self._buckets.pop(caller, None) or Bucket(self.rate.burst, now_s)
        bucket.left = min(self.rate.burst, bucket.left + max(0.0, now_s - bucket.at_s) * self.rate.per_s)
        bucket.at_s = now_s
        self._buckets[caller] = bucket
        while len(self._buckets) > self.most:
            self._buckets.popitem(last=False)
        if bucket.left < 1.0:
            return (1.0 - bucket.left) / self.rate.per_s
        bucket.left -= 1.0
        return 0.0


class TooLarge(HTTPException):
    """The body grew past its limit while it arrived."""

    status_code = 413


class TooSlow(HTTPException):
    """The body did not arrive in its time."""

    status_code = 408


def bounded_bodies(app: App, *, most: int, most_ingest: int, ingest_path: str, within_s: float = 60.0) -> App:
    """`app` behind a limit on the size of bodies, and on the time they take: refused by its length, or while it arrives.

    Parameters
    ----------
    most, most_ingest : bytes, for routes and for pushes of samples
    ingest_path : prefix of the latter
    within_s : seconds in which the whole body must have come

    Raises
    ------
    Refusal, TooLarge, TooSlow : told by `problems.problem_answers`
    """

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        limit = most_ingest if scope["path"].startswith(ingest_path) else most
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not length.isdigit() or int(length) > limit:
            what = f"the body is larger than {limit / MIB:g} MiB"
            raise Refusal(413, "too-large", what, do="send it in smaller parts", headers={"Connection": "close"})
        seen, whole = 0, False
        end = asyncio.get_running_loop().time() + within_s

        async def counted() -> Message:
            nonlocal seen, whole
            if whole:
                return await receive()  # the client goes away, whenever that is
            try:
                async with asyncio.timeout_at(end):
                    message = await receive()
            except TimeoutError as error:
                raise TooSlow(f"the body did not come within {within_s:g} s", headers={"Connection": "close"}) from error
            if message["type"] == "http.request":
                whole = not message.get("more_body", False)
                seen += len(message.get("body", b""))
                if seen > limit:
                    raise TooLarge(f"the body is larger than {limit / MIB:g} MiB")
            return message

        await app(scope, counted, send)

    return wrapped
