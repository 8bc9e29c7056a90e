"""The real service, fed by a real broker and over HTTP: killed with the broker restarted, it keeps what an undisturbed one keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from andon.plant.recording import Recording
from andon.plant.time import DAY_NS
from andon.scoring.model_file import load
from benchmarks.live.folder import PlantFolder, make_folder
from benchmarks.live.kept import Kept, compare
from benchmarks.live.trial import Stream, Trial, random_kills
from tests.reading.links.broker import needs_broker
from tests.small_plant import TAGS, Line, values
from tests.streaming.test_served import START, STEP_NS

ROWS, KILLS = 320, 4
ASSETS = ("line", "泵<2>")
RESPONSE = '[[response]]\ntag = "PIC-101"\ncheck = ["the valve"]\naction = "open the bypass"\n'


@pytest.fixture(scope="module")
def stream() -> Stream:
    recordings = []
    for at, name in enumerate(ASSETS):
        table = values(ROWS, 50 + at).astype(np.float32)
        table[200 + 30 * at : 250 + 30 * at, 1] += 1.0
        recordings.append(Recording.from_arrays(name, TAGS, START + np.arange(ROWS, dtype=np.int64) * STEP_NS, table))
    return Stream(recordings)


@pytest.fixture(scope="module")
def made(line: Line, stream: Stream, tmp_path_factory: pytest.TempPathFactory) -> PlantFolder:
    path = tmp_path_factory.mktemp("made")
    return make_folder(path, {"line": (load(line.model), stream.assets)}, promoted=START - 90 * DAY_NS)


@pytest.fixture(scope="module")
def undisturbed(made: PlantFolder, stream: Stream, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Trial(made, stream, tmp_path_factory.mktemp("undisturbed"), RESPONSE).run(0.0)


@needs_broker
def test_an_undisturbed_run_keeps_everything(undisturbed: Kept, stream: Stream) -> None:
    for asset in ASSETS:
        assert len(undisturbed.samples[asset].time) == len(undisturbed.verdicts[asset].time) == ROWS - stream.closing
    assert undisturbed.discrete["events"].keys()
    events, ledger = undisturbed.discrete["events"], undisturbed.discrete["ledger"]
    assert {key for key, _ in events} == {key for key, _ in ledger}
    assert any('"raise"' in text for _, text in undisturbed.discrete["records"])


@needs_broker
def test_killed_at_seeded_points_it_keeps_the_same(made: PlantFolder, stream: Stream, undisturbed: Kept, tmp_path: Path) -> None:
    trial = Trial(made, stream, tmp_path, RESPONSE)
    found = compare(undisturbed, trial.run(0.1, random_kills(KILLS, 1, seed=3, most_s=0.8)))
    assert trial.kills >= KILLS
    assert trial.broker_restarts == 1
    assert found.none, found.examples
    assert found.compared > 4 * (ROWS - stream.closing)
