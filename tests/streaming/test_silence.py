"""A long silence in one step: what is said afterwards is what walking through it tick by tick says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from andon.plant.batch import Batch
from andon.plant.recording import Recording
from andon.plant.verdict import Why
from andon.scoring.fleet import AssetByAsset, Fleet
from andon.scoring.lockstep.fleet import Lockstep
from andon.scoring.monitor import Monitor
from andon.scoring.silence import silence_of
from andon.streaming import served as served_module
from andon.streaming.control import Planned
from andon.streaming.served import Said, Served
from andon.streaming.watermark import Patience
from tests.small_plant import TAGS, Line, of_assets, values
from tests.streaming.plain_parts import Recordings

ASSETS = ("line", "泵<2>")
STEP_NS = 300 * 10**9
START = 1_780_000_000 // 300 * STEP_NS
ROWS = 200


@pytest.fixture(scope="module")
def monitor(line: Line) -> Monitor:
    return of_assets(line.model, ASSETS)


def fleet(kind: str, monitor: Monitor) -> Fleet:
    return AssetByAsset(monitor, ASSETS) if kind == "asset by asset" else Lockstep(monitor, ASSETS)


def history(gaps: Sequence[int]) -> tuple[Recordings, list[int]]:
    """ROWS ticks, then a silence of so many, and so on; anomalies of the first asset at both edges of each silence."""
    ticks = np.concatenate([np.arange(ROWS) + ROWS * part + sum(gaps[:part]) for part in range(len(gaps) + 1)])
    out = {}
    for at, name in enumerate(ASSETS):
        table = values(len(ticks), 50 + at).astype(np.float32)
        if at == 0:
            for edge in range(ROWS, len(ticks), ROWS):
                table[edge - 12 : edge, 1] += 2.0
                table[edge + 130 : edge + 150, 1] += 2.0
        out[name] = Recording.from_arrays(name, TAGS, START + ticks * STEP_NS, table)
    return Recordings(out), [int(tick) for tick in ticks]


def judge(served: Served, kept: Recordings, planned: Sequence[Planned]) -> list[Said]:
    for item in planned:
        served.tell(item)
    said: list[Said] = []
    times = next(iter(kept.recordings.values())).time
    for row, time in enumerate(times):
        table = np.stack([recording.values[row] for recording in kept.recordings.values()])
        number = np.arange(len(ASSETS), dtype=np.int32)
        said += served.take(
            Batch("gateway", int(time), ASSETS, TAGS, number, np.full(len(ASSETS), time, np.int64), table, np.zeros(table.shape, np.uint8))
        )
    return said


def walked(
    kind: str, monitor: Monitor, kept: Recordings, planned: Sequence[Planned], patch: pytest.MonkeyPatch, longest: int
) -> list[Said]:
    with patch.context() as within:
        within.setattr(served_module, "LONG_SILENCE", longest)
        return judge(Served.begin("m", fleet(kind, monitor), kept, Patience(late_by=STEP_NS), START), kept, planned)


@pytest.mark.parametrize("kind", ["asset by asset", "lockstep"])
def test_what_follows_a_long_silence_is_what_walking_through_it_gives(kind: str, monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    silence = silence_of(fleet(kind, monitor))
    assert silence is not None
    gap = silence.before + silence.after + 260
    kept, ticks = history((gap,))
    base = START // STEP_NS
    first_after = START + ticks[ROWS] * STEP_NS
    planned = (
        Planned("in the middle", START + (ROWS + gap // 2) * STEP_NS, START + (ROWS + gap // 2 + 50) * STEP_NS),
        Planned("until just before", first_after - 5 * STEP_NS, first_after - STEP_NS),
    )
    quick, whole = (walked(kind, monitor, kept, planned, monkeypatch, longest) for longest in (200, 10**9))
    mine, all_of_them = _by_tick(quick), _by_tick(whole)
    passed = set(all_of_them) - set(mine)
    assert len(passed) == 260
    assert not passed & {base + tick for tick in ticks}
    assert {why for tick in passed for why in all_of_them[tick][1]} == {int(Why.NO_DATA), int(Why.MAINTENANCE)}
    assert set(mine) <= set(all_of_them)
    for tick, words in mine.items():
        assert words == all_of_them[tick], f"tick {tick - base}"
    told = [(what, event) for what in ("opened", "revised", "closed") for said in quick for event in getattr(said, what)]
    assert told == [(what, event) for what in ("opened", "revised", "closed") for said in whole for event in getattr(said, what)]
    assert sum(what == "closed" for what, _ in told) >= 2


def test_a_month_at_one_second_costs_what_an_hour_does(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, _ = history((30 * 86_400,))
    steps: list[int] = []
    step = Lockstep.step

    def counted(self: Lockstep, rows: object, upto: int, *given: object, **more: object) -> object:
        steps.append(upto)
        return step(self, rows, upto, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Lockstep, "step", counted)
    served = Served.begin("m", fleet("lockstep", monitor), kept, Patience(late_by=STEP_NS), START)
    judge(served, kept, ())
    silence = silence_of(served.fleet)
    assert silence is not None
    assert len(steps) <= 2 * ROWS + silence.before + silence.after


def test_whoever_has_a_soft_sensor_remembers_more(monitor: Monitor) -> None:
    assert silence_of(fleet("lockstep", monitor)) is not None
    with_sensor = replace(monitor, quality=(object(),))
    assert silence_of(AssetByAsset(with_sensor, ASSETS)) is None


def _by_tick(told: Sequence[Said]) -> dict[int, tuple[bytes, tuple[int, ...], bytes, bytes]]:
    """tick -> verdicts, reasons, evidence and modes, to the bit."""
    out = {}
    for said in told:
        judged = said.judged
        for row in range(len(judged.tick) if judged is not None else 0):
            assert judged is not None
            words = (
                judged.verdict[row].tobytes(),
                tuple(judged.why[row].tolist()),
                judged.evidence[row].tobytes(),
                judged.mode[row].tobytes(),
            )
            assert int(judged.tick[row]) not in out
            out[int(judged.tick[row])] = words
    return out
