"""What scoring writes for others to read: verdicts, events, quality predictions. Columns are fixed and versioned.

    <folder>/verdicts/<asset>.parquet
    <folder>/events.json, <folder>/events.csv
    <folder>/quality.parquet

`docs/reference/outputs.md` describes them. Times are int64 ns UTC in Parquet and ISO 8601 in JSON and CSV.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from andon.plant.atomic_write import atomic_write, write_text
from andon.plant.errors import At, StoreError
from andon.plant.sentences import plain
from andon.plant.verdict import (
    EVENT_SCHEMA_VERSION,
    QUALITY_SCHEMA_VERSION,
    TOP_TAGS,
    VERDICT_SCHEMA_VERSION,
    Event,
    QualityPredictions,
    Sentence,
    Verdict,
    Verdicts,
    View,
    Why,
)
from andon.store.naming import file_name
from andon.store.times import from_text, to_text

if TYPE_CHECKING:
    import polars as pl

_AGAIN = "the file was changed, is damaged, or is no result of Andon; score again"
EVENT_COLUMNS = (
    "schema_version", "id", "asset", "model", "onset", "start", "peak", "end", "severity", "view", "peak_evidence",
    "quality_relevant", *(f"{part}_{rank}" for rank in range(1, TOP_TAGS + 1) for part in ("tag", "share")), "shares",
    "onset_order", "sentence_key", "sentence_args", "text",
)  # fmt: skip
"""Columns of events.csv. `shares`, `onset_order` and `sentence_args` are JSON."""


def write_verdicts(folder: str | os.PathLike[str], verdicts: Verdicts) -> Path:
    """Write `verdicts/<asset>.parquet`, whole or not at all.

    Returns
    -------
    the file

    Raises
    ------
    StoreError : the disk refuses
    """
    import polars as pl

    rows = len(verdicts.time)
    names = pl.Series([*verdicts.tags, None], dtype=pl.String)
    columns: dict[str, Any] = {
        "time": pl.Series(verdicts.time, dtype=pl.Int64),
        "verdict": _words(verdicts.verdict, Verdict),
        "why": _words(verdicts.why, Why),
        "p": _numbers(verdicts.p),
        "evidence": _numbers(verdicts.evidence),
        "threshold": _numbers(verdicts.threshold),
        "mode": pl.Series(verdicts.mode, dtype=pl.Int16),
        "revision": pl.Series(verdicts.revision, dtype=pl.Int32),
        "model": pl.repeat(verdicts.model, rows, dtype=pl.String, eager=True),
    }
    for rank in range(TOP_TAGS):
        index = verdicts.top_tags[:, rank]
        columns[f"tag_{rank + 1}"] = names.gather(pl.Series(np.where(index >= 0, index, len(verdicts.tags)), dtype=pl.UInt32))
        columns[f"share_{rank + 1}"] = _numbers(np.where(index >= 0, verdicts.top_shares[:, rank], np.nan), pl.Float32)
    columns["schema_version"] = pl.repeat(VERDICT_SCHEMA_VERSION, rows, dtype=pl.UInt16, eager=True)
    path = Path(folder) / "verdicts" / f"{file_name(verdicts.asset)}.parquet"
    about = {
        "kind": "verdicts",
        "asset": verdicts.asset,
        "model": verdicts.model,
        "tags": list(verdicts.tags),
        "schema_version": VERDICT_SCHEMA_VERSION,
    }
    _write_parquet(path, pl.DataFrame(columns), about)
    return path


def read_verdicts(path: str | os.PathLike[str]) -> Verdicts:
    """What `write_verdicts` wrote.

    Raises
    ------
    StoreError : another file, a damaged one, or one of a newer Andon
    """
    import polars as pl

    frame, about = _read_parquet(Path(path), "verdicts", VERDICT_SCHEMA_VERSION)
    try:
        tags = tuple(about["tags"])
        top = [_index(frame[f"tag_{rank}"], tags) for rank in range(1, TOP_TAGS + 1)]
        shares = [_floats(frame, f"share_{rank}", np.float32) for rank in range(1, TOP_TAGS + 1)]
        top_tags = np.stack(top, axis=1)
        return Verdicts(
            asset=about["asset"],
            time=frame["time"].to_numpy().astype(np.int64),
            verdict=_codes(frame, "verdict", Verdict),
            why=_codes(frame, "why", Why),
            p=_floats(frame, "p"),
            evidence=_floats(frame, "evidence"),
            threshold=_floats(frame, "threshold"),
            mode=frame["mode"].to_numpy().astype(np.int16),
            revision=frame["revision"].to_numpy().astype(np.int32),
            model=about["model"],
            tags=tags,
            top_tags=top_tags,
            top_shares=np.where(top_tags >= 0, np.stack(shares, axis=1), np.float32(0)).astype(np.float32),
        )
    except (pl.exceptions.PolarsError, KeyError, ValueError, TypeError) as error:
        raise StoreError(f"not a file of verdicts: {error}", at=At(file=str(path)), do=_AGAIN) from error


def write_events(
    folder: str | os.PathLike[str], events: Sequence[Event], *, render: Callable[[Sentence], str] | None = None
) -> tuple[Path, Path]:
    """Write `events.json` and `events.csv`.

    Parameters
    ----------
    render : turns an event's sentence into the text of the CSV; without it the column stays empty

    Returns
    -------
    the JSON and the CSV file
    """
    rows = [event_to_dict(event) for event in events]
    document = {"schema_version": EVENT_SCHEMA_VERSION, "events": rows}
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(EVENT_COLUMNS)
    for event, row in zip(events, rows, strict=True):
        top = sorted(event.shares.items(), key=lambda item: (-item[1], item[0]))[:TOP_TAGS]
        top_cells = [cell for tag, share in top for cell in (tag, repr(float(share)))]
        writer.writerow([
            EVENT_SCHEMA_VERSION, row["id"], event.asset, event.model, row["onset"], row["start"], row["peak"], row["end"] or "",
            repr(float(event.severity)), event.view.value, repr(float(event.peak_evidence)),
            "" if event.quality_relevant is None else str(event.quality_relevant).lower(),
            *top_cells, *[""] * (2 * TOP_TAGS - len(top_cells)),
            *(json.dumps(row[key], ensure_ascii=False) for key in ("shares", "onset_order")),
            event.sentence.key, json.dumps(row["sentence"]["args"], ensure_ascii=False), render(event.sentence) if render else "",
        ])  # fmt: skip
    json_file, csv_file = Path(folder) / "events.json", Path(folder) / "events.csv"
    write_text(json_file, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    write_text(csv_file, table.getvalue())
    return json_file, csv_file


def read_events(path: str | os.PathLike[str]) -> tuple[Event, ...]:
    """The events of an `events.json`.

    Raises
    ------
    StoreError : another file, a damaged one, or one of a newer Andon
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        _check_version(document["schema_version"], EVENT_SCHEMA_VERSION, Path(path))
        return tuple(event_from_dict(row) for row in document["events"])
    except OSError as error:
        raise StoreError(f"cannot read: {error.strerror or error}", at=At(file=str(path)), do="check the path") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"not a file of events: {error}", at=At(file=str(path)), do=_AGAIN) from error


