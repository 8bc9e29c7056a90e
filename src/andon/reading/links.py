"""The links of a plant file: all are made, and all settings checked, before the first is opened.

The table has one line for each kind. A kind written "package.module:Class" is a link of one's own, made through the same door:
`Class(link, clock, on_dead_letter=…)` with the section of the plant file.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Mapped
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, TypeAlias

from andon.plant.clock import Clock, SystemClock
from andon.plant.endpoint import parse_endpoint
from andon.plant.errors import AskUserError, At
from andon.plant.file.link_settings import LinkSettings
from andon.plant.file.schema import PlantFile
from andon.plant.recording import Recording
from andon.reading.link import Link, OnDeadLetter, discard
from andon.reading.mapping import read_renames
from andon.reading.sections import broker_of, mapping_of, placed, sign_in_of


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a link is made with, beside its section.

    Attributes
    ----------
    zone : the site's
    answers : of [files], to what exports leave open; for the links that read exports
    key : the section, for messages
    clock, on_dead_letter : given to the link
    environment : where secrets are looked up; None: the process's own
    """

    zone: str
    key: str
    clock: Clock
    on_dead_letter: OnDeadLetter
    environment: Mapped[str, str] | None = None
    answers: Mapped[str, Any] = field(default_factory=dict)


Make: TypeAlias = Callable[[LinkSettings, Surroundings], Link]


def _mqtt(link: LinkSettings, around: Surroundings) -> Link:
    from andon.reading.mqtt import MqttLink, MqttSettings

    settings = MqttSettings(broker_of(link, around.key, around.environment), link.topics, mapping_of(link, around.zone, around.key))
    return MqttLink(settings, around.clock, on_dead_letter=around.on_dead_letter)


def _sparkplug(link: LinkSettings, around: Surroundings) -> Link:
    from andon.reading.sparkplug import SparkplugLink, SparkplugSettings
    from andon.reading.sparkplug.settings import ANY

    broker, mapping = broker_of(link, around.key, around.environment), mapping_of(link, around.zone, around.key)
    return SparkplugLink(SparkplugSettings(broker, link.topics or ANY, mapping), around.clock, on_dead_letter=around.on_dead_letter)


def _opcua(link: LinkSettings, around: Surroundings) -> Link:
    from andon.reading.opcua import OpcUaLink, OpcUaSettings
    from andon.reading.opcua.settings import PORTS

    settings = OpcUaSettings(
        link.name, parse_endpoint(link.address, PORTS, key=f"{around.key}.address"), link.topics,
        mapping_of(link, around.zone, around.key), sign_in_of(link, around.key, around.environment), link.security, link.every_ns,
        link.history, link.window,
    )  # fmt: skip
    return OpcUaLink(settings, around.clock, on_dead_letter=around.on_dead_letter)


def _folder(link: LinkSettings, around: Surroundings) -> Link:
    from andon.reading.folder import FolderLink, FolderSettings

    settings = FolderSettings(
        link.name, link.address, link.topics, link.zone or around.zone, link.every_ns, link.stable_ns, link.delay_ns, link.offset_ns,
        link.window, rename=read_renames(link.rename), ignore=frozenset(link.ignore), answers=around.answers,
    )  # fmt: skip
    return FolderLink(settings, around.clock, on_dead_letter=around.on_dead_letter)


def _replay(link: LinkSettings, around: Surroundings) -> Link:
    from andon.reading.replay import ReplayLink, ReplaySettings

    def read() -> Sequence[Recording]:
        from andon.reading.exports import read as read_exports

        return tuple(read_exports(link.address, zone=link.zone or around.zone, **around.answers).recordings.values())

    return ReplayLink(ReplaySettings(link.name, link.speed, window=link.window), read, around.clock, on_dead_letter=around.on_dead_letter)


def _push(link: LinkSettings, around: Surroundings) -> Link:
    from andon.reading.push import PushLink, PushSettings

    settings = PushSettings(link.name, mapping_of(link, around.zone, around.key), link.window)
    return PushLink(settings, around.clock, on_dead_letter=around.on_dead_letter)


MAKERS: dict[str, Make] = {
    "mqtt": _mqtt,
    "sparkplug": _sparkplug,
    "opcua": _opcua,
    "folder": _folder,
    "replay": _replay,
    "push": _push,
}

NEEDS: dict[str, tuple[str, str]] = {"mqtt": ("paho", "mqtt"), "sparkplug": ("paho", "mqtt"), "opcua": ("asyncua", "opcua")}


def _own(link: LinkSettings, around: Surroundings) -> Link:
    module, _, name = link.kind.partition(":")
    try:
        make = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise AskUserError(
            f"the link {link.kind!r} cannot be loaded: {error}", at=At(key=f"{around.key}.kind"), do="install its package beside andon"
        ) from error
    made: Link = make(link, around.clock, on_dead_letter=around.on_dead_letter)
    return made


def make_links(
    plant: PlantFile,
    *,
    clock: Clock | None = None,
    on_dead_letter: OnDeadLetter = discard,
    environment: Mapped[str, str] | None = None,
) -> tuple[Link, ...]:
    """The links of a plant file, in its order; none is opened.

    Parameters
    ----------
    plant : with paths resolved
    clock : default: the machine's
    on_dead_letter : hears of everything that cannot be read
    environment : where secrets are looked up; default: the process's own

    Raises
    ------
    AskUserError : a setting, a secret, a certificate or a package is wrong or missing; `at` names the section
    """
    made: list[Link] = []
    for number, link in enumerate(plant.links, start=1):
        key = f"link[{number}]"
        around = Surroundings(plant.site.zone, key, clock or SystemClock(), on_dead_letter, environment, plant.files.answers())
        make = MAKERS.get(link.kind, _own)
        package, extra = NEEDS.get(link.kind, ("", ""))
        if package and find_spec(package) is None:
            raise AskUserError(
                f"a {link.kind} link needs the package {package}", at=At(key=f"{key}.kind"), do=f'pip install "andon[{extra}]"'
            )
        try:
            made.append(make(link, around))
        except AskUserError as error:
            raise placed(error, key) from error
    return tuple(made)
