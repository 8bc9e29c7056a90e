"""The plan of a preparation: its settings as arrays, made once and used at every tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array, Int64Array, StatusArray
from andon.plant.file.expression import Expression, parse_expression
from andon.plant.recording import Recording
from andon.plant.rows import Rows
from andon.plant.status import Status, is_valid
from andon.preparing.preparation import Channel, Preparation, Source
from andon.preparing.setpoints import Ramps, ramps_of

OTHER = "\x00other"  # the level of a category that training never saw


def level_text(value: float) -> str:
    """The text of a category that the historian stores as a number."""
    return f"{value:g}"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of a recording each input comes from (-1: absent), and how its category texts map onto levels."""

    at: Int64Array
    straight: bool
    absent: BoolArray
    lacking: bool
    tables: tuple[tuple[int, Int64Array], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Inputs are what is read from a recording (M of them); channels (C) are what models see.

    Attributes
    ----------
    tags, sources : of the M inputs
    levels : of the M inputs; None where the input is a number
    low, high : (M,) range of a raw sample
    hold : (M,) int64 ns
    span : (M,) int64 ns, the age at which an input is old: its hold, at least one interval
    used : inputs that are channels
    last_only : (M,) the last sample of a tick counts, not the mean
    angle : (M,) 2 pi / full turn
    from_input : (C,) input of each channel, -1 for derived ones
    gather : `from_input` with 0 for derived ones
    plain : channels are the inputs, one by one
    counters : (channel, input) of rates
    stuck : (C,) int64 ns, a very long time where not checked
    watch : channels that are checked
    center, scale : (C,) float64
    derived : (channel, expression)
    off : asset -> expression
    columns : tag -> input, for expressions
    mode_input : input of the mode's tag, -1 where none
    category_inputs : input of each category
    mode_channels, mode_centers : for discovered modes
    watched_inputs : input of each watched channel
    watches_some : not all channels are watched
    watches_inputs : the watched inputs are all inputs, one by one
    shortest_stuck : ns, the shortest of `stuck`
    setpoints, usual, ramps : S channels of set-points, the largest usual travel of each, and when its steps are one move
    channel_names, channel_tags, context_names : of the preparation
    special : inputs that are not read as plain numbers
    matched : columns of recordings that were seen, by the identity of their tags; filled as they come
    """

    preparation: Preparation
    tags: tuple[str, ...]
    sources: tuple[Source, ...]
    levels: tuple[tuple[str, ...] | None, ...]
    low: Float64Array
    high: Float64Array
    ranged: bool
    hold: Int64Array
    span: Int64Array
    used: Int64Array
    last_only: BoolArray
    angle: Float64Array
    from_input: Int64Array
    gather: Int64Array
    plain: bool
    counters: tuple[tuple[int, int], ...]
    stuck: Int64Array
    watch: Int64Array
    center: Float64Array
    scale: Float64Array
    derived: tuple[tuple[int, Expression], ...]
    off: dict[str, Expression]
    columns: dict[str, int]
    texts: dict[str, tuple[str, ...]]
    mode_input: int
    category_inputs: tuple[int, ...]
    mode_channels: Int64Array
    mode_centers: Float64Array
    special: tuple[int, ...]
    watched_inputs: Int64Array
    watches_some: bool
    watches_inputs: bool
    shortest_stuck: int
    setpoints: Int64Array
    usual: Float64Array
    ramps: Ramps
    channel_names: tuple[str, ...]
    channel_tags: tuple[str, ...]
    context_names: tuple[str, ...]
    matched: dict[int, tuple[tuple[str, ...], Columns]]

    @property
    def width(self) -> int:
        """M, the number of inputs."""
        return len(self.tags)


def make_plan(preparation: Preparation) -> Plan:
    """The plan of a preparation."""
    channels = preparation.channels
    read = [channel for channel in (*channels, *preparation.others) if channel.source is not Source.DERIVED]
    tags = [channel.tag for channel in read]
    sources = [channel.source for channel in read]
    levels: list[tuple[str, ...] | None] = [None] * len(read)
    low = [-np.inf if channel.low is None else channel.low for channel in read]
    high = [np.inf if channel.high is None else channel.high for channel in read]
    hold = [channel.hold_ns for channel in read]
    turn = [channel.full_turn for channel in read]
    columns = {channel.tag: index for index, channel in enumerate(read) if channel.source not in (Source.SIN, Source.COS)}
    codes = [(item.tag, item.levels, item.hold_ns) for item in preparation.categories]
    modes = preparation.modes
    if modes.source == "tag":
        codes.append((modes.tag, modes.levels, modes.hold_ns))
    for tag, known, hold_ns in codes:
        columns.setdefault(tag, len(tags))  # a number where an expression wants the number
        tags.append(tag)
        sources.append(Source.LAST)
        levels.append(known)
        low.append(-np.inf)
        high.append(np.inf)
        hold.append(hold_ns)
        turn.append(1.0)
    at = iter(range(len(read)))
    from_input = np.array([next(at) if channel.source is not Source.DERIVED else -1 for channel in channels], dtype=np.int64)
    names = [channel.name for channel in channels]
    watch = np.flatnonzero([channel.stuck_ns is not None for channel in channels])
    setpoints = np.flatnonzero([channel.usual_step is not None for channel in channels])
    endless = 2**62
    return Plan(
        preparation,
        tuple(tags),
        tuple(sources),
        tuple(levels),
        np.array(low, dtype=np.float64),
        np.array(high, dtype=np.float64),
        bool(np.isfinite(low).any() or np.isfinite(high).any()),
        np.array(hold, dtype=np.int64),
        np.maximum(np.array(hold, dtype=np.int64), preparation.interval_ns),
        from_input[from_input >= 0],
        np.array([source is Source.LAST for source in sources], dtype=bool),
        2 * np.pi / np.array(turn, dtype=np.float64),
        from_input,
        np.maximum(from_input, 0),
        len(channels) == len(tags) and all(channel.source in (Source.VALUE, Source.SIN, Source.COS) for channel in channels),
        tuple((index, int(from_input[index])) for index, channel in enumerate(channels) if channel.source is Source.RATE),
        np.array([endless if channel.stuck_ns is None else channel.stuck_ns for channel in channels], dtype=np.int64),
        watch,
        np.array([channel.center for channel in channels], dtype=np.float64),
        np.array([channel.scale for channel in channels], dtype=np.float64),
        tuple((names.index(name), parse_expression(text)) for name, text in preparation.derived),
        {asset: parse_expression(text) for asset, text in preparation.off if text},
        columns,
        {tag: known for tag, known, _ in codes},
        len(tags) - 1 if modes.source == "tag" else -1,
        tuple(range(len(read), len(read) + len(preparation.categories))),
        np.array([names.index(name) for name in modes.channels], dtype=np.int64),
        np.array(modes.centers, dtype=np.float64).reshape(len(modes.centers), len(modes.channels)),
        tuple(
            index
            for index, (source, known) in enumerate(zip(sources, levels, strict=True))
            if known is not None or source in (Source.SIN, Source.COS)
        ),
        from_input[watch],
        len(watch) < len(channels),
        len(watch) == len(tags) and bool((from_input[watch] == np.arange(len(tags))).all()),
        min((channel.stuck_ns for channel in channels if channel.stuck_ns is not None), default=endless),
        setpoints,
        np.array([_usual(channels[index]) for index in setpoints], dtype=np.float64),
        _ramps([channels[index] for index in setpoints], preparation.settle_ns // preparation.interval_ns),
        preparation.channel_names,
        preparation.channel_tags,
        preparation.context_names,
        {},
    )


def _ramps(channels: Sequence[Channel], settle_ticks: int) -> Ramps:
    found = ramps_of(np.array([channel.usual_step for channel in channels], dtype=np.float64), settle_ticks)
    alone = np.array([channel.usual_travel is None for channel in channels], dtype=bool)
    return Ramps(np.where(alone, -1, found.rest), np.where(alone, 0.0, found.still))


def _usual(channel: Channel) -> float:
    """The largest usual travel of a set-point; the largest usual step in the first models."""
    usual = channel.usual_step if channel.usual_travel is None else channel.usual_travel
    assert usual is not None
    return usual


def find_columns(plan: Plan, recording: Recording) -> Columns:
    """Match a recording to the plan: by tag id, whatever the order of its columns."""
    if not recording.texts:
        seen = plan.matched.get(id(recording.tags))
        if seen is not None and seen[0] is recording.tags:
            return seen[1]
    where = {tag: index for index, tag in enumerate(recording.tags)}
    at = np.array([where.get(tag, -1) for tag in plan.tags], dtype=np.int64)
    tables: list[tuple[int, Int64Array]] = []
    for index, known in enumerate(plan.levels):
        if known is not None and plan.tags[index] in recording.texts:
            codes = {level: code for code, level in enumerate(known)}
            texts = recording.texts[plan.tags[index]]
            tables.append((index, np.array([codes.get(text, len(known)) for text in texts] or [len(known)], dtype=np.int64)))
    straight = len(at) == len(recording.tags) and bool((at == np.arange(len(at))).all())
    columns = Columns(at, straight, at < 0, bool((at < 0).any()), tuple(tables))
    if not recording.texts:
        if len(plan.matched) > 100:
            plan.matched.clear()
        plan.matched[id(recording.tags)] = (recording.tags, columns)
    return columns


def read_samples(
    plan: Plan, columns: Columns, recording: Recording | Rows, low: int, high: int
) -> tuple[Float64Array, BoolArray, StatusArray]:
    """The samples of the rows low..high as inputs: in range, angles as sine and cosine, categories as codes of levels.

    Returns
    -------
    values : (N, M) float64
    ok : (N, M) True where it may be used
    status : (N, M) uint8
    """
    if columns.straight:
        values = recording.values[low:high].astype(np.float64)
        status = recording.status[low:high]
    else:
        values = recording.values[low:high][:, columns.at].astype(np.float64)
        status = recording.status[low:high][:, columns.at]
        if columns.lacking:
            status[:, columns.absent] = Status.MISSING
    ok = is_valid(status) & np.isfinite(values)
    if plan.ranged:
        with np.errstate(invalid="ignore"):
            ok &= (values >= plan.low) & (values <= plan.high)
    for index in plan.special:
        source, known = plan.sources[index], plan.levels[index]
        if source is Source.SIN:
            values[:, index] = np.sin(values[:, index] * plan.angle[index], where=ok[:, index], out=np.full(high - low, np.nan))
        elif source is Source.COS:
            values[:, index] = np.cos(values[:, index] * plan.angle[index], where=ok[:, index], out=np.full(high - low, np.nan))
        elif known is not None and not any(index == table for table, _ in columns.tables):
            codes = {level: code for code, level in enumerate(known)}
            texts = {value: codes.get(level_text(value), len(known)) for value in np.unique(values[ok[:, index], index]).tolist()}
            values[:, index] = [texts.get(value, np.nan) for value in values[:, index].tolist()]
    for index, table in columns.tables:
        raw = values[:, index]
        code = np.where(ok[:, index], raw, 0).astype(np.int64)
        values[:, index] = np.where(
            (code >= 0) & (code < len(table)), table[np.clip(code, 0, len(table) - 1)], len(plan.levels[index] or ())
        )
    return values, ok, status
