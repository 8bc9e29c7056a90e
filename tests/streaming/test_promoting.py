"""A model that takes over knows what it would know had it served all along; killed in the middle, the plant says the same."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from andon.plant.batch import Batch
from andon.plant.recording import Recording
from andon.plant.rows import Rows, merged
from andon.plant.verdict import Event
from andon.scoring.lockstep import fleet_of
from andon.scoring.monitor import Monitor
from andon.streaming.control import Promised, Promoted, TakeOut, to_entry
from andon.streaming.heart import Heart
from andon.streaming.served import Said, Served
from andon.streaming.watermark import Patience, clock_mark
from tests.small_plant import TAGS, Line, of_assets, values

ASSETS = ("line", "泵<2>", "third")
STEP_NS = 300 * 10**9
START = 1_780_000_000 // 300 * STEP_NS
ROWS, PER = 260, 10


class Received:
    """Samples as they came: what an event is explained from, and a model is warmed on."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def read(self, asset: str, tags: Sequence[str], start: int, end: int) -> Recording:
        parts = [batch.of_asset(asset) for batch in self.batches if asset in batch.assets]
        rows = Rows(
            np.zeros(sum(part.rows for part in parts), np.int32), np.concatenate([part.time for part in parts]),
            np.concatenate([part.values for part in parts]), np.concatenate([part.status for part in parts]),
        )  # fmt: skip
        rows = merged(rows)
        return Recording(asset, TAGS, rows.time, rows.values, rows.status).between(start, end + 1).select(tags)


@pytest.fixture(scope="module")
def models(line: Line) -> dict[str, Monitor]:
    plain = of_assets(line.model, ASSETS)
    return {name: replace(plain, version=name) for name in ("v1", "v2")}


@pytest.fixture(scope="module")
def entries() -> list[Batch]:
    """Samples of three assets, each with a fault."""
    tables = []
    for at in range(len(ASSETS)):
        table = values(ROWS, 50 + at).astype(np.float32)
        table[120 + 30 * at : 160 + 30 * at, 1] += 1.0
        tables.append(table)
    out = []
    for low in range(0, ROWS, PER):
        rows = range(low, min(low + PER, ROWS))
        time = np.array([START + row * STEP_NS for row in rows for _ in ASSETS], dtype=np.int64)
        table = np.array([tables[at][row] for row in rows for at in range(len(ASSETS))], dtype=np.float32)
        asset = np.array([at for _ in rows for at in range(len(ASSETS))], dtype=np.int32)
        out.append(Batch("gateway", int(time.max()), ASSETS, TAGS, asset, time, table, np.zeros(table.shape, np.uint8)))
    return [*out, clock_mark(START + (ROWS + 2) * STEP_NS, {"gateway": True})]


def promotion(model: Monitor, assets: tuple[str, ...], received: int, *, factor: float = 1.0) -> Batch:
    own = [model.of(name).calibration for name in assets]
    promises = tuple(
        Promised(name, one.threshold * factor, one.tail_scale, one.budget.rate_per_hour, one.running_share, 2 * START)
        for name, one in zip(assets, own, strict=True)
    )
    return to_entry(Promoted(model.version, assets, promises, "kim"), received)


def begin(models: dict[str, Monitor], history: Received) -> Heart:
    def make(version: str, assets: tuple[str, ...]) -> Served | None:
        if version not in models:
            return None
        return Served.begin(version, fleet_of(models[version], assets), history, Patience(late_by=2 * STEP_NS), 2 * START)

    first = make("v1", ASSETS)
    assert first is not None
    return Heart([first], make=make)


class Book:
    """Keeps what is said by asset and tick; what is told again must be the same, bit for bit."""

    def __init__(self) -> None:
        self.said: dict[tuple[str, int], tuple[str, str]] = {}
        self.events: dict[tuple[str, str, int], Event] = {}

    def keep(self, words: list[tuple[Served, Said]]) -> None:
        for served, said in words:
            for at, asset in enumerate(served.fleet.assets):
                for row, tick in enumerate(said.judged.tick if said.judged is not None else ()):
                    assert said.judged is not None
                    text = served.fleet.monitor.version, f"{said.judged.verdict[row, at]} {float(said.judged.evidence[row, at]).hex()}"
                    assert self.said.setdefault((asset, int(tick)), text) == text, (asset, tick)
            for what in ("opened", "revised", "closed"):
                for event in getattr(said, what):
                    key = (event.id, what, event.peak)
                    assert self.events.setdefault(key, event) == event

    def evidence(self, asset: str) -> np.ndarray:
        ticks = sorted(tick for name, tick in self.said if name == asset)
        assert ticks == list(range(ticks[0], ticks[0] + len(ticks))), "one verdict a tick"
        return np.array([float.fromhex(self.said[asset, tick][1].split()[1]) for tick in ticks])


