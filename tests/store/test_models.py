"""Models, champions, promises and tags: what holds, what is refused, and what survives a crash."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from andon.plant.budget import Budget
from andon.plant.errors import AskUserError, RefusedError, StoreError
from andon.plant.time import HOUR_NS
from andon.store.ledger import Draft, Entry, Ledger
from andon.store.models import MOST_BEHIND, ModelStore
from andon.store.state import State, advance, state_from_dict, state_to_dict


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    store = ModelStore(tmp_path / "models")
    store.save("pump", "v1", b"one", ["pump 1", "pump 2"], at=10, by="ana")
    store.save("pump", "v2", b"two", ["pump 1", "pump 2"], at=20, by="ana")
    store.save("fan/北", "v1", b"fan", ["fan"], at=30, by="ana")
    return store


def serving(store: ModelStore) -> dict[str, str]:
    return {asset: f"{c.model} {c.version}" for asset, c in store.state().champions.items()}


def test_saved_models_are_listed_and_lie_where_the_design_says(store: ModelStore) -> None:
    assert [v.version for v in store.versions("pump")] == ["v1", "v2"]
    assert store.versions("none") == ()
    one = store.versions("pump")[0]
    assert (one.assets, one.at, one.by, one.sha256) == (("pump 1", "pump 2"), 10, "ana", sha256(b"one").hexdigest())
    assert store.path(one) == store.folder / "pump" / "v1.andon"
    assert store.path(one).read_bytes() == b"one"
    assert (store.folder / "fan%2F北" / "v1.andon").read_bytes() == b"fan"


def test_a_version_never_changes(store: ModelStore) -> None:
    before = store.ledger.head()
    assert store.save("pump", "v1", b"one", ["pump 1", "pump 2"]) == store.versions("pump")[0]
    assert store.ledger.head() == before
    with pytest.raises(RefusedError, match="pump v1 exists with other content"):
        store.save("pump", "v1", b"other", ["pump 1"])
    assert (store.folder / "pump" / "v1.andon").read_bytes() == b"one"
    with pytest.raises(RefusedError, match="need names"):
        store.save("", "v1", b"x", ["a"])


def test_promote_and_one_step_back(store: ModelStore) -> None:
    store.promote("pump", "v1", why="first", at=40, by="ana")
    assert serving(store) == {"pump 1": "pump v1", "pump 2": "pump v1"}
    store.promote("pump", "v2", assets=["pump 2"], at=50, by="bob")
    assert serving(store) == {"pump 1": "pump v1", "pump 2": "pump v2"}
    assert store.champion("pump").version == "v2"
    store.promote("pump", "v2", assets=["pump 2"], at=55)  # once more changes no step back
    store.rollback("pump 2", why="noisy", at=60, by="ana")
    assert serving(store) == {"pump 1": "pump v1", "pump 2": "pump v1"}
    assert store.champion("pump").version == "v1"
    with pytest.raises(RefusedError, match="'pump 2' has no earlier champion"):
        store.rollback("pump 2")
    kinds = [e.what for e in store.ledger.entries()]
    assert kinds == ["model-saved"] * 3 + ["promoted"] * 3 + ["rolled-back"]
    assert store.ledger.verify() == ()


def test_a_model_rolls_back_on_all_its_assets(store: ModelStore) -> None:
    store.promote("pump", "v1")
    store.promote("pump", "v2")
    store.rollback("pump")
    assert serving(store) == {"pump 1": "pump v1", "pump 2": "pump v1"}


def test_what_cannot_be_promoted(store: ModelStore) -> None:
    with pytest.raises(AskUserError, match="no model and no asset 'pmup'") as caught:
        store.promote("pmup", "v1")
    assert caught.value.do == "did you mean 'pump'?"
    with pytest.raises(AskUserError, match="'pump' has no version 'v9'") as caught:
        store.promote("pump", "v9")
    assert caught.value.do == "it has v1, v2"
    with pytest.raises(RefusedError, match="pump was not made for fan"):
        store.promote("pump", "v1", assets=["fan"])
    with pytest.raises(AskUserError, match="no model and no asset 'x'"):
        store.rollback("x")
    (store.folder / "pump" / "v1.andon").write_bytes(b"tampered")
    with pytest.raises(StoreError, match="the file of pump v1 is gone or was changed"):
        store.promote("pump", "v1")
    assert serving(store) == {}


def test_model_is_a_path_a_version_a_model_or_an_asset(store: ModelStore, tmp_path: Path) -> None:
    file = store.folder / "pump" / "v1.andon"
    assert store.resolve(str(file)) == file
    assert store.resolve("elsewhere.andon") == Path("elsewhere.andon")
    assert store.resolve("pump") == store.folder / "pump" / "v2.andon"  # never promoted: the newest
    assert store.resolve("pump 1") == store.folder / "pump" / "v2.andon"
    store.promote("pump", "v1")
    assert store.resolve("pump") == store.resolve("pump 2") == file
    assert store.resolve("pump@v2") == store.folder / "pump" / "v2.andon"
    with pytest.raises(AskUserError, match="2 versions of 'pump' begin with 'v'"):
        store.resolve("pump@v")
    with pytest.raises(AskUserError, match="no model and no asset 'pump@v7'"):
        store.resolve("pump@v7")
    for odd in ("x" * 5000, "a\0b", "", ".", "\ud800"):
        with pytest.raises(AskUserError, match="no model and no asset"):
            store.resolve(odd)
    file.unlink()
    with pytest.raises(StoreError, match="the file of pump v1 is gone"):
        store.resolve("pump")
    with pytest.raises(AskUserError, match="no model and no asset 'x'") as caught:
        ModelStore(tmp_path / "empty").resolve("x")
    assert caught.value.do == "there is no model yet: andon train plant.toml"


def test_names_that_mean_two_things_are_asked_about(store: ModelStore) -> None:
    store.save("turbine", "v1", b"t", ["pump 1"])
    with pytest.raises(AskUserError, match="several models may serve 'pump 1': pump, turbine"):
        store.champion("pump 1")
    store.promote("turbine", "v1")
    assert store.champion("pump 1").model == "turbine"
    store.save("pump 1", "v5", b"own", ["fan"])
    with pytest.raises(AskUserError, match="is a model and an asset, and they mean different versions"):
        store.champion("pump 1")


def test_budgets(store: ModelStore) -> None:
    store.set_budget("line 3", "1/week", calibration={"threshold": 3.5}, at=40, by="ana")
    promise = store.set_budget("line 3", Budget(2, 24 * HOUR_NS), at=50)
    assert promise.budget == "2/day"
    assert store.state().promises["line 3"] == promise
    first = next(store.ledger.entries("budget-set"))
    assert dict(first.data) == {"group": "line 3", "budget": "1/week", "calibration": {"threshold": 3.5}}
    with pytest.raises(AskUserError, match="is not an alarm budget"):
        store.set_budget("line 3", "often")
    with pytest.raises(AskUserError, match="needs the name"):
        store.set_budget("", "1/week")


def test_tags_out_of_service(store: ModelStore) -> None:
    store.take_tag_out("pump 1", "T1", until=100, why="calibrating", at=50, by="ana")
    store.take_tag_out("pump 1", "P2", at=60)
    first, *_ = store.tags_out("pump 1", 70)
    assert (first.tag, first.why, first.by) == ("T1", "calibrating", "ana")
    assert [t.tag for t in store.tags_out("pump 1", 100)] == ["P2"]
    assert store.tags_out("pump 2", 70) == ()
    store.take_tag_out("pump 1", "T1", until=200, at=110)  # prolonged, not doubled
    assert [t.tag for t in store.tags_out("pump 1", 150)] == ["P2", "T1"]
    store.take_tag_back("pump 1", "P2")
    assert [t.tag for t in store.tags_out("pump 1", 150)] == ["T1"]
    with pytest.raises(AskUserError, match="tag 'P2' of 'pump 1' is in service"):
        store.take_tag_back("pump 1", "P2")
    with pytest.raises(AskUserError, match="already over"):
        store.take_tag_out("pump 1", "T1", until=5, at=10)
    with pytest.raises(AskUserError, match="which tag"):
        store.take_tag_out("pump 1", "")


def test_other_records_do_not_change_the_state(store: ModelStore) -> None:
    before = state_to_dict(store.state())
    store.record("controller-step", {"asset": "pump 1", "factor": 1.01}, at=70, by="")
    after = state_to_dict(store.state())
    assert {k: v for k, v in after.items() if k not in ("number", "hash")} == {
        k: v for k, v in before.items() if k not in ("number", "hash")
    }
    assert store.ledger.verify() == ()


def test_the_state_file_is_the_ledger_folded(store: ModelStore) -> None:
    store.promote("pump", "v1")
    on_disk = state_from_dict(json.loads((store.folder / "state.json").read_text(encoding="utf-8")))
    folded = State()
    for entry in store.ledger.entries():
        folded = advance(folded, entry)
    assert on_disk == folded == store.state()


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"schema_version": 99}', b'{"schema_version": 1, "number": 3}', None])
def test_a_lost_or_damaged_state_is_made_again(store: ModelStore, damage: bytes | None) -> None:
    store.promote("pump", "v1")
    expected = store.state()
    file = store.folder / "state.json"
    file.unlink() if damage is None else file.write_bytes(damage)
    assert store.state() == expected
    store.set_budget("line", "1/day")
    assert json.loads(file.read_text(encoding="utf-8"))["promises"]["line"]["budget"] == "1/day"


def test_a_state_that_lags_or_belongs_elsewhere_is_made_good(store: ModelStore, tmp_path: Path) -> None:
    file = store.folder / "state.json"
    old = file.read_bytes()
    store.promote("pump", "v1")
    expected = store.state()
    file.write_bytes(old)  # a process died between ledger and state
    assert store.state() == expected
    other = ModelStore(tmp_path / "other")
    for number in range(3):
        other.save("x", f"v{number}", b"x", ["y"], at=number)
    file.write_bytes((other.folder / "state.json").read_bytes())
    assert store.state() == expected


def test_a_full_disk_keeps_nothing(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    before, head = store.state(), store.ledger.head()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for change in (
        lambda: store.save("pump", "v3", b"three", ["pump 1"]),
        lambda: store.promote("pump", "v1"),
        lambda: store.set_budget("line", "1/week"),
        lambda: store.take_tag_out("pump 1", "T1"),
    ):
        with pytest.raises(StoreError, match="No space left on device"):
            change()
    monkeypatch.undo()
    assert (store.state(), store.ledger.head()) == (before, head)
    assert sorted(f.name for f in (store.folder / "pump").iterdir()) == ["v1.andon", "v2.andon"]
    assert store.ledger.verify() == ()


def test_a_change_that_reached_the_ledger_holds_though_the_state_could_not_be_written(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise StoreError("cannot write: No space left on device")

    monkeypatch.setattr("andon.store.models.write_text", full)
    store.promote("pump", "v1")
    monkeypatch.undo()
    assert serving(store)["pump 1"] == "pump v1"


WRITER = """
import sys, itertools
from andon.store.models import MOST_BEHIND, ModelStore
store = ModelStore(sys.argv[1])
name = sys.argv[2]
print("ready", flush=True)
for number in range(int(sys.argv[3])) if sys.argv[3] != "forever" else itertools.count():
    store.save(name, f"v{number}", f"{name} {number}".encode() * 2000, [f"asset {name}"], at=number, by=name)
    store.promote(name, f"v{number}", at=number, by=name)
