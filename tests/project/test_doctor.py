"""The doctor finds each thing that is broken on purpose, says what to do in both languages, and changes nothing."""

from __future__ import annotations

import asyncio
import datetime
import json
import re
import shutil
import socket
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from andon.plant.messages import LANGUAGES
from andon.project.live.doctor import Health, examine
from andon.project.live.replaying import open_replay, run_replay
from tests.small_plant import ASSET, Line, andon


@dataclass(frozen=True)
class Kept:
    """A plant that ran for a while: folder with plant.toml, models and andon-data."""

    folder: Path

    @property
    def plant(self) -> Path:
        return self.folder / "plant.toml"

    @property
    def data(self) -> Path:
        return self.folder / "andon-data"

    def add(self, text: str) -> None:
        """More lines for the plant file."""
        self.plant.write_text(self.plant.read_text("utf-8") + text, "utf-8")

    def service(self, *lines: str) -> None:
        """Settings of [service]."""
        self.plant.write_text(self.plant.read_text("utf-8").replace("[service]\n", "[service]\n" + "\n".join(lines) + "\n"), "utf-8")


@pytest.fixture(scope="module")
def ran(line: Line, new_export: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("ran")
    shutil.copytree(line.models, folder / "models")
    shutil.copy(line.folder / "plant.toml", folder / "plant.toml")
    kept = Kept(folder)
    with open_replay(str(kept.plant), [str(new_export)], {"asset": ASSET}, speed=0, data=str(kept.data)) as running:
        asyncio.run(run_replay(running))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        kept.service(f"port = {free.getsockname()[1]}")
    return kept


@pytest.fixture
def kept(ran: Kept, tmp_path: Path) -> Kept:
    """A copy that a test may break."""
    shutil.copytree(ran.folder, tmp_path / "plant")
    return Kept(tmp_path / "plant")


def found(kept: Kept, check: str) -> dict[Health, tuple[str, str]]:
    """What a check says, by its health; every sentence exists in both languages."""
    out = {}
    for finding in examine(kept.plant).findings:
        for language in LANGUAGES:
            what, do = finding.told(language)
            assert what
            assert do or finding.health in (Health.OK, Health.SKIPPED)
        if finding.check == check:
            out[finding.health] = finding.told("en")
    return out


def test_a_healthy_plant_is_healthy_and_nothing_is_changed(kept: Kept) -> None:
    before = {path: path.read_bytes() for path in kept.folder.rglob("*") if path.is_file()}
    answer = andon("doctor", kept.plant, "--json")
    assert answer.code == 0, answer.out
    told = answer.json()
    assert told["healthy"]
    assert told["counts"]["wrong"] == 0
    by_check = {item["check"]: item for item in told["findings"]}
    checks = "plant versions folder memory clock port certificates database journal checkpoints samples models ledger links outlets"
    assert list(by_check) == checks.split()
    assert {name for name, item in by_check.items() if item["health"] == "ok"} >= {
        "database",
        "journal",
        "checkpoints",
        "samples",
        "models",
    }
    after = {path: path.read_bytes() for path in kept.folder.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal"))}
    assert {path: data for path, data in before.items() if not path.name.endswith(("-shm", "-wal"))} == after
    text = andon("--lang", "zh-CN", "doctor", kept.plant)
    assert "没有问题" in text.out


def damage(path: Path, at: float = 0.5) -> None:
    """Turn one byte over."""
    data = bytearray(path.read_bytes())
    data[int(at * len(data))] ^= 0x55
    path.write_bytes(data)


def newest(folder: Path, pattern: str) -> Path:
    return max(folder.rglob(pattern), key=lambda path: (path.stat().st_size, path.name))


def break_ledger(kept: Kept) -> None:
    path = kept.folder / "models/ledger.jsonl"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines[:2], *lines[3:]]), "utf-8")


def break_database(kept: Kept) -> None:
    (kept.data / "andon.sqlite").write_bytes(b"no database at all" * 500)


def break_checkpoints(kept: Kept) -> None:
    for path in (kept.data / "checkpoints").iterdir():
        path.write_bytes(b"x")


def break_journal(kept: Kept) -> None:
    damage(newest(kept.data / "journal", "*.journal"), 0.3)


def lose_journal(kept: Kept) -> None:
    for path in (kept.data / "journal").iterdir():
        path.unlink()


def cut_samples(kept: Kept) -> None:
    path = newest(kept.data / "samples", "*.parquet")
    path.write_bytes(path.read_bytes()[:-20])


def lose_models(kept: Kept) -> None:
    shutil.rmtree(kept.folder / "models")


def break_model(kept: Kept) -> None:
    damage(newest(kept.folder / "models", "*.andon"))


