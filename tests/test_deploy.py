"""The files for containers and for systemd: keys are known, files that are named exist, nothing secret is inside, nobody is root."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from andon.plant.file.parse import parse_plant_file
from andon.reading.links import make_links

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
ROOT = DEPLOY.parent
SERVICE_KEYS = {
    "build", "image", "command", "environment", "volumes", "tmpfs", "ports", "depends_on", "read_only", "cap_drop", "cap_add",
    "security_opt", "user", "restart", "stop_grace_period", "healthcheck",
}  # fmt: skip
"""Of the Compose Specification, those that are used: a key that is not here is a slip, or is added here on purpose."""
HEALTH_KEYS = {"test", "interval", "timeout", "retries", "start_period"}
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY")
DURATION = re.compile(r"\d+(ms|s|m|h)")


class Strict(yaml.SafeLoader):  # type: ignore[misc]
    """YAML in which a key stands once."""


def _once(loader: Strict, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
    keys = [loader.construct_object(key, deep=deep) for key, _ in node.value]
    assert len(set(keys)) == len(keys), f"twice: {keys}"
    return dict(yaml.SafeLoader.construct_mapping(loader, node, deep))


Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _once)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded = yaml.load((DEPLOY / "compose.yaml").read_text("utf-8"), Strict)
    assert isinstance(loaded, dict)
    return loaded


def services(compose: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from compose["services"].items()


def test_every_key_is_known_and_every_name_is_defined(compose: dict[str, Any]) -> None:
    assert set(compose) == {"name", "services", "volumes"}
    assert set(compose["services"]) == {"andon", "broker", "database"}
    used = set()
    for name, service in services(compose):
        assert set(service) <= SERVICE_KEYS, name
        assert service["restart"] == "unless-stopped"
        for other, wanted in service.get("depends_on", {}).items():
            assert other in compose["services"]
            assert wanted == {"condition": "service_healthy"}
        for volume in service["volumes"]:
            source, target, *mode = volume.split(":")
            assert target.startswith("/")
            assert mode in ([], ["ro"])
            if source.startswith("."):
                assert (DEPLOY / source).exists(), source
                assert mode == ["ro"], f"{name} could write {source}"
            else:
                used.add(source)
        for port in service.get("ports", []):
            assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port), "published to this machine alone"
    assert used == set(compose["volumes"])
    build = compose["services"]["andon"]["build"]
    assert set(build) == {"context", "dockerfile"}
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    assert compose["services"]["database"]["image"] == "postgres:15"


def test_every_service_has_a_health_check(compose: dict[str, Any]) -> None:
    for name, service in services(compose):
        if name == "andon":  # in its image
            assert "HEALTHCHECK" in (DEPLOY / "Dockerfile").read_text("utf-8")
            continue
        check = service["healthcheck"]
        assert set(check) == HEALTH_KEYS
        assert check["test"][0] in ("CMD", "CMD-SHELL")
        assert all(DURATION.fullmatch(check[key]) for key in ("interval", "timeout", "start_period"))


def test_nobody_is_root_for_long_and_nothing_of_the_image_can_be_written(compose: dict[str, Any]) -> None:
    for name, service in services(compose):
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if name == "database":  # its entry point gives up root itself, and needs to change owners before
            assert set(service["cap_add"]) <= {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}
        else:
            assert not re.match(r"0(:|$)|root", service["user"]), name
            assert "cap_add" not in service


def test_no_secret_is_inside(compose: dict[str, Any]) -> None:
    names = set()
    for _, service in services(compose):
        for key, value in service["environment"].items():
            if SECRET.search(key):
                found = re.fullmatch(r"\$\{(\w+):\?[^}]+\}", str(value))
                assert found, f"{key} must come from outside, and its absence must be an error"
                names.add(found[1])
    example = dict(line.split("=", 1) for line in (DEPLOY / ".env.example").read_text("utf-8").splitlines() if line and line[0] != "#")
    assert set(example) == names
    assert not any(example.values())
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert "/deploy/.env" in ignored
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.name != ".env":
            assert not re.search(r"(?i)(BEGIN [A-Z ]*PRIVATE KEY|password\s*=\s*[\"'][^\"']+[\"'])", path.read_text("utf-8")), path


def test_the_image_is_built_from_files_that_exist_and_runs_without_root() -> None:
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text("utf-8"))
    steps = [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]
    known = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {word for word, _ in steps} <= known
    stages = set()
    for word, rest in steps:
        if word == "FROM":
            assert re.match(r"\S+:[\w.-]+( AS \w+)?$", rest), "a base without a version"
            stages |= set(re.findall(r" AS (\w+)$", rest))
        if word == "COPY":
            parts = rest.split()
            if parts[0].startswith("--from="):
                assert parts[0].removeprefix("--from=") in stages
                continue
            for source in parts[:-1]:
                assert (ROOT / source).exists(), source
        if word in ("ENV", "RUN"):
            assert not SECRET.search(rest)
    users = [rest for word, rest in steps if word == "USER"]
    assert users == ["andon"]
    order = [word for word, _ in steps]
    assert "RUN" not in order[order.index("USER") :]
    kept = [line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    assert all((ROOT / name).exists() for name in kept)
    assert "8320" in text


def test_the_plant_file_of_the_containers_is_valid_and_fits_them(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    plant = parse_plant_file(DEPLOY / "plant/plant.toml")
    environment = compose["services"]["andon"]["environment"]
    for variable in (plant.service.database_password_from, plant.links[0].password_env):
        assert variable in environment
        monkeypatch.setenv(variable, "x")
    assert make_links(plant)[0].name == "broker"
    targets = {volume.split(":")[1] for volume in compose["services"]["andon"]["volumes"]}
    assert {plant.files.models, plant.service.data} <= targets
    assert "@database:5432/andon" in plant.service.database
    assert plant.service.host == "0.0.0.0"
    assert compose["services"]["andon"]["ports"] == [f"127.0.0.1:{plant.service.port}:{plant.service.port}"]


def test_the_brokers_settings_are_taken_by_a_real_broker_and_let_no_stranger_in(tmp_path: Path) -> None:
    broker, passwords = shutil.which("mosquitto") or "/usr/sbin/mosquitto", shutil.which("mosquitto_passwd")
    if not Path(broker).exists() or passwords is None:
        pytest.skip("mosquitto is not installed")
    from paho.mqtt import client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = (DEPLOY / "mosquitto/mosquitto.conf").read_text("utf-8")
    assert "/tmp/passwords" in (DEPLOY / "mosquitto/start.sh").read_text("utf-8")
    text = text.replace("listener 1883", f"listener {port} 127.0.0.1").replace("/tmp/passwords", str(tmp_path / "passwords"))
    text += "user root\n" if os.getuid() == 0 else ""  # else it becomes somebody who may not read this folder
    (tmp_path / "mosquitto.conf").write_text(text.replace("/mosquitto/data/", f"{tmp_path}/"), "utf-8")
    subprocess.run([passwords, "-c", "-b", str(tmp_path / "passwords"), "andon", "right"], check=True, capture_output=True)
    (tmp_path / "passwords").chmod(0o644)
    process = subprocess.Popen(
        [broker, "-c", str(tmp_path / "mosquitto.conf")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.05)
        for password, code in ((None, "Not authorized"), ("wrong", "Not authorized"), ("right", "Success")):
            told: list[str] = []
            client = mqtt.Client(CallbackAPIVersion.VERSION2)
            if password is not None:
                client.username_pw_set("andon", password)
            client.on_connect = lambda *facts, told=told: told.append(str(facts[3]))
            client.connect("127.0.0.1", port)
            while not told and time.monotonic() < end:
                client.loop(0.1)
            client.disconnect()
            assert told == [code]
    finally:
        process.terminate()
        process.communicate(timeout=20)


UNITS = sorted((DEPLOY / "systemd").iterdir())


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_takes_the_units(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    for path in UNITS:
        text = re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={shutil.which('true')}", path.read_text("utf-8"))
        (tmp_path / path.name).write_text(text, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)], capture_output=True, text=True, timeout=60, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "andon" in line]
    assert not ours, ours
    if unit.name == "andon.service":
        told = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", str(tmp_path / unit.name)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        found = re.search(r"Overall exposure level[^:]*: ([\d.]+)", told.stdout)
        if found is None:
            pytest.skip("this systemd does not judge a unit's hardening")
        assert float(found[1]) <= 2.0


def test_the_units_name_verbs_that_exist() -> None:
    from andon.cli.main import VERBS

    for unit in UNITS:
        for verb in re.findall(r"(?m)^ExecStart=/opt/andon/bin/andon (\w+)", unit.read_text("utf-8")):
            assert verb in VERBS
