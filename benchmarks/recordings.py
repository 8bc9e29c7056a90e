"""The public recordings as the benchmarks need them: prepared arrays with labels. Nothing is fitted on test rows."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from andon.plant.arrays import BoolArray, Float32Array, Float64Array, FloatArray
from andon.plant.window import Prepared
from andon.preparing.scaling import robust_scale

CLIP = 50.0


def data_folder(given: str | None = None) -> Path:
    """The folder of public recordings: `given`, else ANDON_DATA."""
    folder = given or os.environ.get("ANDON_DATA", "")
    if not folder or not Path(folder).is_dir():
        raise SystemExit("public recordings are not here: pass --data DIR or set ANDON_DATA")
    return Path(folder)


@dataclass(frozen=True, slots=True)
class Series:
    """One recording of a benchmark.

    Attributes
    ----------
    name : for the table
    values : (T, C) float64
    train : number of leading rows that may be learnt from
    label : (T,) bool, True where anomalous
    change : (T,) bool, change points; empty where the set has none
    parts : (T, C) bool, which tags are responsible; empty where unknown
    """

    name: str
    values: Float64Array
    train: int
    label: BoolArray
    change: BoolArray
    parts: BoolArray


def prepared(values: FloatArray, train: int, name: str = "asset", interval_ns: int = 1_000_000_000) -> Prepared:
    """Scaled by the training rows only, with the product's own scaling; one stretch without gaps.

    Parameters
    ----------
    values : (T, C); NaN where missing
    train : rows that set the scale
    """
    head = np.asarray(values[:train], dtype=np.float64)
    scaled = [robust_scale(column[np.isfinite(column)]) if np.isfinite(column).any() else (0.0, 1.0, "unit") for column in head.T]
    middle, scale = np.array([one[0] for one in scaled]), np.array([one[1] for one in scaled])
    valid = np.isfinite(values)
    x = np.clip((np.where(valid, values, middle) - middle) / scale, -CLIP, CLIP).astype(np.float32)
    rows, width = x.shape
    x[~valid] = 0.0
    names = tuple(f"c{index:02d}" for index in range(width))
    reset = np.zeros(rows, dtype=bool)
    reset[0] = True
    return Prepared(
        name, names, names, (), interval_ns, np.arange(rows, dtype=np.int64), x, valid,
        np.zeros((rows, 0), dtype=np.float32), np.zeros(rows, dtype=np.int16), np.zeros(rows, dtype=np.uint8), reset,
    )  # fmt: skip


def skab(folder: Path) -> list[Series]:
    """The 34 labelled files of SKAB; the first 400 rows of each train."""
    import polars as pl

    out = []
    for group in ("valve1", "valve2", "other"):
        for path in sorted((folder / "skab" / group).glob("*.csv"), key=lambda item: int(item.stem)):
            table = pl.read_csv(path, separator=";")
            values = table.drop("datetime", "anomaly", "changepoint").cast(pl.Float64).to_numpy()
            label = table["anomaly"].to_numpy() > 0.5
            change = table["changepoint"].to_numpy() > 0.5
            out.append(Series(f"{group}/{path.stem}", values, 400, label, change, np.zeros((0, 0), dtype=bool)))
    return out


def tep(folder: Path) -> dict[str, Float32Array]:
    """Tennessee Eastman: `d00`, `d00_te`, `d01_te` ... `d21_te`, each (T, 52)."""
    import polars as pl

    names = ["d00", "d00_te", *(f"d{fault:02d}_te" for fault in range(1, 22))]
    return {name: pl.read_parquet(folder / "tep" / f"{name}.parquet").to_numpy().astype(np.float32) for name in names}


def multivariate(folder: Path) -> list[Series]:
    """SMD (4), ASD (4), Genesis, Daphnet: train, then test, in one piece."""
    import polars as pl

    out = []
    for group, pattern in (("smd", "machine-*_train.parquet"), ("asd", "omi-*_train.parquet")):
        for path in sorted((folder / group).glob(pattern)):
            name = path.stem.removesuffix("_train")
            head = pl.read_parquet(path).to_numpy().astype(np.float64)
            tail = pl.read_parquet(path.with_name(f"{name}_test.parquet"))
            label = tail["label"].to_numpy() > 0.5
            values = np.concatenate([head, tail.drop("label").to_numpy().astype(np.float64)])
            parts = _interpretation(folder / group / "interpretation_label" / f"{name}.txt", len(label), values.shape[1])
            whole = np.concatenate([np.zeros(len(head), dtype=bool), label])
            out.append(Series(name, values, len(head), whole, np.zeros(0, dtype=bool), parts))
    for path in sorted((folder / "tsb-ad-m").glob("*.csv")):
        table = pl.read_csv(path, infer_schema_length=None)
        train = int(path.stem.split("_tr_")[1].split("_")[0])
        label = table["Label"].to_numpy() > 0.5
        values = table.drop("Label").cast(pl.Float64).to_numpy()
        name = path.stem.split("_")[1]
        out.append(Series(name, values, train, label, np.zeros(0, dtype=bool), np.zeros((0, 0), dtype=bool)))
    return out


def _interpretation(path: Path, rows: int, width: int) -> BoolArray:
    """(rows, C) responsible tags of each test row, from lines `first-last:tag,tag` (tags from 1)."""
    parts = np.zeros((rows, width), dtype=bool)
    for line in path.read_text(encoding="utf-8").splitlines():
        if ":" not in line:
            continue
        span, tags = line.split(":")
        first, last = (int(text) for text in span.split("-"))
        for tag in tags.replace(" ", "").split(","):
            if tag:
                parts[first : last + 1, int(tag) - 1] = True
    return parts
