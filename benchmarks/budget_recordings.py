"""Recordings of normal time for the alarm budget: simulated by seed, and pieces of real ones; steady and moving apart.

`MOVING` was written down before the first run, from what is known of the sources and from nothing measured here: machine
2-1 of SMD moves between its weeks (an earlier measurement said so), electrical load, transformer temperature and a gas
turbine in the open follow the seasons within one recording, and four kinds of simulated moves are known by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.time import HOUR_NS, MINUTE_NS, NS
from benchmarks.simulated_plants import MOVES, SimulatedPlant

MOVING = (
    "smd/machine-2-1",
    "ett/ETTh1",
    "pjm-load",
    "tetuan-power",
    "vic-elec",
    "gas-turbine",
    *(f"simulated/{move}-{number}" for move in MOVES for number in range(2)),
)
"""Recordings, or sources, whose process is known to move."""

FIRST_SEED = 5000
STEADY_PLANTS = 80
PLANT_TICKS = 30_000
MOVING_TICKS = 70_000


@dataclass(frozen=True, slots=True)
class NormalRecording:
    """One stretch of normal time.

    Attributes
    ----------
    name : for the table
    source : recordings of one source are not independent
    real : from a real process
    interval_ns : sampling interval
    merge_gap_ns : what is asked for; see `gap_for`
    load : () -> (T, C) values
    judge : () -> (T,) bool, False where a label says that the time is not normal; None: all normal
    moving : listed in `MOVING`
    shares : ends of the training part and of the held-back part, as shares of the rows; the rest is evaluated
    """

    name: str
    source: str
    real: bool
    interval_ns: int
    merge_gap_ns: int
    load: Callable[[], Float64Array]
    judge: Callable[[], BoolArray] | None = None
    moving: bool = False
    shares: tuple[float, float] = (0.3, 0.7)

    def gap_for(self, held_ticks: int) -> int:
        """The merge gap, but at most 1/300 of the held-back time: else short recordings cannot show 30 separate peaks."""
        return max(min(self.merge_gap_ns, held_ticks * self.interval_ns // 300), self.interval_ns)


def simulated() -> Iterator[NormalRecording]:
    """Steady plants, then moving ones; each seed is a source."""
    for number in range(STEADY_PLANTS):
        plant = SimulatedPlant(FIRST_SEED + number, PLANT_TICKS)
        yield NormalRecording(f"simulated/{number}", f"seed {plant.seed}", False, MINUTE_NS, HOUR_NS, plant.values)
    for kind, move in enumerate(MOVES):
        for number in range(2):
            at = round(0.45 * MOVING_TICKS)
            plant = SimulatedPlant(FIRST_SEED + 900 + 10 * kind + number, MOVING_TICKS, move, at)
            name = f"simulated/{move}-{number}"
            yield NormalRecording(name, name, False, MINUTE_NS, HOUR_NS, plant.values, moving=True, shares=(0.2, 0.45))


def tennessee_eastman() -> Iterator[NormalRecording]:
    """The simulated plant of the wheel's recording, in two pieces."""
    from importlib.resources import files

    path = files("andon.datasets") / "recordings" / "tennessee-eastman" / "normal.parquet"
    if path.is_file():
        for half in range(2):
            yield NormalRecording(
                f"tep-studio/{half}", "tep-studio", False, MINUTE_NS, HOUR_NS, lambda half=half: _half(_numbers(Path(str(path))), half)
            )


