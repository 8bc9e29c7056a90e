"""Historian files become recordings.

`read` takes files, folders or globs and gives one `Recording` per asset, with everything it met on the way as
problems: what, where, and by which rule it was handled. The way of a file: `encoding` makes it UTF-8 text, `dialect`
finds separator, header and units, `table` gives batches of columns, `layout` says what each column is (time, tag,
value, quality, asset), `timestamps` and `zones` make instants, `numerals` and `quality` make values and status,
`wide` and `long` make pieces, `merging` makes the recording. What cannot be decided from the whole file is asked
(`Question`), never guessed. `labels` and `lab` read the two small files that people write by hand.

Live sources become batches. `link` is the door of every link, `links` makes those of a plant file; each has a folder of its own
(`mqtt`, `sparkplug`, `opcua`, `folder`, `replay`, `push`) with the same files. `mapping` says what a source's names mean, `payload/`
reads bytes by it; `gauge` counts and `window` bounds what every link counts and bounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from andon.reading.exports import read as read
    from andon.reading.exports import read_one as read_one
    from andon.reading.lab import read_lab as read_lab
    from andon.reading.labels import read_labels as read_labels
    from andon.reading.labels import write_labels as write_labels
    from andon.reading.link import Link as Link
    from andon.reading.links import make_links as make_links
    from andon.reading.problems import problem_text as problem_text
    from andon.reading.questions import Question as Question
    from andon.reading.readings import FileFormat as FileFormat
    from andon.reading.readings import Readings as Readings

__all__ = [
    "FileFormat", "Link", "Question", "Readings", "make_links", "problem_text", "read", "read_lab", "read_labels", "read_one",
    "write_labels",
]  # fmt: skip

_HOME = {
    "FileFormat": "readings",
    "Link": "link",
    "Question": "questions",
    "Readings": "readings",
    "make_links": "links",
    "problem_text": "problems",
    "read": "exports",
    "read_lab": "lab",
    "read_labels": "labels",
    "read_one": "exports",
    "write_labels": "labels",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"andon.reading.{_HOME[name]}"), name)
    globals()[name] = value
    return value
