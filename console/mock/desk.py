"""The alarm desk of the mock: rows, acts with refusals, and the ledger they leave."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import msgspec

from andon.service.schema import Act, AlarmRow, LedgerEntry, Span
from plant import ASSETS, TAGS, WILD, AssetOfPlant

TEXTS = (
    "{name}: reactor pressure is 4.1 σ above what feed and cooling explain, rising since 03:12. Flow FIC-101 moved first (03:05).",
    "{name}: outlet temperature swings more than its normal, by 3.2 σ.",
    "{name}: pump vibration is 5.0 σ above what load explains.",
    "{name}: oxygen in the off-gas reads the same value for 62 minutes.",
)
OPEN = ("unacknowledged", "acknowledged", "returned", "latched-unacknowledged", "latched-acknowledged")


def iso(seconds: float) -> str:
    """Unix seconds as the wire has them."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Refused(Exception):
    """An act that the state of the alarm does not allow."""


class Desk:
    """Alarms newest first, and the ledger.

    Parameters
    ----------
    now : Unix seconds
    alarms : how many stand in the list
    """

    def __init__(self, now: float, alarms: int) -> None:
        self.rows: dict[str, AlarmRow] = {}
        self.ledger: list[LedgerEntry] = []
        self.random = random.Random(7)
        alarming = [asset for asset in ASSETS if asset.state == "alarm"]
        for number in reversed(range(alarms)):
            asset = alarming[number] if number < len(alarming) else self.random.choice(ASSETS)
            self.raised(asset, now - 600 - number * (1500 if alarms < 100 else 97), number)
        for entry in range(40):
            self.enter(now - 86_400 + entry * 900, "system", "event opened" if entry % 3 else "budget changed", {"asset": ASSETS[0].id})

    def raised(self, asset: AssetOfPlant, when: float, number: int | None = None) -> AlarmRow:
        """A new alarm at the top of the list."""
        place = len(self.rows) if number is None else number
        states = ("unacknowledged", "unacknowledged", "acknowledged", "returned", "shelved", "suppressed", "out-of-service", "normal")
        state = "unacknowledged" if place < 4 or number is None else states[place % len(states)]
        row = AlarmRow(
            id=f"al-{10_000 + len(self.rows)}", case="case-1" if asset.id == "furnace-3" else f"case-{2 + place % 3}", asset=asset.id,
            name=asset.name, kind="alarm" if place % 5 else "notification", state=state, priority=asset.priority or 1 + place * 7 % 4,
            severity=1.0 + place % 17 / 10, text=TEXTS[place % len(TEXTS)].format(name=asset.name),
            tags=[TAGS[place % len(TAGS)].id, WILD], raised=iso(when), cleared=iso(when + 1800) if state in ("returned", "normal") else "",
            count=1 + place % 4, acknowledged_by="mei" if state == "acknowledged" else "",
            shelved_until=iso(when + 90_000) if state == "shelved" else "", mark="false" if place % 11 == 3 and state == "normal" else "",
            assigned="", number=1,
        )  # fmt: skip
        self.rows[row.id] = row
        return row

    def enter(self, now: float, by: str, what: str, data: dict[str, object]) -> None:
        """One line of the ledger."""
        number = len(self.ledger) + 1
        self.ledger.append(LedgerEntry(number=number, at=iso(now), by=by, what=what, data=data, hash=f"{number * 2654435761 % 2**64:016x}"))

    def act(self, alarm: str, act: Act, by: str, now: float) -> AlarmRow:
        """The row after an act.

        Raises
        ------
        Refused : another act came before, or the state does not have it
        """
        row = self.rows.get(alarm)
        if row is None:
            raise Refused("there is no such alarm")
        if act.number is not None and act.number != row.number:
            raise Refused("somebody else acted on this alarm a moment ago: look again")
        changed: dict[str, object] = {}
        if act.kind == "acknowledge":
            if row.state not in ("unacknowledged", "returned"):
                raise Refused(f"an alarm that is {row.state} cannot be acknowledged")
            changed = {"state": "acknowledged" if row.state == "unacknowledged" else "normal", "acknowledged_by": by}
        elif act.kind == "shelve":
            if not act.reason or not act.until:
                raise Refused("shelving needs a reason and an end")
            changed = {"state": "shelved", "shelved_until": act.until}
        elif act.kind in ("unshelve", "reset", "in_service"):
            changed = {"state": "acknowledged" if row.acknowledged_by else "unacknowledged", "shelved_until": ""}
        elif act.kind == "out_of_service":
            changed = {"state": "out-of-service"}
        elif act.kind == "mark":
            changed = {"mark": act.mark}
        elif act.kind == "assign":
            changed = {"assigned": act.to}
        elif act.kind != "comment":
            raise Refused(f"there is no act {act.kind}")
        row = msgspec.structs.replace(row, number=row.number + 1, **changed)
        self.rows[alarm] = row
        self.enter(now, by, act.kind, {"alarm": alarm} | {k: v for k, v in msgspec.to_builtins(act).items() if v})
        return row

    def listed(self, state: str, words: dict[str, str]) -> list[AlarmRow]:
        """Newest first, by tab and filter."""
        text = words.get("q", "").casefold()
        out = []
        for row in reversed(self.rows.values()):
            if (state == "open" and row.state not in OPEN) or (state == "closed" and row.state != "normal"):
                continue
            if state not in ("open", "closed", "all", "") and row.state != state:
                continue
            if words.get("asset", row.asset) != row.asset or words.get("kind", row.kind) != row.kind:
                continue
            if words.get("priority", str(row.priority)) != str(row.priority):
                continue
            if text and text not in (row.text + row.name + " ".join(row.tags)).casefold():
                continue
            out.append(row)
        return out

    def counts(self) -> dict[str, int]:
        """How many stand under each tab, and open by priority."""
        out = {"open": 0, "shelved": 0, "suppressed": 0, "out-of-service": 0, "closed": 0, "unacknowledged": 0}
        for row in self.rows.values():
            out["open" if row.state in OPEN else "closed" if row.state == "normal" else row.state] += 1
            out["unacknowledged"] += row.state == "unacknowledged"
        return out

    def open_of(self, asset: str) -> int:
        """Open alarms of an asset."""
        return sum(row.asset == asset and row.state in OPEN for row in self.rows.values())


def spans_of(now: float, first: float, asset: str) -> list[Span]:
    """What the events lane of an asset shows."""
    hour = 3600.0
    spans = [Span(kind="event", start=now - 2.6 * hour, end=None, text="Reactor pressure leaves its normal", id="case-1", priority=2)]
    if asset != "furnace-3":
        spans = []
    day = first + 43_200
    while day < now - 86_400:
        spans.append(Span(kind="cannot_judge", start=day, end=day + 2 * hour, text="settling after a change of product"))
        if int(day) // 86_400 % 9 == 0:
            spans.append(Span(kind="event", start=day + 5 * hour, end=day + 8 * hour, text="Pump vibration", id="case-2", priority=3))
        if int(day) // 86_400 % 14 == 0:
            spans.append(Span(kind="maintenance", start=day + 9 * hour, end=day + 15 * hour, text="planned: burner nozzles"))
        day += 86_400
    return spans
