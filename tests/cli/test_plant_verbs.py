"""The verbs of a plant's machine: users, tokens, labels, the ledger, backup and restore, beside a service that runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from andon.plant.clock import SystemClock
from andon.project.live.places import Places, places_of
from andon.project.live.running import open_running
from andon.service.accounts.accounts import Accounts
from andon.store.database import alarm_records, users
from tests.small_plant import ASSET, Line, Outcome, andon

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "the furnace hums quietly"


@dataclass
class Served:
    """A service that runs, with an administrator who marked an alarm as false.

    Attributes
    ----------
    plant, data : plant file and folder of the service
    client : signed in
    marked : id of the alarm
    """

    plant: Path
    data: Path
    client: httpx.Client
    marked: str

    def andon(self, *words: str | Path) -> Outcome:
        """A verb that takes --plant and --data."""
        return andon(*words, "--plant", self.plant, "--data", self.data)

    @property
    def places(self) -> Places:
        return places_of(self.plant, data=self.data)


@pytest.fixture(scope="module")
def served(line: Line, new_export: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    plant = folder / "plant.toml"
    plant.write_text((line.folder / "plant.toml").read_text("utf-8"), "utf-8")
    shutil.copytree(line.models, folder / "models")
    data = folder / "andon-data"
    words = [sys.executable, "-m", "andon", "replay", str(plant), str(new_export), "--asset", ASSET, "--speed", "0", "--serve",
             "--port", "0", "--data", str(data)]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "ANDON_LANG": "en"}
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    try:
        told = process.stdout.readline() + process.stdout.readline()
        address, secret = re.findall(r"(http://127\.0\.0\.1:\d+/)", told)[0], re.findall(r"first-sign-in#(\S+)", told)[0]
        with httpx.Client(base_url=address, timeout=30) as client:
            made = client.post("/api/v1/first-sign-in", json={"token": secret, "user": "kim", "password": PASSWORD})
            client.headers["X-CSRF-Token"] = made.json()["csrf"]
            marked = _alarm_of_the_fault(client)
            told_act = client.post(f"/api/v1/alarms/{marked}/acts", json={"kind": "mark", "mark": "false"})
            assert told_act.status_code == 200, told_act.text
            yield Served(plant, data, client, marked)
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err


def _alarm_of_the_fault(client: httpx.Client) -> str:
    """Wait until an alarm of the replayed fault is over, and so has an end."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        rows = client.get("/api/v1/alarms", params={"state": "recent"}).json()["rows"]
        over = [row["id"] for row in rows if row["cleared"]]
        if over:
            return str(over[0])
        time.sleep(0.1)
    raise AssertionError("no alarm came")


def test_a_user_is_made_invited_and_let_in_while_the_service_runs(served: Served) -> None:
    made = served.andon(
        "user", "add", "lee", "--role", "operator", "--full-name", "Lee Park", "--address", "https://andon.example", "--json"
    )
    assert made.code == 0, made.err
    answer = made.json()
    assert (answer["user"], answer["role"], answer["has_password"]) == ("lee", "operator", False)
    assert answer["link"].startswith("https://andon.example/new-password#")
    secret = answer["link"].partition("#")[2]
    with httpx.Client(base_url=served.client.base_url, timeout=30) as other:
        short = other.post("/api/v1/new-password", json={"token": secret, "password": "short"})
        assert short.status_code == 400, "the link is still good"
        told = other.post("/api/v1/new-password", json={"token": secret, "password": PASSWORD})
        assert (told.status_code, told.json()["user"]) == (200, "lee")
        assert other.get("/api/v1/overview").status_code == 200
        assert other.post("/api/v1/new-password", json={"token": secret, "password": PASSWORD}).status_code == 403
        assert other.post("/api/v1/sign-in", json={"user": "lee", "password": PASSWORD}).status_code == 200
    listed = served.andon("user", "list")
    assert "Lee Park" in listed.out
    assert "may sign in" in listed.out
    assert PASSWORD not in listed.out


