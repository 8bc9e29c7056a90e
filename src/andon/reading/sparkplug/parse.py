"""From Sparkplug messages to batches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from andon.plant.batch import Batch
from andon.plant.status import Status
from andon.reading.mapping import Mapping, Pattern
from andon.reading.payload.fault import Fault, Unreadable
from andon.reading.payload.instant import LARGEST
from andon.reading.payload.naming import Names
from andon.reading.payload.pivot import from_readings
from andon.reading.payload.value import read_value
from andon.reading.sparkplug.births import Births
from andon.reading.sparkplug.wire import DATETIME, MOST_METRICS, Metric, Payload, number_of, read_payload

NAMESPACE = "spBv1.0"
KINDS = ("NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH")
_NO_TAGS = ("bdSeq", "Node Control/", "Device Control/", "Node Info/", "Properties/Sparkplug")
# Quality codes of the Sparkplug specification: 0 bad, 192 good, 500 stale
_QUALITY = {0: Status.BAD, 192: Status.GOOD, 500: Status.BAD}


@dataclass(frozen=True, slots=True)
class Told:
    """What a message said.

    Attributes
    ----------
    batches : current values, then a back-fill, where there are any
    faults : what could not be read
    rebirth : (group, edge node) to be asked for its births
    births : the births changed
    lost : messages missing before this one; -1 where it came again
    """

    batches: tuple[Batch, ...] = ()
    faults: tuple[Fault, ...] = ()
    rebirth: tuple[str, str] | None = None
    births: bool = False
    lost: int = 0


class SparkplugReader:
    """Reads messages by what births said before.

    Parameters
    ----------
    paths : patterns of group/node/device
    mapping : templates, renames and bounds
    source : name of the link
    births : known so far; it changes
    """

    def __init__(self, paths: tuple[str, ...], mapping: Mapping, source: str, births: Births) -> None:
        self._patterns = tuple(Pattern(path) for path in paths)
        self._mapping, self._source, self.births = mapping, source, births
        self._names = Names(mapping)
        self._resolved: dict[tuple[str, str, str, str], tuple[str, str]] = {}

    def parse(self, topic: str, payload: bytes, received: int) -> Told:
        """What a message says. Never raises."""
        try:
            return self._parse(topic, payload, received)
        except Unreadable as error:
            return Told(faults=(error.fault,))
        except Exception as error:  # a bug of ours must not stop the line
            return Told(faults=(Fault("unreadable", f"{type(error).__name__}: {str(error)[:200]}"),))

    def _parse(self, topic: str, data: bytes, received: int) -> Told:
        parts = topic.split("/")
        kind = parts[2] if len(parts) > 2 else ""
        if parts[0] != NAMESPACE or kind not in KINDS or len(parts) != (5 if kind[0] == "D" else 4):
            return Told(faults=(Fault("unknown-topic", topic[:200]),))
        group, name, device = parts[1], parts[3], parts[4] if len(parts) > 4 else ""
        captured = self._captured(group, name, device)
        if len(data) > self._mapping.largest_bytes:
            raise Unreadable("too-large", f"{len(data)} bytes, at most {self._mapping.largest_bytes}")
        payload = read_payload(data)
        if kind == "NDEATH":
            return self._died(group, name, None, payload, received)
        lost = 0
        if kind == "NBIRTH":
            self.births.born(group, name, "", payload.metrics)
        if payload.seq is not None:
            lost = self.births.count(group, name, payload.seq)
        if captured is None:  # not asked for; yet its births and numbers belong to the node, of which another device may be
            if kind == "DBIRTH":
                self.births.born(group, name, device, payload.metrics)
            return Told(rebirth=(group, name), lost=lost) if lost > 0 and self._wanted(group, name) else Told()
        if (group, name) not in self.births.nodes:
            return Told(faults=(Fault("before-birth", f"{group}/{name}"),), rebirth=(group, name))
        if kind == "DDEATH":
            told = self._died(group, name, device, payload, received)
            return Told(told.batches, told.faults, (group, name) if lost > 0 else None, lost=lost)
        if kind == "DBIRTH":
            self.births.born(group, name, device, payload.metrics)
        batches, faults, unknown = self._values(group, name, device, captured, payload, received)
        again = (group, name) if unknown or lost > 0 else None
        return Told(batches, faults, again, kind in ("NBIRTH", "DBIRTH"), lost)

    def _captured(self, group: str, name: str, device: str) -> dict[str, str] | None:
        path = f"{group}/{name}/{device}" if device else f"{group}/{name}"
        for pattern in self._patterns:
            found = pattern.match(path)
            if found is not None:
                return {"group": group, "node": name, "device": device, "asset": device or name, **found}
        return None

    def _wanted(self, group: str, name: str) -> bool:
        """Whether anything that a node gave birth to is asked for."""
        node = self.births.nodes.get((group, name))
        return node is not None and any(self._captured(group, name, device) is not None for device in node.names)

    def _values(
        self, group: str, name: str, device: str, captured: dict[str, str], payload: Payload, received: int
    ) -> tuple[tuple[Batch, ...], tuple[Fault, ...], bool]:
        rows: dict[bool, list[tuple[str, str, int, float, int]]] = {False: [], True: []}
        faults: dict[str, Fault] = {}
        unknown = False

        def fault(reason: str, detail: str) -> None:
            first = faults.get(reason)
            faults[reason] = Fault(reason, first.detail if first else detail, (first.count if first else 0) + 1)

        for metric in payload.metrics:
            known = self.births.find(group, name, device, metric)
            if known is None:
                unknown = True
                fault("unknown-alias", f"{group}/{name}/{device}: alias {metric.alias}")
                continue
            text, datatype = known
            if text.startswith(_NO_TAGS) or text in self._mapping.ignore or datatype == DATETIME:
                continue
            asset, tag = self._resolve(text, captured)
            if not asset or not tag:
                fault("no-asset" if not asset else "no-tag", f"{group}/{name}/{device}: {text}")
                continue
            stamp = metric.timestamp if metric.timestamp is not None else payload.timestamp
            if stamp is None or stamp * 1_000_000 > LARGEST:
                fault("no-time", f"{text}: no time" if stamp is None else f"{text}: {stamp} ms is beyond the year 2262")
                continue
            value, status = self._value(metric, datatype, text, fault)
            if status is not None:
                rows[metric.historical].append((asset, tag, stamp * 1_000_000, value, status))
        batches = tuple(self._batch(found, received, history) for history, found in rows.items() if found)
        return batches, tuple(faults.values()), unknown

    def _resolve(self, text: str, captured: dict[str, str]) -> tuple[str, str]:
        """Asset and tag of a metric; empty where a name is missing. Remembered, within bounds."""
        key = (captured["group"], captured["node"], captured["device"], text)
        found = self._resolved.get(key)
        if found is None:
            folder, _, leaf = text.rpartition("/")
            names = {**captured, "folder": folder, "leaf": leaf}
            if len(self._resolved) >= MOST_METRICS:
                self._resolved.clear()
            found = self._resolved[key] = (self._names.asset(names) or "", self._names.tag(text, names))
        return found

    def _value(self, metric: Metric, datatype: int, text: str, fault: object) -> tuple[float, int | None]:
        """Value and status; no status where the metric is no value at all."""
        if metric.null:
            return np.nan, int(Status.MISSING)
        if metric.value is None:
            return np.nan, None  # a data set, a template or bytes: no tag
        value, status, readable = read_value(number_of(metric.value, datatype))
        if not readable:
            assert callable(fault)
            fault("wrong-value", f"{text}: {str(metric.value)[:60]!r} is no number")
        if np.isnan(value) and status == Status.GOOD:
            status = int(Status.MISSING)
        if metric.quality is not None and status == Status.GOOD:
            status = int(_QUALITY.get(metric.quality, Status.UNCERTAIN))
        return value, status

    def _batch(self, rows: list[tuple[str, str, int, float, int]], received: int, history: bool) -> Batch:
        assets, tags, times, values, status = zip(*rows, strict=True)
        with np.errstate(over="ignore"):
            numbers = np.array(values, dtype=np.float64).astype(np.float32)
        marks = np.array(status, dtype=np.uint8)
        wide = np.isinf(numbers)
        marks[wide], numbers[wide] = Status.BAD, np.nan
        return from_readings(
            self._source, received, assets, tags, np.array(times, dtype=np.int64), numbers, marks,
            most_values=self._mapping.most_values, history=history,
        )  # fmt: skip

    def _died(self, group: str, name: str, device: str | None, payload: Payload, received: int) -> Told:
        """Every tag of a device, or of a node and all its devices, is stale: BAD, at the time of the death."""
        node = self.births.nodes.get((group, name))
        if node is None:
            return Told()
        time = received
        if device is None:
            number = next((metric.value for metric in payload.metrics if metric.name == "bdSeq"), None)
            if number is not None and node.birth is not None and number != node.birth:
                return Told()  # the death of an earlier connection, told late
            node.seq = None
        elif payload.timestamp is not None and payload.timestamp * 1_000_000 <= LARGEST:
            time = payload.timestamp * 1_000_000
        rows: list[tuple[str, str, int, float, int]] = []
        for one, names in node.names.items():
            if device is not None and one != device:
                continue
            captured = self._captured(group, name, one)
            for text, datatype in names.items() if captured is not None else ():
                if text.startswith(_NO_TAGS) or text in self._mapping.ignore or datatype == DATETIME:
                    continue
                asset, tag = self._resolve(text, captured or {})
                if asset and tag:
                    rows.append((asset, tag, time, np.nan, int(Status.BAD)))
        return Told((self._batch(rows, received, False),) if rows else ())