def run(models: dict[str, Monitor], given: list[Batch], crashes: tuple[int, ...] = (), every: int = 7) -> tuple[Book, Heart]:
    """Run; at `crashes` the process dies after that entry, and goes on from the last checkpoint with the samples that are kept."""
    history, book = Received(), Book()
    heart = begin(models, history)
    number, received, left = 0, 0, sorted(crashes)
    checkpoint = (0, heart.to_kept())
    while number < len(given):
        entry = given[number]
        if entry.rows and number >= received:
            history.batches.append(entry)
            received = number + 1
        book.keep(heart.take(entry))
        number += 1
        if heart.turned or number % every == 0:
            checkpoint = (number, heart.to_kept())
            heart.turned = False
        if left and number > left[0]:
            left.pop(0)
            number, (arrays, about) = checkpoint
            heart = begin(models, history)
            heart.restore({name: array.copy() for name, array in arrays.items()}, json.loads(json.dumps(about)))
    return book, heart


def with_promotion(entries: list[Batch], at: int, told: Batch) -> list[Batch]:
    return [*entries[:at], told, *entries[at:]]


@pytest.mark.parametrize("assets", [ASSETS, ASSETS[1:2]])
def test_it_goes_on_as_if_it_had_served_all_along(models: dict[str, Monitor], entries: list[Batch], assets: tuple[str, ...]) -> None:
    plain, _ = run(models, entries)
    at = 20
    book, heart = run(models, with_promotion(entries, at, promotion(models["v2"], assets, START + 200 * STEP_NS)))
    assert {fleet.fleet.monitor.version for fleet in heart.served} == ({"v2"} if assets == ASSETS else {"v1", "v2"})
    for asset in ASSETS:
        wanted, found = plain.evidence(asset), book.evidence(asset)
        np.testing.assert_allclose(found, wanted, rtol=2e-3, atol=2e-3)
        if asset not in assets:
            np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6, err_msg="whoever was not promoted notices nothing")
        versions = [book.said[asset, START // STEP_NS + row][0] for row in range(ROWS - 2)]
        switch = versions.index("v2") if asset in assets else len(versions)
        assert set(versions[:switch]) == {"v1"}
        assert set(versions[switch:]) <= {"v2"}
        if asset in assets:
            assert switch == at * PER - 2, "at the tick after the last one that was closed"
    verdicts = [key for key, (_, text) in plain.said.items() if text.split()[0] != book.said[key][1].split()[0]]
    assert verdicts == []


def test_an_event_that_is_open_ends_for_the_old_model_and_opens_for_the_new(models: dict[str, Monitor], entries: list[Batch]) -> None:
    book, heart = run(models, with_promotion(entries, 14, promotion(models["v2"], ASSETS, START + 140 * STEP_NS)))
    first = [(event, what) for (_, what, _), event in book.events.items() if event.asset == ASSETS[0]]
    of_first = {(event.model, what) for event, what in first if START + 115 * STEP_NS < event.start < START + 141 * STEP_NS}
    assert {("v1", "opened"), ("v1", "closed"), ("v2", "opened"), ("v2", "closed")} <= of_first
    ended = [event.end for event, what in first if what == "closed" and event.model == "v1"]
    assert max(end for end in ended if end is not None) == START + (140 - 3) * STEP_NS
    assert [fleet.fleet.monitor.version for fleet in heart.served] == ["v2"]


@pytest.mark.parametrize("seed", range(3))
def test_killed_anywhere_it_says_the_same_bit_for_bit(models: dict[str, Monitor], entries: list[Batch], seed: int) -> None:
    rng = random.Random(seed)
    at, back, some = rng.randint(1, 18), rng.randint(1, 7), seed % 2 == 1
    crashes = [rng.randint(0, 26) for _ in range(3)] + [at + 1]
    assets = ASSETS[:2] if some else ASSETS
    given_ = with_promotion(entries, at, promotion(models["v2"], assets, START + at * PER * STEP_NS))
    given_ = with_promotion(given_, at + back, promotion(models["v1"], ASSETS[:1], START + (at + back) * PER * STEP_NS, factor=1.1))
    given_ = with_promotion(given_, at, to_entry(TakeOut("LIC-101", ASSETS[0], None, "calibration"), START))
    calm, one = run(models, given_)
    torn, other = run(models, given_, tuple(crashes))
    assert (torn.said, torn.events) == (calm.said, calm.events)
    assert [fleet.fleet.monitor.version for fleet in one.served] == [fleet.fleet.monitor.version for fleet in other.served]
    assert all(set(fleet.out) == {(ASSETS[0], "LIC-101")} for fleet in other.served)


def test_said_twice_or_of_a_version_that_is_gone_it_changes_nothing(models: dict[str, Monitor], entries: list[Batch]) -> None:
    told = promotion(models["v2"], ASSETS, START + 200 * STEP_NS)
    once, _ = run(models, with_promotion(entries, 20, told))
    twice, _ = run(models, with_promotion(with_promotion(entries, 20, told), 23, told))
    assert once.said == twice.said
    gone = replace(models["v2"], version="gone")
    lost, heart = run(models, with_promotion(entries, 20, promotion(gone, ASSETS, START)))
    assert lost.said == run(models, entries)[0].said
    assert [fleet.name for fleet in heart.served] == ["v1"]