def test_a_new_link_makes_the_one_before_useless_and_signs_out(served: Served) -> None:
    served.andon("user", "add", "jo", "--json")
    first = served.andon("user", "reset-link", "jo", "--json").json()["link"].partition("#")[2]
    second = served.andon("user", "reset-link", "jo", "--lasts", "1h", "--json").json()["link"].partition("#")[2]
    with httpx.Client(base_url=served.client.base_url, timeout=30) as other:
        assert other.post("/api/v1/new-password", json={"token": first, "password": PASSWORD}).status_code == 403
        assert other.post("/api/v1/new-password", json={"token": second, "password": PASSWORD}).status_code == 200
        third = served.andon("user", "reset-link", "jo", "--json").json()["link"].partition("#")[2]
        assert other.get("/api/v1/session").status_code == 200, "the old password is good until the new one is chosen"
        assert (
            httpx.post(f"{served.client.base_url}api/v1/new-password", json={"token": third, "password": PASSWORD + "!"}).status_code == 200
        )
        time.sleep(2.1)  # what a service remembers of a session
        assert other.get("/api/v1/session").status_code == 401


def test_roles_and_disabling(served: Served) -> None:
    served.andon("user", "add", "max", "--json")
    assert served.andon("user", "role", "max", "engineer").out == "max is now engineer.\n"
    assert served.andon("user", "disable", "max").out == "max cannot sign in any more.\n"
    refused = served.andon("user", "reset-link", "max", "--json")
    assert (refused.code, refused.error()["what"]) == (1, "'max' is disabled")
    assert served.andon("user", "enable", "max").out == "max may sign in again, as engineer.\n"
    last = served.andon("user", "disable", "kim", "--json")
    assert (last.code, last.error()["what"]) == (1, "the last administrator stays")
    again = served.andon("user", "add", "max", "--json")
    assert (again.code, again.error()["what"]) == (1, "there is a user 'max' already")
    wrong = served.andon("user", "role", "nobody", "viewer", "--json")
    assert (wrong.code, wrong.error()["what"]) == (1, "there is no user 'nobody'")
    assert served.andon("user", "role", "max", "king").code == 2


def test_a_password_comes_from_a_file_and_short_ones_are_refused(served: Served, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD + "\n", "utf-8")
    made = served.andon("user", "add", "robot", "--password-file", secret, "--json").json()
    assert made["has_password"]
    assert "link" not in made
    secret.write_text("short", "utf-8")
    wrong = served.andon("user", "add", "other", "--password-file", secret, "--json")
    assert wrong.error()["what"] == "the password has 5 characters"


def test_a_token_is_shown_once_works_in_its_scope_and_ends_when_revoked(served: Served) -> None:
    made = served.andon("token", "add", "wall", "--user", "kim", "--scope", "read", "--lasts", "30d")
    assert made.code == 0, made.err
    secret = made.out.strip()
    assert secret.startswith("andon_")
    headers = {"Authorization": f"Bearer {secret}"}
    base = str(served.client.base_url)
    assert httpx.get(f"{base}api/v1/overview", headers=headers).status_code == 200
    refused = httpx.post(f"{base}api/v1/alarms/{served.marked}/acts", headers=headers, json={"kind": "comment", "text": "x"})
    assert refused.status_code == 403
    listed = served.andon("token", "list", "--json")
    assert secret not in listed.out
    row = next(row for row in listed.json()["tokens"] if row["name"] == "wall")
    assert (row["user"], row["role"], row["scopes"]) == ("kim", "administrator", ["read"])
    assert secret[6:] not in served.places.live.database.read_bytes().decode("latin-1")
    gone = served.andon("token", "revoke", "wall", "--json")
    assert gone.json()["id"] == row["id"]
    time.sleep(2.1)  # what a service remembers of a token
    assert httpx.get(f"{base}api/v1/overview", headers=headers).status_code == 401
    again = served.andon("token", "revoke", "wall", "--json")
    assert again.error()["what"] == "there is no token 'wall'"
    assert served.andon("token", "add", "x", "--user", "nobody", "--json").error()["what"] == "there is no user 'nobody'"


