"""What the store of a service takes: journal, segments, charts of five million samples, ledger, database; on this machine's disk.

python -m benchmarks.store [--quick] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from andon.plant.batch import Batch
from andon.store import Database, Fsync, Journal, Keep, Ledger, LedgerWriter, Segments
from andon.store.database import alarm_records
from andon.store.database.alarm_records import AlarmRecord

SECOND = 1_000_000_000
TAGS = tuple(f"T{number:02d}" for number in range(50))


def gateway_batches(count: int, rows: int = 100) -> list[Batch]:
    """Messages of a gateway: 100 assets, 50 tags."""
    rng = np.random.default_rng(1)
    status, asset = np.zeros((rows, len(TAGS)), dtype=np.uint8), np.arange(rows, dtype=np.int32)
    return [
        Batch("gateway", 1, tuple(f"asset {number}-{row}" for row in range(rows)), TAGS, asset, np.full(rows, SECOND, dtype=np.int64),
              rng.normal(size=(rows, len(TAGS))).astype(np.float32), status)
        for number in range(count)
    ]  # fmt: skip


def journal_rate(folder: Path, policy: str, seconds: float) -> tuple[float, float, float]:
    """Values a second appended and made durable, the share of a core that this took, and values a second read again."""
    batches = gateway_batches(100)
    with Journal(folder, fsync=Fsync.parse(policy)) as journal:
        count, began, cpu = 0, time.perf_counter(), time.process_time()
        while time.perf_counter() - began < seconds:
            journal.append(batches[count % len(batches)])
            count += 1
        journal.sync()
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        began = time.perf_counter()
        values = sum(kept.batch.values.size for kept in journal.read())
        return values / wall, cpu / wall, values / (time.perf_counter() - began)


def chart_times(folder: Path, samples: int) -> dict[str, float]:
    """Milliseconds (median, greatest) of panning and zooming in the samples of one tag at 1 Hz."""
    segments = Segments(folder, keep=Keep(2**62, 2**62))
    segments.register("f", ["pump"], ["flow"], interval=SECOND)
    rng = np.random.default_rng(2)
    start = 1_700_000_000 * SECOND
    piece = 100_000
    for first in range(0, samples, piece):
        at = start + np.arange(first, first + piece, dtype=np.int64) * SECOND
        values = rng.normal(size=(piece, 1)).cumsum(axis=0).astype(np.float32)
        segments.write(Batch("x", 0, ("pump",), ("flow",), np.zeros(piece, np.int32), at, values, np.zeros((piece, 1), np.uint8)))
        segments.flush()
        if first % (5 * piece) == 0:
            segments.settle(int(at[-1]))
    segments.settle(start + samples * SECOND)
    found: dict[str, list[float]] = {"pan": [], "zoom": []}

    def draw(kind: str, begin: float, length: int) -> None:
        from_ns = start + int(begin * (samples - length)) * SECOND
        began = time.perf_counter()
        segments.read("pump", ["flow"], from_ns, from_ns + length * SECOND, 2_000).columns()
        found[kind].append(1e3 * (time.perf_counter() - began))

    for _ in range(30):
        draw("pan", rng.random(), samples // 10)
    for length in (samples, samples // 3, samples // 10, samples // 100, samples // 1_000, 600, 60) * 5:
        draw("zoom", rng.random(), length)
    return {
        f"{kind}_{name}": round(how(times), 1)
        for kind, times in found.items()
        for name, how in (("ms", statistics.median), ("most_ms", max))
    }


def rate(count: int, work: Callable[[], object]) -> float:
    """Things a second."""
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def main() -> None:
    """Print a table and, last, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="not needed here")
    parser.add_argument("--folder", type=Path, help="on the disk that is to be measured; default: the system's folder for temporary files")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        for policy in ("batch", "100ms", "never"):
            wrote, cores, read = journal_rate(folder / policy, policy, 1 if options.quick else 5)
            print(f"journal, fsync {policy}: {wrote / 1e6:.1f} M values/s with {cores:.2f} of a core, read {read / 1e6:.0f} M values/s")
            found |= {f"journal_{policy}_values_per_s": round(wrote), f"journal_{policy}_cores": round(cores, 3)}
        found |= chart_times(folder / "samples", 500_000 if options.quick else 5_000_000)
        print({key: value for key, value in found.items() if key.endswith("_ms")})
        many = 1_000 if options.quick else 10_000
        with LedgerWriter(Ledger(folder / "ledger.jsonl")) as writer:
            found["ledger_per_s"] = round(
                rate(many, lambda: [done.result() for done in [writer.submit("act", {"n": n}, at=n) for n in range(many)]])
            )
        with Database(folder / "andon.sqlite") as database:
            records = [AlarmRecord(f"a{number}", 1, number, "", "raise", {"n": number}) for number in range(many)]
            found["records_per_s"] = round(rate(many, lambda: database.write(lambda c: alarm_records.append_all(c, records))))

            def one_by_one() -> None:
                for number in range(200):
                    record = AlarmRecord(f"b{number}", 1, number, "", "raise")
                    database.write(lambda c, record=record: alarm_records.append(c, record))  # type: ignore[misc]

            found["records_one_by_one_per_s"] = round(rate(200, one_by_one))
        print({key: value for key, value in found.items() if key.endswith("_per_s") and not key.startswith("journal")})
    print(json.dumps(found))


if __name__ == "__main__":
    main()