"""


def test_two_processes_do_not_lose_each_others_changes(tmp_path: Path) -> None:
    children = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name, "8"]) for name in ("a", "b")]
    assert [child.wait(timeout=60) for child in children] == [0, 0]
    store = ModelStore(tmp_path)
    assert {m: len(v) for m, v in store.state().models.items()} == {"a": 8, "b": 8}
    assert serving(store) == {"asset a": "a v7", "asset b": "b v7"}
    assert len(list(store.ledger.entries())) == 32
    assert store.ledger.verify() == ()


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_process_killed_while_writing_leaves_nothing_half_written(tmp_path: Path) -> None:
    for attempt in range(6):
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), f"m{attempt}", "forever"], stdout=subprocess.PIPE)
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b"ready"
        time.sleep(0.02 + 0.03 * attempt)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        store = ModelStore(tmp_path)
        assert [b.kind for b in store.ledger.verify()] in ([], ["torn"])
        for versions in store.state().models.values():
            for version in versions:
                assert sha256(store.path(version).read_bytes()).hexdigest() == version.sha256
        for file in tmp_path.glob("*/v*.andon"):  # a file is whole, whether or not its entry was written
            body = f"{file.parent.name} {file.stem[1:]}".encode() * 2000
            assert file.read_bytes() == body
        store.set_budget("line", "1/week")  # and the store goes on
        store.save(f"m{attempt}", "last", b"x", ["a"])
        assert not [*tmp_path.glob(".*.part"), *(tmp_path / f"m{attempt}").glob(".*.part")]
        assert store.ledger.verify() == ()


class AnyOrder(RuleBasedStateMachine):
    """Any sequence of changes: the store, and a naive twin in plain dicts."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.store = ModelStore(self.folder.name)
        self.versions: set[tuple[str, str]] = set()
        self.now: dict[str, tuple[str, str]] = {}
        self.back: dict[str, tuple[str, str] | None] = {}

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(model=st.sampled_from("ab"), version=st.sampled_from("12"))
    def save(self, model: str, version: str) -> None:
        self.store.save(model, version, f"{model}{version}".encode(), ["x", "y"], at=1, by="")
        self.versions.add((model, version))

    @rule(model=st.sampled_from("ab"), version=st.sampled_from("12"), assets=st.sampled_from([["x"], ["y"], ["x", "y"]]))
    def promote(self, model: str, version: str, assets: list[str]) -> None:
        if (model, version) not in self.versions:
            with pytest.raises(AskUserError):
                self.store.promote(model, version, assets=assets)
            return
        self.store.promote(model, version, assets=assets, at=1, by="")
        for asset in assets:
            if self.now.get(asset) != (model, version):
                self.back[asset] = self.now.get(asset)
            self.now[asset] = (model, version)

    @rule(asset=st.sampled_from("xy"))
    def rollback(self, asset: str) -> None:
        if self.back.get(asset) is None:
            with pytest.raises((AskUserError, RefusedError)):
                self.store.rollback(asset)
            return
        self.store.rollback(asset, at=1, by="")
        step = self.back[asset]
        assert step is not None
        self.now[asset], self.back[asset] = step, None

    @rule()
    def lose_the_state(self) -> None:
        (Path(self.folder.name) / "state.json").unlink(missing_ok=True)

    @invariant()
    def agree(self) -> None:
        state = ModelStore(self.folder.name).state()
        assert {a: (c.model, c.version) for a, c in state.champions.items()} == self.now
        assert Ledger(Path(self.folder.name) / "ledger.jsonl").verify() == ()


