"""A process that runs the loop over the messages of `test_served` until all are judged: killed and started again by `test_loop`.

python run_loop.py MODEL FOLDER PAUSE_S
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import numpy as np

from andon.plant.recording import Recording
from andon.plant.time import NS
from andon.scoring.lockstep import fleet_of
from andon.store.checkpoint import Checkpoints
from andon.store.journal import Fsync, Journal
from andon.streaming.heart import Heart
from andon.streaming.loop import Loop, Pace
from andon.streaming.served import Served
from andon.streaming.watermark import Patience
from tests.small_plant import TAGS, of_assets, values
from tests.streaming.plain_parts import Later, ListLink, Notebook, Recordings
from tests.streaming.test_served import ASSETS, ROWS, START, STEP_NS, batches


def make_loop(model: Path, folder: Path, pause_s: float = 0.0) -> Loop:
    """The loop with everything in one folder."""
    monitor = of_assets(model, ASSETS)
    recordings = {}
    for at, name in enumerate(ASSETS):
        table = values(ROWS, 50 + at).astype(np.float32)
        table[400 + 50 * at : 460 + 50 * at, 1] += 1.0
        recordings[name] = Recording.from_arrays(name, TAGS, START + np.arange(ROWS, dtype=np.int64) * STEP_NS, table)
    kept = Recordings(recordings)
    clock = Later(START + (ROWS + 3) * STEP_NS)
    patience = Patience(late_by=2 * STEP_NS, idle=NS // 2)
    served = Served.begin("m", fleet_of(monitor, ASSETS), kept, patience, 2 * START)  # the controller has not begun
    folder.mkdir(parents=True, exist_ok=True)
    journal = Journal(folder / "journal", fsync=Fsync(20_000_000), segment_bytes=20_000)
    pace = Pace(mark_every=50_000_000, checkpoint_every=150_000_000, queue=8, together=4)
    link = ListLink("gateway", batches(kept, np.random.default_rng(9)), clock, pause_s)  # type: ignore[arg-type]
    keeper, checkpoints = Notebook(folder / "book.sqlite"), Checkpoints(folder / "checkpoints")
    return Loop(Heart([served]), journal, checkpoints, keeper, [link], clock=clock, pace=pace)


async def until_done(loop: Loop) -> None:
    """Run until the last message was judged: the clock, far in its future, closes every tick."""
    last = START // STEP_NS + ROWS - 1
    running = asyncio.create_task(loop.run())
    while not running.done():
        await asyncio.sleep(0.02)
        if loop.heart.served[0].arrivals.closed >= last * STEP_NS:
            loop.stop()
    await running
    loop.journal.close()


if __name__ == "__main__":
    print("started", flush=True)
    asyncio.run(until_done(make_loop(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))))
