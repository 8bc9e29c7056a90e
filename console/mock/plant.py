"""A made-up plant for the console: areas, lines, assets and their tags, one of them with a fault that develops, one with a wild name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from history import DAY, Series, noise, wave
from numpy.typing import NDArray

from andon.service.schema import Columns, Quality, QualityTrend, Span, TagOfAsset, TagTrend, Tile, Trend

WILD = "<b>&\"'温度 °C</b>"
THRESHOLD = 4.2
AHEAD = 6 * 3600


@dataclass(frozen=True)
class TagOfPlant:
    """A tag: its normal value, its noise, and by how many sigma the developing fault moves it."""

    id: str
    name: str
    unit: str
    group: str
    mean: float
    sd: float
    moved: float = 0.0


@dataclass(frozen=True)
class AssetOfPlant:
    id: str
    name: str
    area: str
    line: str
    state: str = "normal"
    why: str = ""
    priority: int | None = None


TAGS = (
    TagOfPlant("PI-101.PV", "Reactor pressure", "bar", "Pressure", 7.2, 0.06, 4.1),
    TagOfPlant("FIC-101.PV", "Feed flow", "m³/h", "Flow", 42.0, 0.8, -3.2),
    TagOfPlant("TI-102.PV", "Outlet temperature", "°C", "Temperature", 318.0, 1.1, 2.4),
    TagOfPlant("TI-103.PV", "Jacket temperature", "°C", "Temperature", 184.0, 0.7),
    TagOfPlant("VI-7.RMS", "Pump vibration", "mm/s", "Machine", 1.9, 0.12, 1.4),
    TagOfPlant(WILD, WILD, "°C", "Temperature", 61.0, 0.4),
    TagOfPlant("AI-9.O2", "Oxygen in off-gas", "%", "Analysis", 3.1, 0.05),
    TagOfPlant("JI-4.PV", "Motor power", "kW", "Machine", 88.0, 1.6),
)

ASSETS = (
    AssetOfPlant("furnace-3", "Furnace 3", "Hot end", "Line 2", "alarm", "", 2),
    AssetOfPlant("furnace-1", "Furnace 1", "Hot end", "Line 1"),
    AssetOfPlant("furnace-2", "Furnace 2", "Hot end", "Line 1", "anomalous"),
    AssetOfPlant("quench-2", "Quench 2", "Hot end", "Line 2", "cannot_judge", "settling after a change of product, until 14:10"),
    AssetOfPlant("mill-1", "Rolling mill 1", "Hot end", "Line 1"),
    AssetOfPlant("mill-2", "Rolling mill 2", "Hot end", "Line 2", "alarm", "", 1),
    AssetOfPlant("pickler", "Pickling bath", "Cold end", "Line 5", "alarm", "", 3),
    AssetOfPlant(WILD, WILD, "Cold end", "Line 5"),
    AssetOfPlant("coater", "Coater", "Cold end", "Line 5"),
    AssetOfPlant("dryer", "Dryer", "Cold end", "Line 5", "no_model", "no model yet: 3 of 14 days of normal time"),
    AssetOfPlant("compressor-1", "Compressor 1", "Utilities", "Air"),
    AssetOfPlant("compressor-2", "Compressor 2", "Utilities", "Air", "cannot_judge", "machine off since 06:00"),
    AssetOfPlant("chiller", "Chiller", "Utilities", "Cooling"),
    AssetOfPlant("boiler", "Boiler", "Utilities", "Steam"),
)


class History:
    """All series of the plant, made when first asked for.

    Parameters
    ----------
    now : Unix seconds of the newest sample at start
    days : how far back the history goes
    """

    def __init__(self, now: float, days: float) -> None:
        self.first = int(now - days * DAY)
        self.size = int(days * DAY) + AHEAD
        self.onset = int(now - 3 * 3600)
        self._series = cache(self._made)

    def series(self, asset: str, what: str) -> Series:
        """Of `what`: a tag's id, "normal <tag>", "evidence" or "quality"."""
        return self._series(asset, what)

    def fault(self) -> NDArray[Any]:
        """0 before the onset, rising to 1 within four hours."""
        return np.clip((np.arange(self.size, dtype=np.float32) + self.first - self.onset) / (4 * 3600), 0, 1)

    def _made(self, asset: str, what: str) -> Series:
        values: NDArray[Any]
        seed = sum(ord(letter) * (3 + place) for place, letter in enumerate(asset + what))
        if what == "evidence":
            values = THRESHOLD * (0.28 + 0.13 * np.abs(noise(self.size, seed, 1800)) + 0.05 * wave(self.size, self.first, DAY, seed))
            for place in np.random.default_rng(seed).integers(0, max(1, self.size - DAY), max(1, self.size // (12 * DAY))):
                long = min(5400, self.size - int(place))
                values[place : place + long] += THRESHOLD * 1.1 * np.sin(np.linspace(0, np.pi, long, dtype=np.float32))
            if asset in ("furnace-3", "mill-2", "pickler"):
                values += THRESHOLD * 1.6 * self.fault()
        elif what == "quality":
            values = 0.40 + 0.012 * noise(self.size, seed, 600) + 0.008 * wave(self.size, self.first, DAY, seed)
            values += 0.04 * self.fault() if asset == "furnace-3" else 0
        else:
            tag = next(item for item in TAGS if item.id == what.removeprefix("normal "))
            seed = sum(ord(letter) for letter in asset + tag.id)
            values = tag.mean + tag.sd * 1.5 * wave(self.size, self.first, DAY, seed)
            values += tag.sd * 1.2 * (wave(self.size, self.first, 4 * 3600, seed) > 0.2)
            if not what.startswith("normal "):
                values = values + tag.sd * 0.8 * noise(self.size, seed, 30) + tag.sd * 0.4 * noise(self.size, seed + 1, 1)
                if asset == "furnace-3":
                    values += tag.sd * tag.moved * self.fault()
                gap = self.size - AHEAD - 20 * 3600
                values[gap : gap + 2400] = np.nan
        return Series(self.first, np.asarray(values, np.float32))


def tags_of(history: History, asset: AssetOfPlant, now: float) -> list[TagOfAsset]:
    """The tags of an asset beside what is expected of them now."""
    out = []
    weight = sum(abs(tag.moved) + 0.2 for tag in TAGS)
    for tag in TAGS:
        value, expected = history.series(asset.id, tag.id).at(now), history.series(asset.id, "normal " + tag.id).at(now)
        assert expected is not None
        out.append(
            TagOfAsset(
                id=tag.id, name=tag.name, unit=tag.unit, group=tag.group, role="measurement", low=tag.mean * 0.7, high=tag.mean * 1.3,
                share=(abs(tag.moved) + 0.2) / weight if asset.state == "alarm" else None, value=value, expected=expected,
                expected_low=expected - 3 * tag.sd, expected_high=expected + 3 * tag.sd,
                deviation_sigma=None if value is None else (value - expected) / tag.sd, status="GOOD",
            )
        )  # fmt: skip
    return out


def quality_of(history: History, asset: str, now: float, when: str) -> list[Quality]:
    """What is predicted now; two assets have a laboratory."""
    if asset not in ("furnace-3", "furnace-1"):
        return []
    value = history.series(asset, "quality").at(now)
    assert value is not None
    return [
        Quality(
            target="C", unit="%", value=value, low=value - 0.03, high=value + 0.03, limit_low=0.34, limit_high=0.46, at=when,
        )
    ]  # fmt: skip


def tile_of(history: History, asset: AssetOfPlant, now: float, when: str, since: str, alarms: int) -> Tile:
    """A tile: the last hour of evidence in 30 pieces."""
    series = history.series(asset.id, "evidence")
    judged = asset.state not in ("no_model", "cannot_judge")
    columns, _ = series.columns(now - 3600, now, 30, now)
    evidence = [None if value is None else value / THRESHOLD for value in columns.mean]
    latest = series.at(now)
    return Tile(
        asset=asset.id, name=asset.name, area=asset.area, line=asset.line, state=asset.state, why=asset.why,  # type: ignore[arg-type]
        priority=asset.priority, evidence=evidence if judged else [], ratio=latest / THRESHOLD if judged and latest is not None else None,
        quality=quality_of(history, asset.id, now, when), data_share=0.98 if asset.id != "compressor-2" else 0.41, open_alarms=alarms,
        since=since, behind_s=0.0,
    )  # fmt: skip


def trend_of(history: History, asset: str, start: float, end: float, points: int, tags: list[str], spans: list[Span], now: float) -> Trend:
    """The lanes of an asset between two moments."""
    evidence, level = history.series(asset, "evidence").columns(start, end, points, now)
    lines = []
    for name in tags:
        tag = next((item for item in TAGS if item.id == name), None)
        if tag is None:
            continue
        measured, _ = history.series(asset, tag.id).columns(start, end, points, now)
        normal, _ = history.series(asset, "normal " + tag.id).columns(start, end, points, now)
        low, high = ([None if value is None else value + sign * 3 * tag.sd for value in normal.mean] for sign in (-1, 1))
        lines.append(TagTrend(tag=tag.id, unit=tag.unit, measured=measured, expected_low=low, expected_high=high))
    quality = []
    if asset in ("furnace-3", "furnace-1"):
        predicted, _ = history.series(asset, "quality").columns(start, end, points, now)
        shift = 8 * 3600
        moments = np.arange(np.ceil(start / shift) * shift, min(end, now), shift)[-200:] if end - start < 70 * DAY else np.empty(0)
        lab = [history.series(asset, "quality").at(moment) or 0.4 for moment in moments]
        quality.append(
            QualityTrend(
                target="C", unit="%", predicted=predicted, low=[None if v is None else v - 0.03 for v in predicted.mean],
                high=[None if v is None else v + 0.03 for v in predicted.mean], lab_time=moments.tolist(), lab_value=lab, limit_low=0.34,
                limit_high=0.46,
            )
        )  # fmt: skip
    inside = [span for span in spans if span.start <= end and (span.end is None or span.end >= start)]
    return Trend(start=start, end=end, level_s=level, evidence=evidence, threshold=THRESHOLD, tags=lines, quality=quality, spans=inside)


def overlay(history: History, asset: str, onset: float, scale: float) -> Columns:
    """The leading tag around an onset, seconds from it, in units of its normal scale."""
    time = np.linspace(-3600, 7200, 120)
    rng = np.random.default_rng(int(scale * 100))
    value = scale * np.clip(time / 7200, 0, 1) * 4 + rng.normal(0, 0.25, time.size)
    plain: list[float | None] = [float(item) for item in value]
    return Columns(time=time.tolist(), low=plain, high=plain, mean=plain)