def real(folder: Path) -> Iterator[NormalRecording]:
    """Pieces of real normal time; what is absent in the folder is left out."""
    for path in sorted((folder / "smd").glob("machine-*_train.parquet")):
        name = path.stem.removesuffix("_train")
        if f"smd/{name}" in MOVING:
            yield _with_test(path, f"smd/{name}")
            continue
        for half in range(2):
            yield NormalRecording(
                f"smd/{name}/{half}", f"smd/{name}", True, MINUTE_NS, HOUR_NS, lambda path=path, half=half: _half(_numbers(path), half)
            )
    for path in sorted((folder / "asd").glob("omi-*_train.parquet")):
        name = f"asd/{path.stem.removesuffix('_train')}"
        yield NormalRecording(name, name, True, 5 * MINUTE_NS, HOUR_NS, lambda path=path: _numbers(path))
    for path in sorted((folder / "tsb-ad-m").glob("*Genesis*.csv")):
        yield NormalRecording("tsb-ad-m/genesis", "genesis", True, NS, MINUTE_NS, lambda path=path: _csv(path)[:15_500, :-1])
    path = folder / "skab" / "anomaly-free" / "anomaly-free.csv"
    if path.is_file():
        yield NormalRecording("skab/anomaly-free", "skab", True, NS, MINUTE_NS, lambda: _csv(path, ";"))
    if (folder / "tep" / "d00.parquet").is_file():
        yield NormalRecording("tep/d00", "tep", False, 3 * MINUTE_NS, 15 * MINUTE_NS, lambda: _tep(folder / "tep"))
    if (folder / "sru").is_dir():
        yield NormalRecording("sru", "sru", True, MINUTE_NS, HOUR_NS, lambda: _text(folder / "sru" / "SRU_data.txt"))
    if (folder / "debutanizer").is_dir():
        file = folder / "debutanizer" / "Debutanizer_Column_Data.txt"
        yield NormalRecording("debutanizer", "debutanizer", True, 6 * MINUTE_NS, HOUR_NS, lambda: _text(file))
    path_cwru = folder / "cwru" / "load0_Normal.parquet"
    if path_cwru.is_file():
        for part in range(6):
            yield NormalRecording(
                f"cwru/normal/{part}", "cwru", True, 83_333, 60 * 83_333,
                lambda part=part: _numbers(path_cwru)[part * 40_000 : (part + 1) * 40_000],
            )  # fmt: skip
    yield from _seasonal(folder)


def _seasonal(folder: Path) -> Iterator[NormalRecording]:
    sources: tuple[tuple[str, str, int, int, Callable[[Path], Float64Array]], ...] = (
        ("ett/ETTh1", "ett/ETTh1.csv", HOUR_NS, 6 * HOUR_NS, _csv),
        ("pjm-load", "pjm-load/pjm_hourly_2013-06_2018-08.parquet", HOUR_NS, 6 * HOUR_NS, _numbers),
        ("tetuan-power", "tetuan-power/tetuan_power_consumption.csv", 10 * MINUTE_NS, HOUR_NS, _csv),
        ("vic-elec", "vic-elec/vic_electricity.csv", 30 * MINUTE_NS, 3 * HOUR_NS, _csv),
        ("gas-turbine", "gas-turbine/gt_2011.csv", HOUR_NS, 6 * HOUR_NS, lambda path: np.concatenate(_turbine(path.parent))),
    )
    for name, file, interval, gap, load in sources:
        path = folder / file
        if path.is_file():
            yield NormalRecording(name, name, True, interval, gap, lambda load=load, path=path: load(path), moving=True)


def _with_test(path: Path, name: str) -> NormalRecording:
    """Train and calibrate on the publisher's training part; evaluate on the test part, labelled faults left out."""
    test = path.with_name(path.name.replace("_train", "_test"))

    def load() -> Float64Array:
        return np.concatenate([_numbers(path), _numbers(test)[:, :-1]])

    def judge() -> BoolArray:
        label = _numbers(test)[:, -1] > 0.5
        return np.concatenate([np.ones(len(_numbers(path)), dtype=bool), ~label])

    return NormalRecording(name, name, True, MINUTE_NS, HOUR_NS, load, judge, moving=True, shares=(0.2, 0.5))


def _numbers(path: Path) -> Float64Array:
    """The numeric columns of a Parquet file."""
    import polars as pl
    import polars.selectors as cs

    table = pl.read_parquet(path).select(cs.numeric()).fill_null(strategy="forward").fill_null(strategy="backward")
    return np.asarray(table.to_numpy(), dtype=np.float64)


def _csv(path: Path, separator: str = ",") -> Float64Array:
    """The numeric columns of a CSV file."""
    import polars as pl
    import polars.selectors as cs

    table = pl.read_csv(path, separator=separator, infer_schema_length=None)
    return np.asarray(table.select(cs.numeric()).to_numpy(), dtype=np.float64)


def _text(path: Path) -> Float64Array:
    return np.loadtxt(path, skiprows=1)


def _half(values: Float64Array, half: int) -> Float64Array:
    middle = len(values) // 2
    return values[:middle] if half == 0 else values[middle:]


def _tep(folder: Path) -> Float64Array:
    return np.concatenate([_numbers(folder / "d00.parquet"), _numbers(folder / "d00_te.parquet")])


def _turbine(folder: Path) -> list[Float64Array]:
    return [_csv(path) for path in sorted(folder.glob("gt_20*.csv"))]
