"""InfluxDB's annotated CSV: blocks with #group, #datatype and #default lines above each header."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from andon.plant.errors import At, ReadingError

if TYPE_CHECKING:
    import polars as pl

_OWN = ("", "result", "table", "_start", "_stop", "_time", "_value", "_field", "_measurement", "error", "reference")


def is_annotated(start: str) -> bool:
    """True where a text begins like InfluxDB's annotated CSV."""
    return start.lstrip("\ufeff\r\n ").startswith(("#group", "#datatype", "#default"))


def long_table(text: str, at: At) -> pl.DataFrame:
    """Columns "0" time, "1" tag and "2" value (String) of all blocks.

    The tag is the field; the measurement stands before it where there is more than one, and tag keys whose values
    differ stand behind it, as "measurement.field key=value".

    Raises
    ------
    ReadingError : a block has no _time or _value column (aggregated without time, or pivoted)
    """
    import polars as pl

    frames: list[pl.DataFrame] = []
    block: list[str] = []
    begins = 1
    for number, line in enumerate([*text.splitlines(), "#group"], start=1):
        if not line.strip():
            continue
        if line.startswith("#") and block and not block[-1].startswith("#"):
            frames.append(_block(block, begins, at))
            block = []
        if not block:
            begins = number
        block.append(line)
    frames = [frame for frame in frames if frame.height]
    if not frames:
        raise ReadingError("only annotations, no row of data", at=at, do="export a period that holds data")
    everything = pl.concat(frames, how="diagonal")
    keys = [name for name in everything.columns if name not in _OWN and everything[name].n_unique() > 1]
    several = "_measurement" in everything.columns and everything["_measurement"].n_unique() > 1
    tag = pl.col("_field") if "_field" in everything.columns else pl.lit("value")
    if several:
        tag = pl.col("_measurement") + "." + tag
    for key in keys:
        tag = tag + pl.when(pl.col(key).is_not_null()).then(pl.lit(f" {key}=") + pl.col(key)).otherwise(pl.lit(""))
    return everything.select(pl.col("_time").alias("0"), tag.alias("1"), pl.col("_value").alias("2"))


def _block(lines: list[str], begins: int, at: At) -> pl.DataFrame:
    import polars as pl

    defaults = next((line for line in lines if line.startswith("#default")), "")
    body = [line for line in lines if not line.startswith("#")]
    frame = pl.read_csv(io.BytesIO("\n".join(body).encode()), infer_schema=False, truncate_ragged_lines=True)
    if "_time" not in frame.columns or "_value" not in frame.columns:
        raise ReadingError(
            "a block has no _time or _value column",
            at=At(file=at.file, line=begins),
            do="export the query without pivot or aggregation over all time",
        )
    for name, default in zip(body[0].split(","), defaults.split(","), strict=False):
        if default and not default.startswith("#") and name in frame.columns:
            frame = frame.with_columns(pl.col(name).fill_null(default))
    return frame.select([name for name in frame.columns if name and not name.startswith("_duplicated")])
