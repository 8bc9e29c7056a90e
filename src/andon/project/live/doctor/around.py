"""What the service speaks to: every link and every outlet has valid settings and answers at its address."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from andon.plant.endpoint import parse_endpoint
from andon.plant.errors import AndonError
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
    try:
        make_links(plant)
    except AndonError as error:
        yield of_error("links", error)
        return
    for link in plant.links:
        yield _reached("links", link.name, link.kind, link.address)


def outlets(places: Places) -> Iterator[Finding]:
    """Settings and secrets of all outlets; then each address is called once."""
    plant = places.plant
    if not plant.sends:
        yield skipped("outlets", "outlets.none")
        return
    try:
        make_outlets(plant)
    except AndonError as error:
        yield of_error("outlets", error)
        return
    for send in plant.sends:
        yield _reached("outlets", send.name, send.kind, send.address)


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
