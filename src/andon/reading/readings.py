"""What `read` gives back: recordings, problems, and how each file was understood."""

from __future__ import annotations

from dataclasses import dataclass, field

from andon.plant.recording import Problem, Recording


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How one file was understood.

    Attributes
    ----------
    kind : "csv", "xlsx", "parquet" or "arrow"
    compression : "", "gz" or "zst"
    encoding : of text files
    separator : of text files; " " stands for runs of blanks
    decimal : "." or ","
    header_line, unit_line : 1-based; 0 where there is none
    layout : "wide", "long" or "pairs" (a time column before each value column)
    time_column, time_format : the column, and the format as people write it
    quality : "" or how quality is written ("words", "opc-classic", "opc-ua", "aveva")
    roles : column name -> "time", "tag", "value", "quality", "asset" (only those that have a role of their own)
    """

    file: str
    kind: str
    compression: str = ""
    encoding: str = ""
    separator: str = ""
    decimal: str = "."
    header_line: int = 0
    unit_line: int = 0
    layout: str = "wide"
    time_column: str = ""
    time_format: str = ""
    quality: str = ""
    roles: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Readings:
    """All that came out of a set of files.

    Attributes
    ----------
    recordings : asset -> recording
    problems : what was met in the files that could be read, with file and line
    failed : files that could not be read, each with its reason; they stopped nothing else
    zone : the zone that local times were taken in
    formats : file -> how it was understood
    """

    recordings: dict[str, Recording]
    problems: tuple[Problem, ...] = ()
    failed: tuple[Problem, ...] = ()
    zone: str = "UTC"
    formats: dict[str, FileFormat] = field(default_factory=dict)
