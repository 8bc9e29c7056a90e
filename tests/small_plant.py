"""A small line for tests of the doors: four tags that belong together, every five minutes, and a model of it in seconds."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from andon.plant.arrays import Float64Array

if TYPE_CHECKING:
    from andon.scoring.monitor import Monitor

TAGS = ("FIC-101", "PIC-101", "TIC-101", "LIC-101")
ASSET = "line"
STEP = timedelta(minutes=5)
TRAIN_ROWS, NEW_ROWS = 6000, 900
TRAIN_START, NEW_START = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def values(rows: int, seed: int) -> Float64Array:
    """(rows, 4) flow, pressure, temperature and level, all moved by one load."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(rows, 5))
    load = np.zeros(rows)
    for row in range(1, rows):
        load[row] = 0.97 * load[row - 1] + 0.24 * noise[row, 4]
    flow = 50 + 5 * load + 0.5 * noise[:, 0]
    pressure = 3 + 0.05 * flow + 0.1 * np.roll(load, 3) + 0.05 * noise[:, 1]
    temperature = 80 + 2 * np.convolve(load, np.full(10, 0.1), "same") + 0.3 * noise[:, 2]
    level = 40 + load + 0.4 * noise[:, 3]
    return np.column_stack([flow, pressure, temperature, level])


def stamps(rows: int, start: datetime = NEW_START, step: timedelta = STEP) -> list[str]:
    """ISO times, one row each step."""
    return [(start + row * step).strftime("%Y-%m-%dT%H:%M:%SZ") for row in range(rows)]


def lines(
    rows: int = NEW_ROWS, seed: int = 2, start: datetime = NEW_START, *, tags: tuple[str, ...] = TAGS, fault: bool = True
) -> list[str]:
    """The lines of a CSV export; `fault`: pressure too high for six hours in the middle."""
    table = values(rows, seed)
    if fault:
        table[rows // 2 : rows // 2 + 72, 1] += 1.0
    body = [",".join([time, *(f"{value:.3f}" for value in row)]) for time, row in zip(stamps(rows, start), table, strict=True)]
    return [",".join(["time", *tags]), *body]


def write(path: Path, text: list[str]) -> Path:
    """Write lines as UTF-8."""
    path.write_text("\n".join(text) + ("\n" if text else ""), encoding="utf-8")
    return path


def of_assets(model: Path, assets: tuple[str, ...]) -> Monitor:
    """The model of the line as that of several sisters."""
    from andon.scoring.model_file import load

    loaded = load(model)
    return replace(loaded, assets=assets, preparation=replace(loaded.preparation, assets=assets))


def fault_label() -> list[str]:
    """labels.csv of the fault that `lines` puts into the middle."""
    times = stamps(NEW_ROWS)
    return ["asset,start,end,kind,note", f"{ASSET},{times[NEW_ROWS // 2]},{times[NEW_ROWS // 2 + 72]},fault,pressure too high"]


@dataclass(frozen=True)
class Outcome:
    """What a call of the command line did."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """Standard output, which must be one JSON object."""
        answer = json.loads(self.out)
        assert isinstance(answer, dict)
        return answer

    def error(self) -> dict[str, Any]:
        """Standard error, which must be one JSON object in the shape of all errors."""
        answer = json.loads(self.err)
        assert isinstance(answer, dict)
        assert set(answer) == {"error", "what", "at", "do"}
        return answer


def andon(*words: str | Path) -> Outcome:
    """Run the command line in this process."""
    from andon.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    code: object = "no exit"
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(word) for word in words])
        except SystemExit as done:
            code = done.code
    assert isinstance(code, int)
    return Outcome(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Line:
    """A folder with an export, a plant file and a trained model.

    Attributes
    ----------
    folder : holds train.csv, plant.toml and models/
    answer : what `andon train --json` printed
    """

    folder: Path
    answer: dict[str, Any]

    @property
    def models(self) -> Path:
        """The folder of models."""
        return self.folder / "models"

    @property
    def model(self) -> Path:
        """The model file."""
        return Path(self.answer["models"][0]["path"])


def make_line(folder: Path, *options: str) -> Line:
    """Write the export and the plant file as a user would, and train."""
    export = write(folder / "train.csv", lines(TRAIN_ROWS, 1, TRAIN_START, fault=False))
    plant = folder / "plant.toml"
    made = andon("init", export, "-o", plant, "--asset", ASSET, "--budget", "2/day", "--json")
    assert made.code == 0, made.err
    done = andon("train", plant, "--json", *options)
    assert done.code == 0, done.err
    return Line(folder, done.json())
