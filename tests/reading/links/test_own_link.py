"""A link that a stranger could write passes the laws."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

import pytest

from andon.plant.clock import SystemClock
from andon.plant.file.link_settings import LinkSettings
from andon.reading.link import DeadLetter
from tests.reading.links.laws import T0, LinkLaws, Rig
from tests.reading.links.own_link import OwnLink, feed


class OwnRig:
    """A list of its own."""

    window = 20
    repeats = False

    def __init__(self, address: str) -> None:
        self.address = address

    def link(self, dead: list[DeadLetter]) -> OwnLink:
        section = LinkSettings("own", "tests.reading.links.own_link:OwnLink", self.address, window=self.window)
        return OwnLink(section, SystemClock(), on_dead_letter=dead.append)

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def feed(self, numbers: Iterable[int]) -> None:
        feed(self.address, numbers, T0)

    async def spoil(self) -> None:
        feed(self.address, [-1], T0)

    async def cut(self) -> None:
        pass

    async def mend(self) -> None:
        pass


class TestOwnLink(LinkLaws):
    skip: ClassVar[dict[str, str]] = {"cut": "a list has no connection"}

    @pytest.fixture
    def rig(self, tmp_path: Path) -> Rig:
        return OwnRig(str(tmp_path))