def test_any_order_of_changes() -> None:
    run_state_machine_as_test(AnyOrder, settings=settings(max_examples=25, stateful_step_count=12, deadline=None))


def test_a_look_reads_what_has_come_since_the_last_one(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.ledger.append_all(Draft("event-opened", {"event": f"e{number}"}, 100 + number) for number in range(3 * MOST_BEHIND))
    store.promote("pump", "v1", at=5_000, by="ana")
    store.ledger.append_all(Draft("event-opened", {"event": f"f{number}"}, 6_000 + number) for number in range(MOST_BEHIND))
    reads: list[int] = []
    since = Ledger.since

    def noted(ledger: Ledger, number: int) -> list[Entry]:
        reads.append(number)
        return since(ledger, number)

    monkeypatch.setattr(Ledger, "since", noted)
    fresh = ModelStore(store.folder)
    assert serving(fresh)["pump 1"] == "pump v1"
    kept = fresh.state().number - MOST_BEHIND
    assert reads == [kept, fresh.ledger.head()[0]]  # the first time from the kept state on, then what is new
    assert not fresh.keep_up(at=7_000)
    store.ledger.append("event-opened", {"event": "one more"}, at=8_000)
    assert fresh.keep_up(at=8_000)
    assert not fresh.keep_up(at=8_000)
    assert json.loads((store.folder / "state.json").read_text("utf-8"))["number"] == store.ledger.head()[0]
    assert ModelStore(store.folder).state() == store.state() == fresh.state()