def event_to_dict(event: Event) -> dict[str, Any]:
    """One event as it stands in events.json: times as text, the rest as JSON values."""
    return {
        "id": event.id,
        "asset": event.asset,
        "model": event.model,
        "onset": to_text(event.onset),
        "start": to_text(event.start),
        "peak": to_text(event.peak),
        "end": None if event.end is None else to_text(event.end),
        "severity": float(event.severity),
        "view": event.view.value,
        "peak_evidence": float(event.peak_evidence),
        "quality_relevant": event.quality_relevant,
        "shares": {tag: float(share) for tag, share in event.shares.items()},
        "onset_order": [{"tag": tag, "onset": to_text(at)} for tag, at in event.onset_order],
        "sentence": plain(event.sentence),
    }


def event_from_dict(row: Mapping[str, Any]) -> Event:
    """The event that `event_to_dict` gave.

    Raises
    ------
    ValueError, KeyError, TypeError : anything else
    """
    return Event(
        asset=row["asset"], model=row["model"], onset=from_text(row["onset"]), start=from_text(row["start"]), peak=from_text(row["peak"]),
        end=None if row["end"] is None else from_text(row["end"]), severity=float(row["severity"]), view=View(row["view"]),
        shares=dict(row["shares"]), onset_order=tuple((step["tag"], from_text(step["onset"])) for step in row["onset_order"]),
        sentence=Sentence(row["sentence"]["key"], dict(row["sentence"]["args"])), peak_evidence=float(row["peak_evidence"]),
        quality_relevant=row["quality_relevant"],
    )  # fmt: skip


def write_quality(folder: str | os.PathLike[str], predictions: Iterable[QualityPredictions]) -> Path:
    """Write `quality.parquet`, the predictions of all assets, in the order given."""
    import polars as pl

    frames = [
        pl.DataFrame({
            "asset": pl.repeat(part.asset, len(part.target), dtype=pl.String, eager=True),
            "sample_time": pl.Series(part.sample_time, dtype=pl.Int64),
            "known_at": pl.Series(part.known_at, dtype=pl.Int64),
            "target": pl.Series(part.target, dtype=pl.String),
            "value": _numbers(part.value),
            "low": _numbers(part.low),
            "high": _numbers(part.high),
            "level": _numbers(part.level),
            "why": _words(part.why, Why),
            "schema_version": pl.repeat(QUALITY_SCHEMA_VERSION, len(part.target), dtype=pl.UInt16, eager=True),
        })
        for part in [*predictions, _NO_PREDICTIONS]
    ]  # fmt: skip
    path = Path(folder) / "quality.parquet"
    _write_parquet(path, pl.concat(frames), {"kind": "quality", "schema_version": QUALITY_SCHEMA_VERSION})
    return path


