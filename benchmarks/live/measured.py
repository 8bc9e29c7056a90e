"""`andon serve` that measures itself: `python -m benchmarks.live.measured REPORT SPEED START plant.toml --data DIR --port 0`.

The clock began at START (ns UTC) and runs SPEED times as fast, so that a plant can live faster than we do. At each entry that
closes a tick it notes how long ago, in seconds of ours, the newest sample of the entry was taken at the gateway. When it ends it writes
what it used.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from andon.plant.batch import Batch
from andon.streaming.served import Said, Served
from benchmarks.live.fast_clock import FastClock


def resident_gib() -> float:
    """Memory of this process now."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 2**20
    return 0.0


class Measure:
    """What the process does, second by second."""

    def __init__(self, running: Any, clock: FastClock) -> None:
        self.running, self.clock = running, clock
        self.closing_ms: list[float] = []
        self.entries = self.rows = self.ticks = self.late = self.ahead = 0
        self.seconds: list[tuple[float, float, float, int]] = []
        self._ended = threading.Event()
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    def chain(self, before: Callable[[Batch, Sequence[tuple[Served, Said]]], None] | None) -> Any:
        """The loop's `on_said`."""

        def on_said(entry: Batch, said: Sequence[tuple[Served, Said]]) -> None:
            if before is not None:
                before(entry, said)
            closed = 0
            for served, words in said:
                self.late += len(words.late)
                self.ahead += len(words.ahead)
                if words.judged is not None:
                    closed += len(words.judged.tick) * len(served.fleet.assets)
            self.ticks += closed
            if entry.rows:
                self.entries += 1
                self.rows += entry.rows
                if closed:
                    self.closing_ms.append((self.clock.now() - int(entry.time.max())) / self.clock.speed / 1e6)

        return on_said

    def _watch(self) -> None:
        while not self._ended.wait(1.0):
            self.seconds.append((time.monotonic(), time.process_time(), resident_gib(), self.rows))

    def report(self) -> dict[str, Any]:
        """Everything."""
        self._ended.set()
        status = self.running.loop.status
        counts = [served.arrivals.counts for served in self.running.loop.heart.served]
        health = [link.health() for link in self.running.loop.links]
        return {
            "entries": self.entries, "rows": self.rows, "ticks": self.ticks, "late": self.late, "ahead": self.ahead,
            "unknown": sum(item.unknown_asset for item in counts), "lost": sum(item.lost for item in health),
            "dead": sum(item.dead for item in health), "closing_ms": self.closing_ms, "seconds": self.seconds,
            "trouble": status.trouble, "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        }  # fmt: skip


def main() -> None:
    """Serve until a signal, then write the report."""
    report, speed, start, plant = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    data = sys.argv[sys.argv.index("--data") + 1]
    from andon.project.live.running import open_running
    from andon.service.serving import serve

    clock = FastClock(start, speed)
    with open_running(plant, data=data, host="127.0.0.1", port=0, clock=clock) as running:
        measure = Measure(running, clock)
        running.loop.on_said = measure.chain(running.loop.on_said)
        asyncio.run(serve(running, on_ready=lambda address, _: print(address, flush=True)))
        report.write_text(json.dumps(measure.report()))


if __name__ == "__main__":
    main()
