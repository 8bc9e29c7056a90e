"""Problems in plain words: every kind has a sentence and a rule in the message catalogue."""

from __future__ import annotations

from collections.abc import Iterable

from andon.plant.errors import At
from andon.plant.messages import say
from andon.plant.recording import Problem


def problem(kind: str, *, at: At | None = None, count: int = 1, **args: object) -> Problem:
    """A problem whose sentence and rule come from the catalogue (`reading.<kind>.what`, `reading.<kind>.rule`)."""
    texts = tuple((name, str(value)) for name, value in args.items())
    bare = Problem(kind, "", "", at or At(), count, texts)
    what, rule = problem_text(bare)
    return Problem(kind, what, rule, at or At(), count, texts)


def problem_text(what: Problem, language: str = "en") -> tuple[str, str]:
    """Sentence and rule of a problem of this room, in a language."""
    words = {"tag": what.at.tag or "", "time": what.at.time or "", "count": what.count, **dict(what.args)}
    return say(f"reading.{what.kind}.what", language, **words), say(f"reading.{what.kind}.rule", language, **words)


def pooled(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems of one kind, file and tag as one, with their counts added; the first place stays."""
    out: dict[tuple[object, ...], Problem] = {}
    for item in problems:
        key = (item.kind, item.at.file, item.at.tag, item.args)
        seen = out.get(key)
        if seen is None:
            out[key] = item
        else:
            out[key] = problem(item.kind, at=seen.at, count=seen.count + item.count, **dict(item.args))
    return tuple(out.values())
