"""What the service speaks to: every link and every outlet has valid settings and answers at its address."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from andon.plant.endpoint import parse_endpoint
from andon.plant.errors import AndonError
from andon.plant.file import PlantFile
from andon.plant.file.link_settings import LinkSettings, SendSettings
from andon.project.live.doctor.finding import Finding, of_error, ok, skipped, warning, wrong
from andon.project.live.places import Places
from andon.reading.links import make_links
from andon.sending import make_outlets

PORTS = {"mqtt": 1883, "mqtts": 8883, "opc.tcp": 4840, "http": 80, "https": 443}
PATIENCE_S = 3.0


def links(places: Places) -> Iterator[Finding]:
    """Settings, secrets, packages and certificates of all links; then each address is called once."""
    plant = places.plant
    if not plant.links:
        yield warning("links", "links.none", file=places.file)
        return
    yield from _each("links", make_links, plant, plant.links)


def outlets(places: Places) -> Iterator[Finding]:
    """Settings and secrets of all outlets; then each address is called once."""
    plant = places.plant
    if not plant.sends:
        yield skipped("outlets", "outlets.none")
        return
    yield from _each("outlets", make_outlets, plant, plant.sends)


def _each(
    check: str, make: Callable[[PlantFile], object], plant: PlantFile, ends: Sequence[LinkSettings | SendSettings]
) -> Iterator[Finding]:
    """Made as the service would make them; then each address is called once."""
    try:
        make(plant)
    except AndonError as error:
        yield of_error(check, error)
        return
    for end in ends:
        yield _reached(check, end.name, end.kind, end.address)


def _reached(check: str, name: str, kind: str, address: str) -> Finding:
    if kind in ("folder", "replay"):
        there = Path(address).exists()
        return (
            ok(check, "reach.folder", name=name, address=address) if there else wrong(check, "reach.no_folder", name=name, address=address)
        )
    if "://" not in address or urlsplit(address).scheme not in PORTS:
        return ok(check, "reach.unasked", name=name, kind=kind)
    try:
        endpoint = parse_endpoint(address, PORTS, key=f"{check}.address")
    except AndonError as error:
        return of_error(check, error)
    where = f"{endpoint.host}:{endpoint.port}"
    try:
        with socket.create_connection((endpoint.host, endpoint.port), timeout=PATIENCE_S):
            return ok(check, "reach", name=name, kind=kind, where=where)
    except OSError as error:
        return wrong(check, "reach.no_answer", name=name, kind=kind, where=where, reason=error.strerror or str(error))
