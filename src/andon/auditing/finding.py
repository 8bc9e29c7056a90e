"""What an audit says: statistics of each tag, findings by weight, suggestions for the plant file, small plots."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from andon.plant.arrays import Float32Array
from andon.plant.file.value import toml_text
from andon.plant.messages import say
from andon.plant.tag import Role, Tag
from andon.plant.time import DAY_NS, HOUR_NS, MINUTE_NS, NS, format_instant
from andon.plant.verdict import Sentence

AUDIT_SCHEMA_VERSION = 1
WEIGHTY = 0.5  # a finding of at least this weight should be answered before training


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the data shows, what it would cost, and what to do.

    Attributes
    ----------
    tag : the tag it is about; None: the whole recording
    kind : stable short name, for example "counter"
    weight : 0-1; from 0.5 on it should be answered before training
    evidence, consequence, suggestion : sentences of the message catalogue
    toml : the suggestion in the words of the plant file; empty where there is nothing to write
    """

    tag: str | None
    kind: str
    weight: float
    evidence: Sentence
    consequence: Sentence
    suggestion: Sentence
    toml: str = ""

    def texts(self, language: str = "en") -> tuple[str, str, str]:
        """Evidence, consequence and suggestion in a language."""
        parts = (self.evidence, self.consequence, self.suggestion)
        return tuple(say(part.key, language, **part.args) for part in parts)  # type: ignore[return-value]


def make_finding(kind: str, tag: str | None, weight: float, toml: str = "", **args: object) -> Finding:
    """A finding whose three sentences are `auditing.<kind>.evidence`, `.consequence` and `.suggestion`."""
    sentences = [Sentence(f"auditing.{kind}.{part}", dict(args)) for part in ("evidence", "consequence", "suggestion")]
    return Finding(tag, kind, round(min(max(float(weight), 0.0), 1.0), 3), sentences[0], sentences[1], sentences[2], toml)


@dataclass(frozen=True, slots=True)
class TagStatistics:
    """Statistics of one tag; a superset of Lookout for Equipment's sensor statistics.

    Attributes
    ----------
    rows : time stamps of the recording; valid, missing, bad, uncertain, interpolated : how many of them
    duplicates : samples that the reader dropped because their time stood twice, where it said so
    first, last : ns UTC of the first and last valid sample; 0 where there is none
    spacing_ns : median time between valid samples; longest_gap_ns, gaps : gaps longer than ten typical spacings
    covered : share of the recording's time with a value no older than `hold_ns`
    mean, sd, robust_sd : the latter 1.4826 x median absolute deviation
    step_sd : robust standard deviation of the change from sample to sample
    distinct : different values; quantum : the step all values are multiples of, 0 where there is none
    repeated : share of samples equal to the one before; longest_run : samples in the longest stretch of one value
    constant, categorical, monotonic ("", "up", "down"), modes (number of levels), cyclic (full turn, 0: none)
    spikes : isolated samples; clipped_low, clipped_high : share of samples at the lowest, highest value when it is a rail
    interpolated_lines : share of samples on exactly straight lines
    daily, weekly : share of the variance that repeats every day, every week (beyond the day)
    """

    tag: str
    unit: str
    rows: int
    valid: int
    missing: int
    bad: int
    uncertain: int
    interpolated: int
    duplicates: int = 0
    first: int = 0
    last: int = 0
    spacing_ns: int = 0
    longest_gap_ns: int = 0
    gaps: int = 0
    hold_ns: int = 0
    covered: float = 0.0
    minimum: float = math.nan
    maximum: float = math.nan
    mean: float = math.nan
    median: float = math.nan
    sd: float = math.nan
    robust_sd: float = math.nan
    step_sd: float = math.nan
    distinct: int = 0
    quantum: float = 0.0
    repeated: float = 0.0
    longest_run: int = 0
    constant: bool = False
    categorical: bool = False
    monotonic: str = ""
    modes: int = 1
    cyclic: float = 0.0
    spikes: int = 0
    clipped_low: float = 0.0
    clipped_high: float = 0.0
    interpolated_lines: float = 0.0
    daily: float = 0.0
    weekly: float = 0.0


