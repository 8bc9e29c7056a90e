"""The schema of plant.toml: one frozen dataclass per section; `PlantFile` holds them all. Everything has a default."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from andon.plant.budget import Budget
from andon.plant.export import DATE_ORDERS, DECIMALS, LAYOUTS, QUALITIES, TIME_FORMATS
from andon.plant.file.alarm_settings import CONSEQUENCES, AlarmSettings
from andon.plant.file.link_settings import LinkSettings, SendSettings
from andon.plant.file.service_settings import ServiceSection
from andon.plant.file.setting import Kind, Setting, setting, settings_of
from andon.plant.tag import Role, Tag
from andon.plant.time import DAY_NS, HOUR_NS, MINUTE_NS

DAYS: tuple[str, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ONE_A_WEEK = Budget(1.0, 7 * DAY_NS)
LEFT_OPEN: tuple[str, ...] = ("sheet", "layout", "decimal", "quality", "time_format")
"""Settings of [files] that answer what exports leave open, called as the options of `andon.read`; `dates` is `dayfirst` there."""


@dataclass(frozen=True, slots=True)
class Site:
    """[site] Where the plant stands."""

    name: str = setting(Kind.TEXT, "Name of the plant, for reports.", default="")
    zone: str = setting(Kind.ZONE, "Time zone of the site: the calendar, shifts, and times in this file without an offset.", default="UTC")
    language: str = setting(Kind.CHOICE, "Language of reports and messages.", default="en", allowed=("en", "zh-CN"))


@dataclass(frozen=True, slots=True)
class Files:
    """[files] The exports to learn from, and where results go."""

    paths: tuple[str, ...] = setting(Kind.TEXTS, "Historian exports: files, folders or patterns, relative to this file.", default=())
    zone: str | None = setting(Kind.ZONE, "Time zone of the exports' time stamps. Default: the site's.", default=None)
    sheet: str = setting(Kind.TEXT, "Sheet of an xlsx file. Default: the first.", default="")
    labels: str = setting(Kind.TEXT, "labels.csv: asset, start, end, kind (fault, planned, false, unknown), note.", default="")
    lab: tuple[str, ...] = setting(Kind.TEXTS, "Laboratory files: sample time, result time, target, value.", default=())
    models: str = setting(Kind.TEXT, "Folder of the models.", default="models")
    start: int | None = setting(
        Kind.INSTANT, "Time of the first row, where an export has no times; rows are [sampling] interval apart.", default=None
    )
    layout: str = setting(Kind.CHOICE, "Shape of the tables. Default: detected.", default="", allowed=("", *LAYOUTS))
    dates: str = setting(Kind.CHOICE, "How 03/04/2026 is meant. Default: detected, or asked for.", default="", allowed=("", *DATE_ORDERS))
    decimal: str = setting(
        Kind.CHOICE, "Decimal mark of the numbers. Default: detected, or asked for.", default="", allowed=("", *DECIMALS)
    )
    quality: str = setting(
        Kind.CHOICE, "What the numbers of a quality column mean. Default: detected.", default="", allowed=("", *QUALITIES)
    )
    time_format: str = setting(Kind.CHOICE, "What a time is that is a number. Default: detected.", default="", allowed=("", *TIME_FORMATS))

    def answers(self) -> dict[str, Any]:
        """The options of `andon.read` that answer what exports leave open; empty where nothing is told."""
        told = {name: getattr(self, name) for name in LEFT_OPEN if getattr(self, name)}
        if self.decimal:
            told["decimal"] = DECIMALS[self.decimal]
        return {**told, "dayfirst": DATE_ORDERS[self.dates]} if self.dates else told


@dataclass(frozen=True, slots=True)
class Sampling:
    """[sampling] The grid on which every tick gets one verdict."""

    interval_ns: int | None = setting(Kind.DURATION, "Sampling interval of the grid. Default: from the audit.", default=None, low=1_000_000)
    hold_ns: int | None = setting(
        Kind.DURATION, "How long the last good value of a tag stands. Default: from the data, at most 1h.", default=None, low=0
    )
    late_by_ns: int | None = setting(Kind.DURATION, "How late a live sample may be. Default: two intervals.", default=None, low=0)
    gap_ns: int | None = setting(
        Kind.DURATION, "A gap of all tags longer than this starts the state anew. Default: ten intervals, at least.", default=None, low=0
    )
    min_valid: float = setting(
        Kind.NUMBER, "Smallest share of valid channels that allows a verdict.", default=0.5, low=0.0, high=1.0, unit="share"
    )


@dataclass(frozen=True, slots=True)
class Asset:
    """[[asset]] A machine or unit. Several assets with the same tags are sisters and may share one model."""

    id: str = setting(Kind.TEXT, "Name of the asset as the exports write it.")
    name: str = setting(Kind.TEXT, "Name for people. Default: the id.", default="")
    off: str = setting(Kind.EXPRESSION, "When this asset is off; overrides [machine] off.", default="")
    tags: tuple[str, ...] = setting(Kind.TEXTS, "Tags of this asset. Default: all that its export has.", default=())
    parent: str = setting(
        Kind.TEXT,
        "The asset that this one is part of or depends on; while that is in alarm, the alarms of this one are suppressed.",
        default="",
    )


@dataclass(frozen=True, slots=True)
class Derived:
    """[[derived]] A tag computed from others at each tick."""

    id: str = setting(Kind.TEXT, "Id of the derived tag.")
    expression: str = setting(Kind.EXPRESSION, "How it is computed: + - * /, comparisons, and or not, abs min max sqrt log exp where clip.")
    name: str = setting(Kind.TEXT, "Name for people. Default: the id.", default="")
    unit: str = setting(Kind.TEXT, "Unit, text only.", default="")
    group: str = setting(Kind.TEXT, "Unit of equipment, for grouping the responsible tags.", default="")


@dataclass(frozen=True, slots=True)
class Machine:
    """[machine] When the machine is off, and how long it takes to settle."""

    off: str = setting(
        Kind.EXPRESSION, 'When the machine is off, for example "speed < 5". Off time is neither learnt nor judged.', default=""
    )
    settle_ns: int | None = setting(
        Kind.DURATION,
        "No verdict for this long after off time, maintenance, a change of mode or product, or an unusual move of a set-point. "
        "Default: ten intervals.",
        default=None,
        low=0,
    )


@dataclass(frozen=True, slots=True)
class Modes:
    """[modes] Operating modes: given by a tag, discovered, or none."""

    source: str = setting(Kind.CHOICE, "Where modes come from.", key="from", default="none", allowed=("none", "tag", "discovered"))
    tag: str = setting(Kind.TEXT, 'The tag that names the mode or product, when from = "tag".', default="")
    most: int = setting(Kind.INTEGER, "Most modes to discover or accept.", default=8, low=1, high=64)


@dataclass(frozen=True, slots=True)
class Exclude:
    """[[exclude]] Time that is not normal: neither learnt nor used for calibration."""

    start: int = setting(Kind.INSTANT, "Begin.")
    end: int = setting(Kind.INSTANT, "End (not included).")
    asset: str = setting(Kind.TEXT, "The asset. Default: all.", default="")
    why: str = setting(Kind.TEXT, "Why, for the report.", default="")


@dataclass(frozen=True, slots=True)
class Target:
    """[[target]] A product quality to predict."""

    name: str = setting(Kind.TEXT, "Name of the target, as the laboratory file writes it.")
    tag: str = setting(Kind.TEXT, "The tag that carries the result, where it comes with the export. It is never an input.", default="")
    asset: str = setting(Kind.TEXT, "The asset. Default: all that have results.", default="")
    unit: str = setting(Kind.TEXT, "Unit, text only.", default="")
    kind: str = setting(
        Kind.CHOICE,
        "Predict the value, or whether it is within specification.",
        default="regression",
        allowed=("regression", "classification"),
    )
    low: float | None = setting(Kind.NUMBER, "Lower specification limit, in the target's unit.", default=None)
    high: float | None = setting(Kind.NUMBER, "Upper specification limit, in the target's unit.", default=None)
    delay_ns: int | None = setting(
        Kind.DURATION, "From sample to result; needed where the laboratory file has no result time.", default=None, low=0
    )
    dead_time_ns: int | None = setting(
        Kind.DURATION, "From the process to the sampling point. Default: estimated from the data.", default=None, low=0
    )


@dataclass(frozen=True, slots=True)
class Periods:
    """[periods] What is learnt from, what calibrates, what is read once at the end; explicit, or as shares in time order."""

    train_start: int | None = setting(Kind.INSTANT, "Begin of training. Default: begin of the data.", default=None)
    train_end: int | None = setting(Kind.INSTANT, "End of training. Default: by train_share.", default=None)
    calibrate_start: int | None = setting(Kind.INSTANT, "Begin of calibration. Default: end of training plus purge.", default=None)
    calibrate_end: int | None = setting(Kind.INSTANT, "End of calibration. Default: by calibrate_share.", default=None)
    evaluate_start: int | None = setting(Kind.INSTANT, "Begin of evaluation. Default: end of calibration plus purge.", default=None)
    evaluate_end: int | None = setting(Kind.INSTANT, "End of evaluation. Default: end of the data.", default=None)
    train_share: float = setting(Kind.NUMBER, "Share of the time with data for training.", default=0.5, low=0.0, high=1.0, unit="share")
    calibrate_share: float = setting(Kind.NUMBER, "Share for calibration.", default=0.25, low=0.0, high=1.0, unit="share")
    purge_ns: int | None = setting(
        Kind.DURATION, "Time left out between the periods, so that no memory reaches over. Default: sixty intervals.", default=None, low=0
    )


@dataclass(frozen=True, slots=True)
class BudgetGroup:
    """[[budget]] Assets that share one promise of false alarms."""

    name: str = setting(Kind.TEXT, "Name of the group, for example the line.", default="all")
    assets: tuple[str, ...] = setting(Kind.TEXTS, "Assets of the group. Default: all.", default=())
    rate: Budget = setting(Kind.BUDGET, "Events that people agreed to take per judgeable running time.", key="budget", default=ONE_A_WEEK)  # noqa: RUF009 - a Budget is frozen
    merge_gap_ns: int = setting(Kind.DURATION, "Events closer than this count once.", default=HOUR_NS, low=0)

    @property
    def budget(self) -> Budget:
        """The budget with the group's merge gap."""
        return replace(self.rate, merge_gap_ns=self.merge_gap_ns)