def test_marks_and_planned_work_become_labels_and_labels_come_back(served: Served, tmp_path: Path) -> None:
    window = {"start": "2030-02-03T08:00:00Z", "end": "2030-02-03T10:00:00Z", "why": "filter"}
    assert served.client.post("/api/v1/maintenance", json=window).status_code == 201
    out = tmp_path / "labels.csv"
    done = served.andon("labels", "export", "-o", out, "--json").json()
    text = out.read_text("utf-8").splitlines()
    assert text[0] == "asset,start,end,kind,note,by,at"
    assert done["labels"] == len(text) - 1 >= 2
    assert [row for row in text if f",false,alarm {served.marked},kim," in row]
    assert [row for row in text if row.startswith(f"{ASSET},2030-02-03T08:00:00Z,2030-02-03T10:00:00Z,planned,filter,kim,")]
    more = tmp_path / "more.csv"
    more.write_text(f"asset,start,end,kind,note\n{ASSET},2026-02-01T00:00:00Z,2026-02-01T01:00:00Z,fault,pump\n", "utf-8")
    assert served.andon("labels", "import", more).out == "1 labels are new, 0 were there already.\n"
    assert served.andon("labels", "import", more, "--json").json() == {"path": str(more), "new": 0, "known": 1}
    rows = served.andon("labels", "list", "--asset", ASSET, "--json").json()["labels"]
    assert {row["origin"] for row in rows} == {"label", "mark", "maintenance"}
    assert "pump" in served.andon("labels", "list").out
    more.write_text("asset,start,end,kind\nfurnace,2026-02-01,2026-02-02,fault\n", "utf-8")
    wrong = served.andon("labels", "import", more, "--json").error()
    assert (wrong["what"], wrong["do"]) == ("this plant has no asset 'furnace'", "the assets of this plant are line")


