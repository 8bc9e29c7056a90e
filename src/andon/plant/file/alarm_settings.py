"""The section [alarms] of plant.toml: how alarms behave and what counts as too many."""

from __future__ import annotations

from dataclasses import dataclass

from andon.plant.alarm import Consequence
from andon.plant.file.setting import Kind, setting
from andon.plant.time import DAY_NS, HOUR_NS, MINUTE_NS

CONSEQUENCES = tuple(consequence.value for consequence in Consequence)


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """[alarms] How events become alarms, how long they wait, and what counts as too many of them."""

    first_fortnight: bool = setting(
        Kind.BOOLEAN, "A new model gives notifications only for a while, so that people can mark what is false before anything rings.",
        default=True,
    )  # fmt: skip
    fortnight_ns: int = setting(Kind.DURATION, "How long that lasts.", default=14 * DAY_NS, low=HOUR_NS)
    digest_ns: int = setting(Kind.CLOCK, "When the daily digest of the first fortnight is made.", default=6 * HOUR_NS)
    consequence: str = setting(
        Kind.CHOICE, "What it costs to do nothing, where the response does not say.", default="minor", allowed=CONSEQUENCES
    )
    latch: bool = setting(Kind.BOOLEAN, "Alarms stay until they are reset, where the response does not say.", default=False)
    on_delay_ns: int = setting(Kind.DURATION, "An event is shown when it has lasted so long.", default=0, low=0)
    off_delay_ns: int = setting(Kind.DURATION, "An alarm returns to normal so long after its last event has ended.", default=0, low=0)
    rejoin_ns: int = setting(
        Kind.DURATION, "An event with the same cause so soon after an alarm is over belongs to that alarm.", default=HOUR_NS, low=0
    )
    chatter: int = setting(
        Kind.INTEGER, "An alarm chatters when it comes so many times within chatter_within.", default=3, low=2, high=1000
    )
    chatter_within_ns: int = setting(Kind.DURATION, "The time that chattering is counted in.", default=8 * HOUR_NS, low=MINUTE_NS)
    operators: int = setting(Kind.INTEGER, "Operators at work at the same time, for rates and floods.", default=1, low=1, high=1000)
    flood_begin: int = setting(
        Kind.INTEGER, "A flood begins when more alarms than this come to one operator within flood_window.", default=10, low=1, high=10_000
    )
    flood_end: int = setting(
        Kind.INTEGER, "A flood ends when fewer than this have come to one operator within flood_window.", default=5, low=1, high=10_000
    )
    flood_window_ns: int = setting(Kind.DURATION, "The time that floods are counted in.", default=10 * MINUTE_NS, low=MINUTE_NS)
    longest_shelf_ns: int = setting(Kind.DURATION, "Longest time for which an alarm can be shelved.", default=12 * HOUR_NS, low=MINUTE_NS)
    stale_ns: int = setting(Kind.DURATION, "An alarm that stands longer than this is stale.", default=DAY_NS, low=MINUTE_NS)