def older_tables(kept: Kept) -> None:
    connection = sqlite3.connect(kept.data / "andon.sqlite")
    connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("harm", "check", "health", "what"),
    [
        (break_ledger, "ledger", Health.WRONG, "the chain does not hold: moved, line 3"),
        (break_database, "database", Health.WRONG, "the database refuses: "),
        (older_tables, "database", Health.WARNING, "its tables are of revision 0000, this Andon works with "),
        (break_checkpoints, "checkpoints", Health.WRONG, "no checkpoint can be read, "),
        (break_journal, "journal", Health.WRONG, "is damaged at 1:"),
        (lose_journal, "checkpoints", Health.WRONG, "the journal no longer has position "),
        (cut_samples, "samples", Health.WRONG, "cannot be read: "),
        (lose_models, "models", Health.WRONG, "no model serves an asset"),
        (break_model, "models", Health.WRONG, ".andon"),
    ],
)
def test_what_is_broken_is_found(kept: Kept, harm: Callable[[Kept], None], check: str, health: Health, what: str) -> None:
    harm(kept)
    told = found(kept, check)
    assert what in told[health][0]
    assert told[health][1]
    assert andon("doctor", kept.plant, "--json").code == (1 if health is Health.WRONG else 0)


def test_a_plant_file_that_is_wrong_is_the_only_finding_beside_versions(tmp_path: Path) -> None:
    plant = tmp_path / "plant.toml"
    plant.write_text("[service]\nport = 99999999\n", "utf-8")
    told = andon("doctor", plant, "--json")
    assert told.code == 1
    findings = told.json()["findings"]
    assert {item["check"] for item in findings} == {"versions", "plant"}
    assert f"{plant}:2, key service.port: " in findings[-1]["what"]
    assert andon("doctor", tmp_path / "none.toml").code == 1


def test_a_port_that_something_else_has_is_found(kept: Kept) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        text = kept.plant.read_text("utf-8")

        kept.plant.write_text(re.sub(r"(?m)^port = \d+$", f"port = {other.getsockname()[1]}", text), "utf-8")
        told = found(kept, "port")
    assert f"cannot listen on 127.0.0.1:{other_port(kept)}" in told[Health.WRONG][0]


def other_port(kept: Kept) -> int:
    return next(int(row.partition("=")[2]) for row in kept.plant.read_text("utf-8").splitlines() if row.startswith("port = "))


def test_links_are_called_and_let_go(kept: Kept) -> None:
    with socket.socket() as broker:
        broker.bind(("127.0.0.1", 0))
        broker.listen()
        port = broker.getsockname()[1]
        kept.add(f'\n[[link]]\nname = "broker"\nkind = "mqtt"\naddress = "mqtt://127.0.0.1:{port}"\ntopics = ["plant/#"]\n')
        kept.add('\n[[link]]\nname = "exports"\nkind = "folder"\naddress = "incoming"\n')
        told = found(kept, "links")
        assert told[Health.OK] == (f"broker (mqtt): 127.0.0.1:{port} answers", "")
        assert told[Health.WRONG][0].startswith("exports: ")
    assert "no answer from" in found(kept, "links")[Health.WRONG][0] or "is not there" in found(kept, "links")[Health.WRONG][0]
    (kept.folder / "incoming").mkdir()
    assert f"no answer from 127.0.0.1:{port}" in found(kept, "links")[Health.WRONG][0]


def certificate(folder: Path, days: int) -> None:
    """A certificate and its key that ends in so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "andon.plant.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=400))
        .not_valid_after(now + datetime.timedelta(days=days, hours=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)


def test_certificates_that_have_expired_or_soon_will(kept: Kept) -> None:
    kept.service('certificate = "cert.pem"', 'key = "key.pem"')
    assert "cert.pem" in found(kept, "certificates")[Health.WRONG][0]
    certificate(kept.folder, 300)
    assert "is good until" in found(kept, "certificates")[Health.OK][0]
    certificate(kept.folder, 10)
    assert "in 10 days" in found(kept, "certificates")[Health.WARNING][0]
    certificate(kept.folder, -10)
    assert "expired on" in found(kept, "certificates")[Health.WRONG][0]
    key = (kept.folder / "key.pem").read_bytes()
    certificate(kept.folder, 300)
    (kept.folder / "key.pem").write_bytes(key)
    assert "and its key cannot be used" in found(kept, "certificates")[Health.WRONG][0]


def test_a_clock_that_went_back_is_found(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("andon.project.live.doctor.machine.time.time_ns", lambda: 10**18)
    assert "but a checkpoint was written at 2026-" in found(kept, "clock")[Health.WRONG][0]


def test_a_check_that_breaks_is_a_finding_of_its_own(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("andon.project.live.doctor.kept.verify_ledger", lambda path: 1 / 0)
    assert found(kept, "ledger")[Health.WRONG][0] == "the check itself failed: ZeroDivisionError: division by zero"
    assert json.dumps(examine(kept.plant).to_dict())
