"""Asset and time in the name of a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from andon.plant.errors import AskUserError
from andon.plant.time import NS

# The three time formats of Lookout for Equipment's input names, and the usual ones of historians.
_TIMES: tuple[tuple[str, str], ...] = (
    (r"\d{4}-\d{2}-\d{2}-\d{2}-\d{2}-\d{2}", "%Y-%m-%d-%H-%M-%S"),
    (r"\d{14}", "%Y%m%d%H%M%S"),
    (r"\d{8}[T_-]\d{6}Z?", "%Y%m%d%H%M%S"),
    (r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}Z?", "%Y%m%d%H%M%S"),
    (r"\d{13}", "ms"),
    (r"\d{10}", "s"),
    (r"\d{12}", "%Y%m%d%H%M"),
    (r"\d{4}-\d{2}-\d{2}", "%Y%m%d"),
    (r"\d{8}", "%Y%m%d"),
)
_ANY_TIME = "|".join(pattern for pattern, _ in _TIMES)


def read_name_time(text: str) -> int | None:
    """ns of a time in a file name, as if it were UTC; None where it is none."""
    for pattern, form in _TIMES:
        if not re.fullmatch(pattern, text):
            continue
        if form in ("s", "ms"):
            return int(text) * (NS if form == "s" else 1_000_000)
        plain = text if "-" in form else re.sub(r"\D", "", text)
        try:
            moment = datetime.strptime(plain, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * NS
    return None


@dataclass(frozen=True, slots=True)
class Found:
    """What a name says. `asset` is empty and `time` None where it says nothing of them."""

    asset: str
    time: int | None


class FileName:
    """A pattern like "{asset}_{time}.csv": `{asset}` and `{time}` once each, `*` for anything within one level.

    Raises
    ------
    AskUserError : another name in braces, or one that stands twice
    """

    def __init__(self, text: str) -> None:
        regex: list[str] = []
        seen: set[str] = set()
        for part in re.split(r"(\{[^{}]*\}|\*)", text):
            if part == "*":
                regex.append("[^/]*")
            elif part in ("{asset}", "{time}"):
                if part in seen:
                    raise AskUserError(f"{text!r} has {part} twice", do="write it once")
                seen.add(part)
                regex.append("(?P<asset>[^/]+?)" if part == "{asset}" else f"(?P<time>{_ANY_TIME})")
            elif "{" in part or "}" in part:
                raise AskUserError(f"{text!r} is no file name: {part!r}", do='use {asset}, {time} and *, like "{asset}_{time}.csv"')
            else:
                regex.append(re.escape(part))
        if not text or text.startswith("/") or ".." in text.split("/"):
            raise AskUserError(
                f"{text!r} is no file name below the folder", do='write it relative to the folder, like "{asset}_{time}.csv"'
            )
        self._regex = re.compile("".join(regex))

    def match(self, path: str) -> Found | None:
        """What a path below the folder says; None where it does not fit."""
        found = self._regex.fullmatch(path)
        if found is None:
            return None
        named = found.groupdict()
        if named.get("time") is None:
            return Found(named.get("asset") or "", None)
        time = read_name_time(named["time"])
        return None if time is None else Found(named.get("asset") or "", time)