@dataclass(frozen=True, slots=True)
class Response:
    """[[response]] What to do and to check when a tag or a group of tags is responsible."""

    check: tuple[str, ...] = setting(Kind.TEXTS, "What to check, in order.")
    tag: str = setting(Kind.TEXT, "The tag. Default: any.", default="")
    group: str = setting(Kind.TEXT, "The group of tags. Default: any.", default="")
    asset: str = setting(Kind.TEXT, "The asset. Default: all.", default="")
    action: str = setting(
        Kind.TEXT, "What the operator has to do. With an action an event is an alarm, without one a notification.", default=""
    )
    consequence: str | None = setting(
        Kind.CHOICE, "What it costs to do nothing. Default: [alarms] consequence.", default=None, allowed=CONSEQUENCES
    )
    respond_within_ns: int | None = setting(Kind.DURATION, "How soon the action must be done.", default=None, low=1_000_000_000)
    priority: int | None = setting(
        Kind.INTEGER, "Priority of the alarm, 1 the highest. Default: from severity and consequence.", default=None, low=1, high=3
    )
    latch: bool | None = setting(Kind.BOOLEAN, "The alarm stays until it is reset. Default: [alarms] latch.", default=None)


@dataclass(frozen=True, slots=True)
class Shift:
    """[[shift]] One shift of the calendar, in the site's zone."""

    name: str = setting(Kind.TEXT, "Name of the shift.")
    start_ns: int = setting(Kind.CLOCK, "Begin.")
    end_ns: int = setting(Kind.CLOCK, "End; earlier than the begin where it runs over midnight.")
    days: tuple[str, ...] = setting(Kind.CHOICES, "Days on which it begins. Default: all.", default=(), allowed=DAYS)


