"""Requests and answers: who asks, what is asked again when the link breaks, and the one error that a refusal becomes."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from andon.plant.backoff import Backoff
from andon.plant.errors import AndonError, At
from andon.plant.time import NS
from andon.service.schema import Problem

T = TypeVar("T")
Moment: TypeAlias = str | datetime
"""ISO 8601 with an offset or Z, Unix seconds as text, or a datetime with a zone."""
Word: TypeAlias = str | int | Sequence[str] | None

ROOT = "/api/v1"
TRIES = 4
MOST_WAIT_S = 30.0
AGAIN = Backoff(first_ns=NS // 5, most_ns=round(MOST_WAIT_S * NS), factor=3.0, jitter=0.0)
REMEMBERED = 32
DOTS = {".": "%2E", "..": "%2E%2E"}
"""Names that an address would take for steps up and down."""
BUSY = (429, 503)
SAFE = ("GET",)


class ServiceError(AndonError):
    """The service refused, or gave no answer.

    Attributes
    ----------
    status : of HTTP; 0 where there was no answer
    problem : what the service said
    """

    def __init__(self, problem: Problem) -> None:
        self.status, self.problem = problem.status, problem
        super().__init__(problem.detail or problem.title, at=At(key=problem.at) if problem.at else None, do=problem.do)


class Connection:
    """Asks a service. Not for several threads at once.

    Parameters
    ----------
    address : of the service, for example "http://127.0.0.1:8320"
    token : of the API; without one, `sign_in` first
    timeout_s : for an answer to begin
    verify : check the certificate of the service; a file of certificates to trust, where it has one of its own
    http : in place of a client of its own; it is not closed with this one
    wait : sleeps so many seconds
    """

    def __init__(
        self,
        address: str = "",
        *,
        token: str = "",
        timeout_s: float = 30.0,
        verify: bool | str = True,
        http: httpx.Client | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._own = http is None
        self.http = http or httpx.Client(base_url=address, timeout=timeout_s, verify=verify)
        self._wait, self._token, self._csrf = wait, token, ""
        self._seen: OrderedDict[str, tuple[str, bytes]] = OrderedDict()

    def close(self) -> None:
        """Close the connections."""
        if self._own:
            self.http.close()

    def _ask(
        self,
        kind: type[T],
        method: str,
        parts: Sequence[str],
        query: Mapping[str, Word] | None = None,
        body: msgspec.Struct | bytes | None = None,
        *,
        key: str | None = None,
        content_type: str = "application/json",
        once: bool = False,
        root: str = ROOT,
        right: Sequence[int] = (),
    ) -> T:
        """The answer, as a shape. What changes something carries a key, so that a second try does it no second time.

        Parameters
        ----------
        kind : shape of the answer
        parts : of the address; each may hold anything
        key : idempotency key; made here where there is none
        right : statuses that are an answer beside those of success
        once : never sent again once it may have arrived: the service keeps no answer of what holds a secret

        Raises
        ------
        ServiceError : the service refused, or there is no answer after several tries
        """
        url = address_of(parts, query, root)
        headers = self._headers(method, key)
        content = msgspec.json.encode(body) if isinstance(body, msgspec.Struct) else body
        if content is not None:
            headers["Content-Type"] = content_type
        kept = self._seen.get(url) if method in SAFE else None
        if kept is not None:
            headers["If-None-Match"] = kept[0]
        answer = self._send(method, url, headers, content, once, right)
        if answer.status_code == 304 and kept is not None:
            raw = kept[1]
        else:
            raw = answer.content
            if method in SAFE and "etag" in answer.headers:
                self._remember(url, answer.headers["etag"], raw)
        if kind is type(None):
            return None
        if kind is bytes:
            return raw  # type: ignore[return-value]
        try:
            return msgspec.json.decode(raw, type=kind)
        except msgspec.DecodeError as error:
            told = Problem(type="not-understood", title=f"the service's answer is no {kind}: {error}", status=answer.status_code)
            raise ServiceError(told) from error

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None, once: bool, right: Sequence[int]
    ) -> httpx.Response:
        for attempt in range(1, TRIES + 1):
            last = attempt == TRIES
            try:
                answer = self.http.request(method, url, headers=headers, content=content)
            except httpx.ConnectError as error:
                if last:
                    raise no_answer(error) from error
            except httpx.TransportError as error:
                if last or once:
                    raise no_answer(error) from error
            else:
                if answer.is_success or answer.status_code in (304, *right):
                    return answer
                if answer.status_code not in BUSY or last or once:
                    raise ServiceError(problem_of(answer))
                self._wait(pause_s(attempt, answer))
                continue
            self._wait(pause_s(attempt))
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def _streamed(
        self, method: str, parts: Sequence[str], headers: Mapping[str, str] | None = None, timeout_s: float | None = None
    ) -> Iterator[httpx.Response]:
        """An answer that is read as it comes; `timeout_s` for each piece of it.

        Raises
        ------
        ServiceError : refused, or the link broke
        """
        try:
            timeout = self.http.timeout if timeout_s is None else httpx.Timeout(timeout_s)
            said = {**self._headers(method, None), **(headers or {})}
            with self.http.stream(method, address_of(parts), headers=said, timeout=timeout) as answer:
                if not answer.is_success:
                    answer.read()
                    raise ServiceError(problem_of(answer))
                yield answer
        except httpx.TransportError as error:
            raise no_answer(error) from error

    def _headers(self, method: str, key: str | None) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if method not in SAFE:
            headers["Idempotency-Key"] = key or secrets.token_hex(16)
            if self._csrf:
                headers["X-CSRF-Token"] = self._csrf
        return headers

    def _remember(self, url: str, etag: str, raw: bytes) -> None:
        self._seen[url] = (etag, raw)
        self._seen.move_to_end(url)
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)


def address_of(parts: Sequence[str], query: Mapping[str, Word] | None = None, root: str = ROOT) -> str:
    """An address from parts that may hold anything, slashes too; what is None or empty is left out of the query."""
    words = [
        f"{name}={quote(str(one), safe='')}"
        for name, value in (query or {}).items()
        if value not in (None, "")
        for one in ((value,) if isinstance(value, str | int) else value or ())
    ]
    path = "/".join(DOTS.get(part) or quote(part, safe="") for part in parts)
    return f"{root}/{path}" + (f"?{'&'.join(words)}" if words else "")


def moment(value: Moment) -> str:
    """A moment as the wire has it.

    Raises
    ------
    ValueError : a datetime without a zone
    """
    if isinstance(value, str):
        return value
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} has no zone: write datetime(..., tzinfo=ZoneInfo(...))")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def problem_of(answer: httpx.Response) -> Problem:
    """What a refusal says; of one that says nothing, its status."""
    try:
        return msgspec.json.decode(answer.content, type=Problem)
    except msgspec.DecodeError:
        return Problem(
            type="about:blank", title=f"the service answered {answer.status_code} {answer.reason_phrase}", status=answer.status_code
        )


def no_answer(error: Exception) -> ServiceError:
    """The link broke, or there is nobody."""
    return ServiceError(
        Problem(
            type="no-answer", title=f"the service gives no answer: {error}", status=0, do="is the address right, and does the service run?"
        )
    )


def pause_s(attempt: int, answer: httpx.Response | None = None) -> float:
    """How long to wait before the next try: what the service asks for, else longer and longer."""
    told = answer.headers.get("retry-after", "") if answer is not None else ""
    usual = AGAIN.wait_ns(attempt) / NS
    return min(MOST_WAIT_S, max(usual, float(told))) if told.isdigit() else usual
