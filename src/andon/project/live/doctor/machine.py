"""The machine: versions, folder and its space, memory, clock, port, certificates."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from andon.plant.errors import AndonError
from andon.plant.time import DAY_NS, NS, format_instant
from andon.project.live.doctor.finding import Finding, ok, skipped, warning, wrong
from andon.project.live.places import Places
from andon.project.live.tls import SOON_NS, day_of, period_of
from andon.store.checkpoint import Checkpoints

PACKAGES = ("andon", "numpy", "polars", "onnxruntime", "SQLAlchemy", "litestar", "uvicorn")
GIB = 1 << 30
LEAST_SPACE, LITTLE_SPACE = 1 * GIB, 5 * GIB
LEAST_MEMORY = GIB // 2
AHEAD_NS = 5 * NS


def versions(_: Places | None = None) -> Iterator[Finding]:
    """Andon and what it stands on."""
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            yield wrong("versions", "versions.missing", package=name)
    told = ", ".join(f"{name} {number}" for name, number in found.items())
    yield ok("versions", "versions", python=platform.python_version(), packages=told, system=platform.platform(terse=True))


def folder(places: Places) -> Iterator[Finding]:
    """The folder of the service can be written and has room."""
    path = places.live.path
    known = next((item for item in (path, *path.resolve().parents) if item.exists()), Path("/"))
    if not known.is_dir() or not os.access(known, os.W_OK | os.X_OK):
        yield wrong("folder", "folder.read_only", path=path)
        return
    if path.exists():
        probe = path / f".doctor-{os.getpid()}"
        try:
            probe.write_bytes(b"x")
            probe.unlink()
        except OSError as error:
            yield wrong("folder", "folder.refuses", path=path, reason=error.strerror or str(error))
            return
        if os.name == "posix" and (path.stat().st_mode & 0o007) and any(path.glob("ledger.key")):
            key = path / "ledger.key"
            if key.stat().st_mode & 0o077:
                yield wrong("folder", "folder.key", path=key)
    free = shutil.disk_usage(known).free
    told = {"path": path, "free": f"{free / GIB:,.1f} GiB"}
    check = wrong if free < LEAST_SPACE else warning if free < LITTLE_SPACE else ok
    yield check("folder", "folder" if check is ok else "folder.space", **told)


def memory(_: Places) -> Iterator[Finding]:
    """Memory that is free for use."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        facts = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if ":" in line}
        free, whole = facts["MemAvailable"], facts["MemTotal"]
    except (OSError, ValueError, KeyError, IndexError):
        yield skipped("memory", "memory.unknown")
        return
    check = warning if free < LEAST_MEMORY else ok
    yield check("memory", "memory" if check is ok else "memory.little", free=f"{free / GIB:,.1f} GiB", whole=f"{whole / GIB:,.1f} GiB")


def clock(places: Places) -> Iterator[Finding]:
    """The clock is not behind what the service wrote, and is kept by a time service."""
    now = time.time_ns()
    last = 0
    if places.live.checkpoints.is_dir():
        try:
            latest = Checkpoints(places.live.checkpoints).latest(put_aside=False)
            last = latest.at if latest is not None else 0
        except AndonError:
            last = 0  # told by the check of checkpoints
    if last > now + AHEAD_NS:
        yield wrong("clock", "clock.back", now=format_instant(now // NS * NS), last=format_instant(last // NS * NS))
    synchronised = _synchronised()
    if synchronised is None:
        yield ok("clock", "clock.unknown", now=format_instant(now // NS * NS))
    else:
        yield (ok if synchronised else warning)("clock", "clock" if synchronised else "clock.alone", now=format_instant(now // NS * NS))


def _synchronised() -> bool | None:
    """Whether the system says that its clock is kept right; None where it does not say."""
    if shutil.which("timedatectl") is None or not Path("/run/systemd/system").exists():
        return None
    try:
        done = subprocess.run(
            ["timedatectl", "show", "-p", "NTPSynchronized", "--value"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {"yes": True, "no": False}.get(done.stdout.strip())


def port(places: Places) -> Iterator[Finding]:
    """The port is free, or it is Andon that answers there."""
    service = places.plant.service
    if service.port == 0:
        yield skipped("port", "port.any")
        return
    if _andon_answers(places.address):
        yield ok("port", "port.runs", address=places.address)
        return
    family = socket.AF_INET6 if ":" in service.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((service.host, service.port))
    except OSError as error:
        yield wrong("port", "port.taken", host=service.host, port=service.port, reason=error.strerror or str(error))
        return
    yield ok("port", "port.free", host=service.host, port=service.port)


def _andon_answers(address: str) -> bool:
    import httpx

    try:
        told = httpx.get(f"{address}healthz", timeout=3, verify=False, trust_env=False)
        return told.status_code == 200 and told.json() == {"status": "ok"}
    except (httpx.HTTPError, ValueError):
        return False


def certificates(places: Places) -> Iterator[Finding]:
    """Certificates can be read, have not expired, and fit their keys."""
    plant, service = places.plant, places.plant.service
    pairs = [("service.certificate", service.certificate, service.key)]
    pairs += [(f"link {link.name}", link.cert_file, link.key_file) for link in plant.links]
    pairs += [(f"send {send.name}", send.cert_file, send.key_file) for send in plant.sends]
    alone = [(f"link {link.name}", link.ca_file) for link in plant.links] + [(f"send {send.name}", send.ca_file) for send in plant.sends]
    named = 0
    for owner, file, key in pairs:
        if file or key:
            named += 1
            yield from _pair(owner, file, key)
    for owner, file in alone:
        if file:
            named += 1
            yield from _one(owner, file)
    if not named:
        yield skipped("certificates", "certificates.none")


def _pair(owner: str, file: str, key: str) -> Iterable[Finding]:
    if not file or not key:
        return [wrong("certificates", "certificates.half", owner=owner)]
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file, key, password=lambda: "")
    except (OSError, ssl.SSLError) as error:
        return [wrong("certificates", "certificates.unfit", owner=owner, file=file, reason=error.strerror or str(error))]
    return _one(owner, file)


def _one(owner: str, file: str) -> Iterable[Finding]:
    try:
        _, ends = period_of(Path(file))
    except (OSError, ValueError) as error:
        return [wrong("certificates", "certificates.unreadable", owner=owner, file=file, reason=getattr(error, "strerror", None) or error)]
    left = ends - time.time_ns()
    told = {"owner": owner, "file": file, "ends": day_of(ends), "days": left // DAY_NS}
    if left <= 0:
        return [wrong("certificates", "certificates.expired", **told)]
    if left < SOON_NS:
        return [warning("certificates", "certificates.soon", **told)]
    return [ok("certificates", "certificates", **told)]