@dataclass(frozen=True, slots=True)
class Maintenance:
    """[[maintenance]] Planned work: no verdict. Once (start, end), or recurring (every, at, lasts)."""

    every: str = setting(Kind.CHOICE, "How often.", default="once", allowed=("once", "day", "week", "month"))
    start: int | None = setting(Kind.INSTANT, "Begin of a window that comes once; first date of a recurring one.", default=None)
    end: int | None = setting(Kind.INSTANT, "End of a window that comes once; last date of a recurring one.", default=None)
    days: tuple[str, ...] = setting(Kind.CHOICES, 'Days of the week, when every = "week".', default=(), allowed=DAYS)
    day: int | None = setting(Kind.INTEGER, 'Day of the month, when every = "month".', default=None, low=1, high=31)
    at_ns: int | None = setting(Kind.CLOCK, "Time of day at which a recurring window begins.", default=None)
    lasts_ns: int | None = setting(Kind.DURATION, "How long a recurring window lasts.", default=None, low=1)
    zone: str | None = setting(Kind.ZONE, "Zone of a recurring window. Default: the site's.", default=None)
    assets: tuple[str, ...] = setting(Kind.TEXTS, "Assets. Default: all.", default=())
    why: str = setting(Kind.TEXT, "Why, for the report.", default="")