@dataclass(frozen=True, slots=True)
class Plot:
    """A small plot of one tag: the range of its values in equal parts of the recording's time.

    Attributes
    ----------
    start, end : ns UTC
    low, high : (N,) float32, N <= 200; NaN where the part has no valid sample
    """

    start: int
    end: int
    low: Float32Array
    high: Float32Array


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the audit would write for one tag: the `Tag` itself and why each field differs from the default."""

    tag: Tag
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found in one recording.

    Attributes
    ----------
    asset, files : as in the recording
    start, end : ns UTC of the first and last time stamp; rows: how many
    interval_ns : suggested sampling interval
    zone : the zone in which days were counted
    statistics : one per tag, in the order of the recording
    findings : by weight, heaviest first
    suggestions : tag -> what to write for it
    plots : tag -> small plot
    off : off condition as an expression of the plant file, empty where none was found
    mode_tag : tag whose value names the operating mode, empty where none was found
    normal_ns : time that is covered, not off and not labelled otherwise; held_back_ns : the part held back for the budget
    """

    asset: str
    files: tuple[str, ...]
    start: int
    end: int
    rows: int
    interval_ns: int
    zone: str
    statistics: tuple[TagStatistics, ...]
    findings: tuple[Finding, ...]
    suggestions: dict[str, Suggestion]
    plots: dict[str, Plot]
    off: str = ""
    mode_tag: str = ""
    normal_ns: int = 0
    held_back_ns: int = 0

    def of(self, tag: str | None) -> tuple[Finding, ...]:
        """The findings of one tag (None: of the whole recording)."""
        return tuple(finding for finding in self.findings if finding.tag == tag)

    def to_dict(self, language: str = "en") -> dict[str, object]:
        """Plain data for JSON; numbers that are not finite become None."""
        return {
            "schema_version": AUDIT_SCHEMA_VERSION,
            "asset": self.asset,
            "files": list(self.files),
            "start": self.start,
            "end": self.end,
            "rows": self.rows,
            "interval_ns": self.interval_ns,
            "zone": self.zone,
            "off": self.off,
            "mode_tag": self.mode_tag,
            "normal_ns": self.normal_ns,
            "held_back_ns": self.held_back_ns,
            "tags": [{key: _plain(value) for key, value in asdict(row).items()} for row in self.statistics],
            "findings": [
                {
                    "tag": finding.tag,
                    "kind": finding.kind,
                    "weight": finding.weight,
                    "key": finding.evidence.key,
                    "args": {key: _plain(value) for key, value in finding.evidence.args.items()},
                    **dict(zip(("evidence", "consequence", "suggestion"), finding.texts(language), strict=True)),
                    "toml": finding.toml,
                }
                for finding in self.findings
            ],
            "suggestions": {
                tag: {
                    "role": str(item.tag.role),
                    "low": item.tag.low,
                    "high": item.tag.high,
                    "hold_ns": item.tag.hold_ns,
                    "full_turn": item.tag.full_turn if item.tag.role is Role.ANGLE else None,
                    "because": list(item.because),
                }
                for tag, item in self.suggestions.items()
            },
        }

    def alike(self) -> tuple[tuple[Finding, ...], ...]:
        """Findings of several tags that cost the same and ask for the same stand together, the heaviest of each lot first."""
        lots: dict[tuple[str, ...], list[Finding]] = {}
        for finding in self.findings:
            lots.setdefault((finding.kind, *finding.texts()[1:]), []).append(finding)
        return tuple(tuple(lot) for lot in lots.values())

    def to_table(self, language: str = "en", *, together: bool = False) -> list[list[str]]:
        """Findings as rows for a terminal, the first row the headings: weight, tag, what, consequence, suggestion.

        Parameters
        ----------
        together : one row for findings that are `alike`, with the evidence of the heaviest
        """
        heads = [say(f"auditing.table.{name}", language) for name in ("weight", "tag", "evidence", "consequence", "suggestion")]
        whole = say("auditing.table.recording", language)
        rows = []
        for lot in self.alike() if together else ((finding,) for finding in self.findings):
            first = lot[0]
            evidence, consequence, suggestion = first.texts(language)
            if len(lot) > 1:
                evidence = say("auditing.table.alike", language, tag=first.tag or whole, evidence=evidence, count=len(lot) - 1)
            rows.append([f"{first.weight:.2f}", named(lot, whole), evidence, consequence, suggestion])
        return [heads, *rows]

    def statistics_table(self, language: str = "en") -> list[list[str]]:
        """Statistics as rows for a terminal or a page, the first row the headings."""
        names = [
            "tag", "unit", "covered", "missing", "bad", "spacing", "longest_gap", "minimum", "median", "maximum", "sd",
            "quantum", "distinct", "repeated", "kind", "modes", "spikes", "daily", "findings",
        ]  # fmt: skip
        rows = [[say(f"auditing.column.{name}", language) for name in names]]
        counts: dict[str | None, int] = {}
        for finding in self.findings:
            counts[finding.tag] = counts.get(finding.tag, 0) + 1
        for row in self.statistics:
            role = self.suggestions[row.tag].tag.role if row.tag in self.suggestions else Role.MEASURED
            rows.append(
                [
                    row.tag, row.unit, f"{row.covered:.1%}", str(row.missing), str(row.bad), duration_text(row.spacing_ns),
                    duration_text(row.longest_gap_ns), number_text(row.minimum), number_text(row.median), number_text(row.maximum),
                    number_text(row.sd), number_text(row.quantum) if row.quantum else "", str(row.distinct), f"{row.repeated:.0%}",
                    say(f"auditing.role.{role}", language), str(row.modes), str(row.spikes), f"{row.daily:.0%}",
                    str(counts.get(row.tag, 0) or ""),
                ]
            )  # fmt: skip
        return rows


def named(lot: Sequence[Finding], whole: str, most: int = 6) -> str:
    """The tags of a lot of findings, the first `most` by name; `whole` stands for the whole recording."""
    names = ", ".join(finding.tag or whole for finding in lot[:most])
    return names if len(lot) <= most else f"{names}, +{len(lot) - most}"


def _plain(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def number_text(value: float) -> str:
    """A number to four significant digits, without needless zeros; empty where not finite."""
    return f"{value:.4g}" if math.isfinite(value) else ""


def duration_text(ns: float) -> str:
    """A duration to its two largest units, for people ("3d 4h", "12min 30s")."""
    if ns <= 0:
        return "0s"
    parts: list[str] = []
    rest = round(ns)
    for unit, size in (("d", DAY_NS), ("h", HOUR_NS), ("min", MINUTE_NS), ("s", NS), ("ms", 1_000_000), ("µs", 1_000), ("ns", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
        if len(parts) == 2 or (parts and not count):
            break
    return " ".join(parts)


def instant_text(ns: int, zone: str) -> str:
    """An instant to the second in a zone, for people."""
    return format_instant(int(ns) // NS * NS, zone).replace("T", " ")


def tag_toml(tag: str, *settings: tuple[str, object]) -> str:
    """A `[[tag]]` table of the plant file with those settings."""
    lines = ["[[tag]]", f"id = {toml_text(tag)}"]
    for key, value in settings:
        lines.append(f"{key} = {toml_text(value) if isinstance(value, str) else _toml_number(value)}")
    return "\n".join(lines)


def _toml_number(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(float(value)) if isinstance(value, float) else str(value)
