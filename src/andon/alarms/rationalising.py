"""Rationalisation: what an event is to an operator, by the plant file. Notification or alarm, priority, action, checks.

An event is a notification; it is an alarm where the plant file names an operator action, for without one nothing rings
that nobody can answer (ISA-18.2, 6.2). Priority follows from how severe the event is and what doing nothing costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from andon.plant.alarm import LOWEST_PRIORITY, AlarmKind, Consequence, Raise
from andon.plant.file.schema import PlantFile, Response
from andon.plant.verdict import Event

RESPONSIBLE_SHARE = 0.15
"""A tag with this share of the evidence is responsible; the same line that an event's sentence draws."""
MOST_SHARES = 32
"""Records of alarms keep the largest shares only; the event itself keeps all."""

SEVERITY_BANDS = (0.5, 0.75)
"""Ten times, and a thousand times rarer than the promise (`Calibration.severity`)."""
PRIORITIES: dict[Consequence, tuple[int, int, int]] = {
    Consequence.MINOR: (3, 3, 2),
    Consequence.MAJOR: (3, 2, 1),
    Consequence.SEVERE: (2, 1, 1),
}
"""Priority by consequence, and by the band of severity: up to 0.5, up to 0.75, above."""


def from_event(event: Event, plant: PlantFile, *, notify_only: bool = False) -> Raise:
    """What an event is to an operator.

    Parameters
    ----------
    event : as known now
    plant : names responses, their actions and consequences
    notify_only : in the first fortnight everything is a notification

    Returns
    -------
    the act that raises it; its event has the `MOST_SHARES` largest shares
    """
    tags = responsible(event.shares)
    found = responses(plant, event.asset, tags)
    acting = next((response for response in found if response.action.strip()), None)
    kind = AlarmKind.ALARM if acting is not None and not notify_only else AlarmKind.NOTIFICATION
    leading = acting or (found[0] if found else None)
    consequence = Consequence((leading.consequence if leading else None) or plant.alarms.consequence)
    latch = plant.alarms.latch if leading is None or leading.latch is None else leading.latch
    return Raise(
        event=kept(event),
        kind=kind,
        priority=priority(event.severity, consequence, leading.priority if leading else None, kind),
        cause=tags,
        action=acting.action if acting else "",
        check=tuple(dict.fromkeys(item for response in found for item in response.check)),
        consequence=consequence,
        respond_within_ns=leading.respond_within_ns if leading else None,
        latch=latch and kind is AlarmKind.ALARM,
        on_delay_ns=plant.alarms.on_delay_ns,
    )


def priority(severity: float, consequence: Consequence, fixed: int | None = None, kind: AlarmKind = AlarmKind.ALARM) -> int:
    """Priority 1 (highest) to 3 of an alarm; 4 of a notification.

    Parameters
    ----------
    severity : 0-1
    fixed : the priority that the response names; None: by the matrix `PRIORITIES`
    """
    if kind is AlarmKind.NOTIFICATION:
        return LOWEST_PRIORITY
    if fixed is not None:
        return fixed
    return PRIORITIES[consequence][sum(severity > band for band in SEVERITY_BANDS)]


def responsible(shares: Mapping[str, float]) -> tuple[str, ...]:
    """Tags with a share of at least `RESPONSIBLE_SHARE`, the largest first; the largest one where none has; none without shares."""
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    named = tuple(tag for tag, share in ranked if share >= RESPONSIBLE_SHARE)
    return named or tuple(tag for tag, share in ranked[:1] if share > 0)


def responses(plant: PlantFile, asset: str, tags: tuple[str, ...]) -> tuple[Response, ...]:
    """Responses that fit, the most particular first: of a tag, of a group, of the asset, of anything; of two tags, the leading one's."""
    groups = [plant.tag(tag).group for tag in tags]
    ranked: list[tuple[tuple[int, int, int], int, Response]] = []
    for order, response in enumerate(plant.responses):
        if response.asset and response.asset != asset:
            continue
        if response.tag and response.tag not in tags:
            continue
        if response.group and response.group not in groups:
            continue
        level = 0 if response.tag else 1 if response.group else 2
        rank = tags.index(response.tag) if response.tag else groups.index(response.group) if response.group else 0
        ranked.append(((level, rank, 0 if response.asset else 1), order, response))
    return tuple(response for _, _, response in sorted(ranked, key=lambda item: item[:2]))


def kept(event: Event) -> Event:
    """The event with the shares that a record keeps."""
    if len(event.shares) <= MOST_SHARES:
        return event
    largest = sorted(event.shares.items(), key=lambda item: (-abs(item[1]), item[0]))[:MOST_SHARES]
    return replace(event, shares=dict(sorted(largest, key=lambda item: (-item[1], item[0]))))
