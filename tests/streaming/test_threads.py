"""The loop goes on while every thread of the process waits for it."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from tests.small_plant import Line
from tests.streaming.run_loop import make_loop


def test_threads_that_all_wait_for_the_journal_do_not_stop_it(line: Line, tmp_path: Path) -> None:
    async def run() -> None:
        loop = make_loop(line.model, tmp_path)
        held = threading.Event()
        waiting = [asyncio.create_task(asyncio.to_thread(held.wait, 30)) for _ in range(64)]  # as pushes did that wait for the disk
        before = loop.journal.durable
        running = asyncio.create_task(loop.run())
        for _ in range(200):
            await asyncio.sleep(0.05)
            if loop.status.rows:
                break
        assert loop.status.rows
        assert loop.journal.durable > before
        held.set()
        await asyncio.gather(*waiting)
        loop.stop()
        await running
        loop.journal.close()

    asyncio.run(asyncio.wait_for(run(), 60))