def test_a_restored_backup_has_the_same_alarms_users_models_and_ledger(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "line.andon-backup"
    made = andon("backup", served.plant, "--data", served.data, "-o", file, "--json")
    assert made.code == 0, made.err
    assert made.json()["database"] == "sqlite"
    restored = andon("restore", file, "--to", tmp_path / "elsewhere", "--json")
    assert restored.code == 0, restored.err
    there = places_of(restored.json()["plant"])
    assert restored.json()["notes"] == []
    here = served.places
    with here.open_database() as old, there.open_database() as new:
        assert new.read(users.everyone) == old.read(users.everyone)
        kept = new.read(lambda connection: alarm_records.between(connection, 0, 2**62))
        assert kept
        assert kept == old.read(lambda connection: alarm_records.between(connection, 0, 2**62))
        _, caller = Accounts(new, SystemClock()).sign_in("kim", PASSWORD, "here")
        assert caller.name == "kim"
    kept_models, old_models = there.models.state(), here.models.state()
    assert kept_models.champions == old_models.champions
    assert kept_models.models == old_models.models
    lines = there.models.ledger.path.read_bytes()
    assert lines
    assert here.models.ledger.path.read_bytes().startswith(lines)
    assert andon("ledger", "verify", "--plant", there.file, "--json").json()["holds"]
    with open_running(there.file, links=()) as running:
        assert served.marked in {alarm.id for alarm in running.alarms.open(0)} or running.alarms.alarm(served.marked, 0) is not None
        running.loop.recover()
        assert running.loop.status.position is not None
    assert not [path for path in (tmp_path / "elsewhere").rglob("*") if "restoring" in path.name]
    again = andon("restore", file, "--to", tmp_path / "elsewhere", "--json")
    assert (again.code, again.error()["what"]) == (1, "there is something already")


def test_a_damaged_backup_restores_nothing(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "line.andon-backup"
    assert andon("backup", served.plant, "--data", served.data, "-o", file).code == 0
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    wrong = andon("restore", file, "--to", tmp_path / "elsewhere", "--json")
    assert wrong.code == 1
    assert wrong.error()["what"].startswith("the backup is damaged at ")
    assert not list((tmp_path / "elsewhere").rglob("*.parquet"))
    assert not (tmp_path / "elsewhere/plant.toml").exists()
    assert andon("restore", served.plant, "--to", tmp_path / "x", "--json").error()["what"] == "not a backup, or one that was cut off"


def test_the_ledger_says_what_was_done_and_every_forgery_is_found(served: Served, tmp_path: Path) -> None:
    served.andon("user", "add", "ida", "--json")
    served.client.get("/api/v1/session")
    whole = served.andon("ledger", "verify", "--json")
    assert whole.code == 0, whole.err
    assert whole.json()["breaks"] == []
    out = tmp_path / "ledger.jsonl"
    count = served.andon("ledger", "export", "-o", out, "--json").json()["entries"]
    lines = out.read_text("utf-8").splitlines(keepends=True)
    assert json.loads(lines[0])["entries"] == count
    assert any('"user-added"' in row and '"ida"' in row for row in lines)
    assert andon("ledger", "verify", out).code == 0
    changed = [row.replace('"ida"', '"eve"') for row in lines]
    middle = len(lines) // 2
    moved = [*lines[:middle], lines[middle + 1], lines[middle], *lines[middle + 2 :]]
    for name, rows in (("changed", changed), ("moved", [*lines[:middle], *lines[middle + 1 :]]), ("moved", moved)):
        wrong = tmp_path / "wrong.jsonl"
        wrong.write_text("".join(rows), "utf-8")
        found = andon("ledger", "verify", wrong, "--json")
        assert found.code == 1
        assert name in {item["kind"] for item in found.json()["breaks"]}
    told = andon("ledger", "verify", wrong)
    assert "the chain does not hold" in told.out
    head = f"{count}:{'0' * 64}"
    assert [item["kind"] for item in andon("ledger", "verify", out, "--head", head, "--json").json()["breaks"]] == ["cut-off"]
    assert andon("ledger", "verify", out, "--head", "first").code == 2
    assert andon("ledger", "verify", tmp_path / "none", "--json").error()["what"] == "there is no ledger"


def test_the_export_of_the_api_is_signed_to_its_end_and_verified_without_the_service(served: Served, tmp_path: Path) -> None:
    out = tmp_path / "ledger.jsonl"
    out.write_bytes(served.client.get("/api/v1/ledger/export").content)
    told = andon("ledger", "verify", out, "--json").json()
    assert told["holds"]
    assert told["signed"] == told["entries"] > 0
    (key,) = told["keys"]
    assert andon("ledger", "verify", out, "--trust", key, "--json").json()["trusted"]
    foreign = andon("ledger", "verify", out, "--trust", "ed25519:" + "0" * 64, "--json")
    assert (foreign.code, {item["kind"] for item in foreign.json()["breaks"]}) == (1, {"foreign"})


def test_before_the_first_start_there_is_nothing_to_list(line: Line, tmp_path: Path) -> None:
    for words in (("user", "list"), ("token", "list"), ("labels", "list")):
        told = andon(*words, "--plant", line.folder / "plant.toml", "--data", tmp_path / "none", "--json")
        assert (told.code, told.error()["what"]) == (1, "there is no database of a service yet")
    told = andon("backup", line.folder / "plant.toml", "--data", tmp_path / "none", "--json")
    assert told.error()["what"] == "there is no folder of a service"
    told = andon("user", "list", "--plant", tmp_path / "plant.toml", "--json")
    assert told.error()["what"].startswith("cannot read the plant file")


def test_in_chinese(served: Served) -> None:
    done = andon("--lang", "zh-CN", "user", "list", "--plant", served.plant, "--data", served.data)
    assert "角色" in done.out
    assert "链完好" in andon("--lang", "zh-CN", "ledger", "verify", "--plant", served.plant).out


def test_watch_tells_what_is_there_and_then_what_changes(served: Served, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text(served.andon("token", "add", "terminal", "--user", "kim", "--scope", "read").out, "utf-8")
    words = [sys.executable, "-m", "andon", "watch", str(served.client.base_url), "--token-file", str(secret), "--json", "--for", "60s"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "ANDON_LANG": "en"}
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    try:
        note = f"seen at {time.time_ns()}"
        made = served.client.post(f"/api/v1/alarms/{served.marked}/acts", json={"kind": "comment", "text": note})
        number = made.json()["done"][0]["number"]
        row = {"number": -1}
        while row["number"] < number:
            text = process.stdout.readline()
            assert text, "it ended before the change came"
            told = json.loads(text)
            row = told if told["id"] == served.marked else row
        assert row["number"] == number
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert err == ""


def test_watch_without_a_token_or_with_a_wrong_one(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANDON_TOKEN", raising=False)
    told = andon("watch", str(served.client.base_url), "--json")
    assert (told.code, told.error()["what"]) == (2, "watching needs a token")
    monkeypatch.setenv("ANDON_TOKEN", "andon_wrong")
    told = andon("watch", str(served.client.base_url), "--for", "1s", "--json")
    assert (told.code, told.error()["what"]) == (1, "sign in first")
    monkeypatch.setenv("ANDON_TOKEN", served.andon("token", "add", "short", "--user", "kim").out.strip())
    text = andon("watch", str(served.client.base_url), "--for", "1s")
    assert text.code == 0, text.err
    assert "Watching http://127.0.0.1:" in text.err