@dataclass(frozen=True, slots=True)
class OutOfService:
    """[[out_of_service]] A tag that must not be used for a while."""

    tag: str = setting(Kind.TEXT, "The tag.")
    asset: str = setting(Kind.TEXT, "The asset. Default: all.", default="")
    until: int | None = setting(Kind.INSTANT, "Until when. Default: until this entry is removed.", default=None)
    why: str = setting(Kind.TEXT, "Why, for the report.", default="")


@dataclass(frozen=True, slots=True)
class Model:
    """[model] How to train."""

    name: str = setting(Kind.TEXT, "Name of the model. Default: the asset, or the site for sister assets.", default="")
    share: str = setting(Kind.CHOICE, "One model for each asset, or one for all sisters.", default="asset", allowed=("asset", "sisters"))
    time_limit_ns: int = setting(Kind.DURATION, "Longest training time.", default=10 * MINUTE_NS, low=1_000_000_000)
    seed: int = setting(Kind.INTEGER, "Seed of everything random.", default=0, low=0, high=2**31 - 1)
    memory: str = setting(Kind.CHOICE, "Recurrent memory of the network.", default="gru", allowed=("gru", "lstm"))
    network: bool = setting(Kind.BOOLEAN, "Train the network; false: the linear core alone.", default=True)
    coverage: float = setting(Kind.NUMBER, "Nominal coverage of the quality intervals.", default=0.9, low=0.5, high=0.99, unit="share")


TAG_SETTINGS: tuple[Setting, ...] = (
    Setting("id", "id", Kind.TEXT, "What the historian calls it, exactly.", required=True),
    Setting("name", "name", Kind.TEXT, "Name for people. Default: the id.", ""),
    Setting("unit", "unit", Kind.TEXT, "Engineering unit, text only.", ""),
    Setting("role", "role", Kind.CHOICE, "What the tag is to the process.", Role.MEASURED, allowed=tuple(role.value for role in Role)),
    Setting("low", "low", Kind.NUMBER, "Lower end of the instrument range; a value below is bad.", unit="the tag's unit"),
    Setting("high", "high", Kind.NUMBER, "Upper end of the instrument range; a value above is bad.", unit="the tag's unit"),
    Setting("hold", "hold_ns", Kind.DURATION, "How long the last good value stands. Default: [sampling] hold, else from the data.", low=0),
    Setting("group", "group", Kind.TEXT, "Unit of equipment, for grouping the responsible tags.", ""),
    Setting("full_turn", "full_turn", Kind.NUMBER, "A full turn of an angle.", 360.0, unit="the tag's unit", low=1e-9),
)


