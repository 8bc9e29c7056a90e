"""How fast the command line starts, the package imports, and a bundle scores 1,000 rows; whole processes, medians.

python -m benchmarks.start [--bundle FILE] [--quick]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def seconds(command: list[str], runs: int) -> float:
    """Median wall time of a whole process."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Print a table and, last, one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="not needed here")
    parser.add_argument("--bundle", type=Path, help="a model file; default: one trained now on a small recording")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    runs = 3 if options.quick else 9
    base = seconds([sys.executable, "-c", "pass"], runs)
    with tempfile.TemporaryDirectory() as folder:
        bundle = options.bundle or _small_bundle(Path(folder))
        score = (
            "import sys, numpy as np, andon\n"
            "monitor = andon.load(sys.argv[1])\n"
            "rng = np.random.default_rng(0)\n"
            "tags = monitor.tag_ids\n"
            "recording = andon.Recording.from_arrays(monitor.asset, tags, (1_767_225_600 + 60 * np.arange(1000)) * 10**9,\n"
            "                                        rng.normal(size=(1000, len(tags))).astype(np.float32))\n"
            "monitor.score(recording)\n"
        )
        figures = {
            "help_s": seconds([str(Path(sys.executable).with_name("andon")), "--help"], runs),
            "import_s": seconds([sys.executable, "-c", "import andon"], runs) - base,
            "score_s": seconds([sys.executable, "-c", score, str(bundle)], runs),
            "python_s": base,
        }
    for name, value in figures.items():
        print(f"{name:10} {value:7.3f} s")
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


def _small_bundle(folder: Path) -> Path:
    import numpy as np

    import andon

    rng = np.random.default_rng(1)
    x = rng.normal(size=(60_000, 50))
    recording = andon.Recording.from_arrays("line", [f"T{i:02d}" for i in range(50)], (1_767_225_600 + 60 * np.arange(60_000)) * 10**9, x)
    monitor = andon.fit(recording, time_limit="30s")
    path: Path = monitor.save(folder / "line.andon")
    return path


if __name__ == "__main__":
    main()
