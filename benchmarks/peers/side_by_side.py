"""Scores of TSB-AD's causal detectors on a series, computed in the package's own environment while a benchmark runs.

Scores are kept in a folder beside the environment under the hash of series and settings, so a benchmark that is run again does not
train for hours; what was taken from there is said.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from andon.plant.arrays import Float64Array, FloatArray

METHODS = ("LSTMAD", "CNN", "k-NN", "AutoEncoder")
SCRIPT = Path(__file__).with_name("causal.py")


def causal_scores(
    folder: Path, train: FloatArray, test: FloatArray, methods: Sequence[str] = METHODS
) -> tuple[dict[str, Float64Array], tuple[str, ...]]:
    """Scores of the test rows by each method.

    Parameters
    ----------
    folder : of the environments, see `benchmarks.peers.make`
    train, test : (T, C) raw values

    Returns
    -------
    method -> (T,) scores, and the methods that were computed before

    Raises
    ------
    SystemExit : the environment is absent, or the package fails
    """
    python = folder / "tsb-ad" / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"{python} is absent: python -m benchmarks.peers.make {folder} tsb-ad")
    scores: dict[str, Float64Array] = {}
    kept = []
    for method in methods:
        place = folder / "scores" / f"{_key(method, train, test)}.npz"
        if place.exists():
            kept.append(method)
        else:
            place.parent.mkdir(exist_ok=True)
            _run(python, method, train, test, place)
        with np.load(place) as found:
            scores[method] = np.asarray(found[method], dtype=np.float64)
    return scores, tuple(kept)


def _run(python: Path, method: str, train: FloatArray, test: FloatArray, place: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        series, out = Path(scratch) / "series.npz", Path(scratch) / "scores.npz"
        np.savez(series, train=train, test=test)
        done = subprocess.run([str(python), str(SCRIPT), str(series), str(out), method], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{method} failed: {done.stderr.strip().splitlines()[-1:]}")
        half = place.with_suffix(".part")
        half.write_bytes(out.read_bytes())
        half.replace(place)


def _key(method: str, train: FloatArray, test: FloatArray) -> str:
    whole = hashlib.sha256(SCRIPT.read_bytes())
    whole.update(method.encode())
    for part in (train, test):
        whole.update(np.ascontiguousarray(part, dtype=np.float64).tobytes())
    return whole.hexdigest()[:24]
