"""A whole model as a file: it opens and scores without the training stack, and a forged one is refused.

A forger can make every hash fit. So here members of a model are edited *behind* the checks of the zip, and opening must
still end in a model or in a `BundleError`.
"""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from andon.plant.errors import BundleError
from andon.scoring.bundle import Bundle, read_bundle
from andon.scoring.model_file import from_bundle
from andon.scoring.safetensors_file import pack_arrays, unpack_arrays

HERE = Path(__file__).parent
RELEASED = sorted((HERE / "corpus").glob("model_*.andon"))

SCORE = """
import sys
for name in ("torch", "sklearn", "scipy", "onnx", "skl2onnx"): sys.modules[name] = None
import numpy as np
from andon.plant.recording import Recording
from andon.scoring.model_file import load
monitor = load(sys.argv[1])
rows = 400
time = (1_790_000_000_000_000_000 // 60_000_000_000 + np.arange(rows, dtype=np.int64)) * 60_000_000_000
values = np.random.default_rng(1).normal(size=(rows, 3)).astype(np.float32) + 10
values[300:, 0] += 40
scored = monitor.score(Recording.from_arrays("pump 1", ["T/1", "P2", "流量"], time, values))
print(len(scored.events) > 0, bool(scored.judge.any()))
"""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model made now, in a process of its own: this one stays without the training stack."""
    file = tmp_path_factory.mktemp("model") / "fresh.andon"
    subprocess.run([sys.executable, str(HERE / "make_bundle_corpus.py"), "model", str(file)], check=True, timeout=300)
    return file


@pytest.fixture(scope="module")
def good(fresh: Path) -> Bundle:
    return read_bundle(fresh)


def scores(file: Path) -> tuple[str, str]:
    """What the scoring process says."""
    out = subprocess.run([sys.executable, "-c", SCORE, str(file)], capture_output=True, text=True, check=False, timeout=120)
    return out.stdout.strip(), out.stderr


def test_a_model_opens_and_scores_without_the_training_stack(fresh: Path) -> None:
    assert scores(fresh) == ("True True", "")


@pytest.mark.skipif(not RELEASED, reason="no version is released yet; see make_bundle_corpus.py")
def test_every_released_model_opens_and_scores() -> None:
    assert {file.name: scores(file) for file in RELEASED} == {file.name: ("True True", "") for file in RELEASED}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to the parts of a JSON value, the first six of a long list."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value[:6]) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def forge_json(data: bytes, luck: random.Random) -> bytes:
    """One part removed or replaced by another kind of value."""
    document = copy.deepcopy(json.loads(data))
    *way, last = luck.choice(list(places(document)))
    inside = document
    for key in way:
        inside = inside[key]
    if luck.random() < 0.2:
        inside.pop(last)
    else:
        inside[last] = luck.choice([None, -1, 10**18, 1e308, "text", [], {}, True, [1] * 50])
    return json.dumps(document).encode()


def forge_arrays(data: bytes, luck: random.Random) -> bytes:
    """One array removed, of another shape or type, empty, or without a number."""
    arrays = dict(unpack_arrays(data))
    name = luck.choice(sorted(arrays))
    array = arrays.pop(name)
    changed = [
        None,
        array.reshape(-1),
        array[..., None],
        array[: len(array) // 2],
        np.zeros((0, *array.shape[1:]), array.dtype),
        array.astype(np.int32) if array.dtype.kind == "b" else array.astype(np.float64),
        np.full(array.shape, np.nan, np.float32),
    ][luck.randrange(7)]
    return pack_arrays(arrays if changed is None else arrays | {name: changed})


def open_forged(good: Bundle, kind: str, seed: int) -> bool:
    """True where the forged model was refused; anything but a `BundleError` gets out."""
    luck = random.Random(seed)
    name = luck.choice(sorted(member for member in good.members if member.endswith(kind) and good.members[member] != b"{}"))
    forge = forge_json if kind == ".json" else forge_arrays
    forged = Bundle(good.manifest, {**good.members, name: forge(good.members[name], luck)}, None, "forged.andon", "")
    try:
        from_bundle(forged)
    except BundleError:
        return True
    return False


def test_forged_json(good: Bundle) -> None:
    refused = sum(open_forged(good, ".json", seed) for seed in range(250))
    assert refused > 25  # most edits of a number leave a model that opens


@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_forged_arrays(good: Bundle) -> None:
    refused = sum(open_forged(good, ".safetensors", seed) for seed in range(250))
    assert refused > 25