def read_quality(path: str | os.PathLike[str]) -> tuple[QualityPredictions, ...]:
    """What `write_quality` wrote, one part for each asset, in order of first appearance.

    Raises
    ------
    StoreError : another file, a damaged one, or one of a newer Andon
    """
    import polars as pl

    frame, _ = _read_parquet(Path(path), "quality", QUALITY_SCHEMA_VERSION)
    try:
        return tuple(
            QualityPredictions(
                asset=part["asset"][0], sample_time=part["sample_time"].to_numpy().astype(np.int64),
                known_at=part["known_at"].to_numpy().astype(np.int64), target=tuple(part["target"]), value=_floats(part, "value"),
                low=_floats(part, "low"), high=_floats(part, "high"), level=_floats(part, "level"), why=_codes(part, "why", Why),
            )
            for part in frame.partition_by("asset", maintain_order=True)
            if len(part)
        )  # fmt: skip
    except (pl.exceptions.PolarsError, KeyError, ValueError, TypeError) as error:
        raise StoreError(f"not a file of quality predictions: {error}", at=At(file=str(path)), do=_AGAIN) from error


_NONE = np.zeros(0)
_NO_PREDICTIONS = QualityPredictions(
    "", np.zeros(0, np.int64), np.zeros(0, np.int64), (), _NONE, _NONE, _NONE, _NONE, np.zeros(0, np.uint8)
)  # gives a file without rows its columns


def _words(codes: Any, kind: type[Verdict] | type[Why]) -> pl.Series:
    """Codes as lower-case names."""
    import polars as pl

    names = [member.name.lower() for member in kind]
    return pl.Series(names, dtype=pl.String).gather(pl.Series(np.asarray(codes), dtype=pl.UInt32))


def _codes(frame: pl.DataFrame, column: str, kind: type[Verdict] | type[Why]) -> Any:
    import polars as pl

    names = [member.name.lower() for member in kind]
    return frame[column].replace_strict(names, list(range(len(names))), return_dtype=pl.UInt8).to_numpy().astype(np.uint8)


def _index(column: pl.Series, tags: Sequence[str]) -> Any:
    """(T,) int32 place of each tag in `tags`, -1 where there is none."""
    import polars as pl

    if column.null_count() == len(column):
        return np.full(len(column), -1, dtype=np.int32)
    return column.replace_strict(list(tags), list(range(len(tags))), return_dtype=pl.Int32).fill_null(-1).to_numpy()


def _numbers(values: Any, dtype: Any = None) -> pl.Series:
    """NaN becomes null: a missing answer, not a number."""
    import polars as pl

    return pl.Series(np.asarray(values), dtype=dtype or pl.Float64).fill_nan(None)


def _floats(frame: pl.DataFrame, column: str, kind: type[np.floating[Any]] = np.float64) -> Any:
    return frame[column].fill_null(float("nan")).to_numpy().astype(kind)


def _write_parquet(path: Path, frame: pl.DataFrame, about: Mapping[str, Any]) -> None:
    import polars as pl

    with atomic_write(path) as file:
        try:
            frame.write_parquet(file, compression="zstd", metadata={"andon": json.dumps(about, ensure_ascii=True)})
        except pl.exceptions.PolarsError as error:  # a full disk comes as a fault of the format, with the system's number in its text
            number = re.search(r"os error (\d+)", str(error))
            raise OSError(int(number[1]), os.strerror(int(number[1]))) if number else error from error


def _read_parquet(path: Path, kind: str, newest: int) -> tuple[pl.DataFrame, dict[str, Any]]:
    import polars as pl

    try:
        about = json.loads(pl.read_parquet_metadata(path)["andon"])
        _check_version(about["schema_version"], newest, path)
        if about["kind"] != kind:
            raise StoreError(f"a file of {about['kind']}, not of {kind}", at=At(file=str(path)), do="name the right file")
        return pl.read_parquet(path), about
    except OSError as error:
        raise StoreError(f"cannot read: {error.strerror or error}", at=At(file=str(path)), do="check the path") from error
    except (pl.exceptions.PolarsError, KeyError, ValueError, TypeError) as error:
        raise StoreError("not a result of Andon", at=At(file=str(path)), do=_AGAIN) from error


def _check_version(found: object, newest: int, path: Path) -> None:
    if not isinstance(found, int) or not 1 <= found <= newest:
        raise StoreError(
            f"schema version {found!r}, this Andon knows 1 to {newest}", at=At(file=str(path)), do="update Andon on this machine"
        )