@dataclass(frozen=True, slots=True)
class PlantFile:
    """All of plant.toml. `PlantFile()` is valid: everything has a default."""

    site: Site = field(default_factory=Site)
    files: Files = field(default_factory=Files)
    sampling: Sampling = field(default_factory=Sampling)
    assets: tuple[Asset, ...] = ()
    tags: tuple[Tag, ...] = ()
    derived: tuple[Derived, ...] = ()
    machine: Machine = field(default_factory=Machine)
    modes: Modes = field(default_factory=Modes)
    exclude: tuple[Exclude, ...] = ()
    targets: tuple[Target, ...] = ()
    periods: Periods = field(default_factory=Periods)
    budgets: tuple[BudgetGroup, ...] = (BudgetGroup(),)
    responses: tuple[Response, ...] = ()
    shifts: tuple[Shift, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    out_of_service: tuple[OutOfService, ...] = ()
    model: Model = field(default_factory=Model)
    alarms: AlarmSettings = field(default_factory=AlarmSettings)
    links: tuple[LinkSettings, ...] = ()
    sends: tuple[SendSettings, ...] = ()
    service: ServiceSection = field(default_factory=ServiceSection)

    def tag(self, tag: str) -> Tag:
        """The settings of a tag; defaults where the file does not name it."""
        for known in self.tags:
            if known.id == tag:
                return known
        return Tag(tag)

    def with_tags(self, tags: Iterable[str]) -> tuple[Tag, ...]:
        """The settings of those tags, in that order."""
        known = {tag.id: tag for tag in self.tags}
        return tuple(known.get(tag) or Tag(tag) for tag in tags)

    def off(self, asset: str) -> str:
        """The off condition of an asset; empty where none."""
        return next((known.off for known in self.assets if known.id == asset and known.off), self.machine.off)

    def budget_group(self, asset: str) -> BudgetGroup:
        """The budget group of an asset: the first that names it, else the first that names none."""
        named = [group for group in self.budgets if asset in group.assets]
        return (named or [group for group in self.budgets if not group.assets] or [BudgetGroup()])[0]

    def in_budget_group(self, group: BudgetGroup, assets: Iterable[str]) -> list[str]:
        """Those of many assets of which `group`, one of `budgets`, is the `budget_group`; in one look at all."""
        before = self.budgets[: [other.name for other in self.budgets].index(group.name)]
        if group.assets:
            mine = set(group.assets).difference(*(other.assets for other in before))
            return [asset for asset in assets if asset in mine]
        if any(not other.assets for other in before):
            return []
        named = {asset for other in self.budgets for asset in other.assets}
        return [asset for asset in assets if asset not in named]


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the file: `[key]`, or `[[key]]` where it may stand many times."""

    key: str
    attribute: str
    cls: type
    many: bool
    settings: tuple[Setting, ...]
    help: str


def _section(key: str, attribute: str, cls: type, many: bool = False) -> Section:
    settings = TAG_SETTINGS if cls is Tag else settings_of(cls)
    about = "One tag: what the historian does not say about it." if cls is Tag else (cls.__doc__ or "").partition("] ")[2]
    return Section(key, attribute, cls, many, settings, about)


SECTIONS: tuple[Section, ...] = (
    _section("site", "site", Site),
    _section("files", "files", Files),
    _section("sampling", "sampling", Sampling),
    _section("asset", "assets", Asset, many=True),
    _section("tag", "tags", Tag, many=True),
    _section("derived", "derived", Derived, many=True),
    _section("machine", "machine", Machine),
    _section("modes", "modes", Modes),
    _section("exclude", "exclude", Exclude, many=True),
    _section("target", "targets", Target, many=True),
    _section("periods", "periods", Periods),
    _section("budget", "budgets", BudgetGroup, many=True),
    _section("response", "responses", Response, many=True),
    _section("shift", "shifts", Shift, many=True),
    _section("maintenance", "maintenance", Maintenance, many=True),
    _section("out_of_service", "out_of_service", OutOfService, many=True),
    _section("model", "model", Model),
    _section("alarms", "alarms", AlarmSettings),
    _section("link", "links", LinkSettings, many=True),
    _section("send", "sends", SendSettings, many=True),
    _section("service", "service", ServiceSection),
)


def section_of(key: str) -> Section | None:
    """The section of that key."""
    return next((section for section in SECTIONS if section.key == key), None)


def default_of(section: Section) -> Any:
    """The default of a section that stands once."""
    return section.cls()
