"""Settings of a Sparkplug link."""

from __future__ import annotations

from dataclasses import dataclass, field

from andon.plant.time import NS
from andon.reading.mapping import Mapping, Pattern
from andon.reading.mqtt.settings import BrokerSettings
from andon.reading.payload import PayloadReader

ANY = ("{group}/{node}", "{group}/{node}/{device}")


@dataclass(frozen=True, slots=True)
class SparkplugSettings:
    """Settings of a Sparkplug link.

    Attributes
    ----------
    broker : the connection
    paths : patterns of group, edge node and device, like "Plant1/{node}/{device}"; what fits none is not read. In the templates of
        the mapping, `asset` is the device, else the edge node; `tag` is the metric's name, `folder` and `leaf` its parts
    mapping : its templates, renames and bounds are used
    rebirth_ns : a node is asked for its birth at most once in this time
    """

    broker: BrokerSettings
    paths: tuple[str, ...] = ANY
    mapping: Mapping = field(default_factory=Mapping)
    rebirth_ns: int = 5 * NS

    def check(self, key: str = "link") -> None:
        """Raise AskUserError where a setting cannot be used."""
        self.broker.check(key)
        for path in self.paths:
            Pattern(path)
        PayloadReader(self.mapping, self.broker.name)
