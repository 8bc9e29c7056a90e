"""The monitor: everything a model needs to judge a recording, a chunk of it, or one tick; the same functions for all.

monitor = load("reactor.andon")
scored = monitor.score(recording)               # history
state = monitor.start()
step, state = monitor.run(recording, state)     # chunks, live; lab=... hands over results as they come
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from andon.evidence.calibration import Calibration
from andon.evidence.events import OpenerState, Span
from andon.evidence.quality_view import QualityEvidence, QualityEvidenceState
from andon.plant.arrays import BoolArray, Float32Array, Float64Array, StatusArray
from andon.plant.errors import PreparationError
from andon.plant.label import Label, LabResults
from andon.plant.progress import Progress, silent
from andon.plant.recording import Recording
from andon.plant.tag import Tag
from andon.plant.verdict import TOP_TAGS, Event, QualityPredictions, Verdict, Verdicts, Why
from andon.plant.window import Expectation, Prepared
from andon.preparing import Preparation, PrepareState, join, prepare, prepare_pieces
from andon.scoring.ahead import ahead
from andon.scoring.blas_threads import one_blas_thread
from andon.scoring.detector import NETWORK, Detection, Detector, DetectorState
from andon.scoring.quality_of import join_steps, predict_quality
from andon.scoring.rivals import Rival

CHUNK_ROWS = 4096
NAMED_ABOVE = 0.8


@dataclass(frozen=True, slots=True)
class MonitorState:
    """What a monitor remembers of one asset between chunks."""

    prepare: PrepareState | None
    detector: DetectorState
    opener: OpenerState
    quality: tuple[Any, ...] = ()
    coupled: QualityEvidenceState | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What one chunk gave.

    Attributes
    ----------
    prepared, detection : the chunk and its evidence
    active : (T,) bool, ticks that belong to an event
    opened, closed : spans, in ticks
    quality : predictions at the chunk's ticks, one table a target
    checks : of each target, what results that became known in the chunk say, see `QualityState`
    quality_part : (T,) what they add to the evidence; None where the model is not coupled
    """

    prepared: Prepared
    detection: Detection
    active: BoolArray
    opened: tuple[Span, ...]
    closed: tuple[Span, ...]
    quality: tuple[QualityPredictions, ...]
    checks: tuple[Float64Array, ...]
    quality_part: Float64Array | None = None

    @property
    def evidence(self) -> Float64Array:
        """(T,) evidence that decides: the detector's and what quality adds."""
        trace = self.detection.views.trace
        return trace if self.quality_part is None else trace + self.quality_part


@dataclass(frozen=True, slots=True)
class Scored:
    """The answer for a whole recording.

    Attributes
    ----------
    verdicts : one per tick
    events : with tags, shares and sentence
    quality : predictions, or None where the model has no target
    prepared : the ticks as the model saw them
    expected : (T, C) float32, each channel from the others, scaled units
    expectations : core -> what it expected, for rivals on the same history; None where nobody asked to keep them
    """

    asset: str
    verdicts: Verdicts
    events: tuple[Event, ...]
    quality: QualityPredictions | None
    prepared: Prepared
    expected: Float32Array
    trace: Float64Array
    judge: BoolArray
    abnormality: Float64Array
    expectations: dict[str, Expectation] | None = None

    @property
    def judged_h(self) -> float:
        """Hours of judgeable running time."""
        return float(self.judge.sum()) * self.prepared.interval_ns / 3.6e12


@dataclass(frozen=True, slots=True)
class Monitor:
    """One model, for one asset or sisters that share it.

    Attributes
    ----------
    assets : assets it may be used for
    preparation, detector, calibration, quality : its parts in the order in which data flows
    tags : names, units and groups of the tags, as a person knows them
    rivals : candidates that were not chosen, for comparison on history
    coupling : what results tell the detector; None where it listens to the sensors alone
    version : of the bundle; "unsaved" before it is one
    manifest : what the bundle says of itself: report card, fingerprint, card
    members : for sisters, a monitor of each asset: one detector, but its own centres, threshold and soft sensors. Empty for one asset
    """

    assets: tuple[str, ...]
    preparation: Preparation
    detector: Detector
    calibration: Calibration
    quality: tuple[Any, ...] = ()
    tags: tuple[Tag, ...] = ()
    rivals: tuple[Rival, ...] = ()
    coupling: QualityEvidence | None = None
    version: str = "unsaved"
    manifest: dict[str, Any] = field(default_factory=dict)
    members: tuple[Monitor, ...] = ()

    @property
    def asset(self) -> str:
        """The first of its assets."""
        return self.assets[0]

    def of(self, asset: str) -> Monitor:
        """The monitor of one of its assets; itself where it has but one.

        Raises
        ------
        PreparationError : it is for others
        """
        if not self.members:
            return self
        for member in self.members:
            if member.asset == asset:
                return replace(member, version=self.version, manifest=self.manifest)
        raise PreparationError(
            f"this model is for {', '.join(self.assets)}, the recording is of {asset}",
            do="choose the model of that asset, or name the recording's asset as the model does",
        )

    @property
    def tag_ids(self) -> tuple[str, ...]:
        """Tags that it reads, each once."""
        return tuple(dict.fromkeys(self.preparation.channel_tags))

    def label(self, tag: str) -> str:
        """What people call a tag."""
        return next((item.label for item in self.tags if item.id == tag), tag)

    def start(self) -> MonitorState:
        """State before the first sample; of sisters, ask the member: `monitor.of(asset).start()`."""
        coupled = None if self.coupling is None else self.coupling.start()
        return MonitorState(None, self.detector.start(), OpenerState(), tuple(model.start() for model in self.quality), coupled)

    def shares_above(self, threshold: float) -> float:
        """Evidence above which a tick's tags are named: four fifths of the way from the median of normal time to the threshold."""
        centre = self.calibration.opening.centre
        return centre + NAMED_ABOVE * (threshold - centre)

    def run(
        self,
        recording: Recording,
        state: MonitorState,
        *,
        labels: Sequence[Label] = (),
        lab: Sequence[LabResults] = (),
        out_of_service: Sequence[Any] = (),
        until: int | None = None,
        threshold: float | None = None,
    ) -> tuple[Step, MonitorState]:
        """Judge the next chunk of one asset; any cut gives the same answer.

        Parameters
        ----------
        recording : samples after those of `state`
        labels : planned work among them is not judged
        lab : results that have come since the last call, each once; one whose result time is later waits in the state
        out_of_service : tags that must not be used
        until : ns; ticks up to here are complete even where no later sample came
        threshold : in place of the calibration's, from the controller
        """
        if self.members:
            return self.of(recording.asset).run(
                recording, state, labels=labels, lab=lab, out_of_service=out_of_service, until=until, threshold=threshold
            )
        prepared, prepare_state = prepare(
            self.preparation, recording, state.prepare, labels=labels, out_of_service=out_of_service, until=until
        )
        return self._judge(
            prepared, MonitorState(prepare_state, state.detector, state.opener, state.quality, state.coupled), lab, threshold
        )

    def _judge(
        self, prepared: Prepared, state: MonitorState, lab: Sequence[LabResults], threshold: float | None
    ) -> tuple[Step, MonitorState]:
        expectations, detector = self.detector.expect(prepared, state.detector)
        moved = MonitorState(state.prepare, detector, state.opener, state.quality, state.coupled)
        return self._conclude(prepared, expectations, moved, lab, threshold)

    def _conclude(
        self,
        prepared: Prepared,
        expectations: dict[str, Expectation],
        state: MonitorState,
        lab: Sequence[LabResults],
        threshold: float | None,
    ) -> tuple[Step, MonitorState]:
        level = self.calibration.threshold if threshold is None else threshold
        detection, after = self.detector.judge(prepared, expectations, state.detector, shares_above=self.shares_above(level))
        trace, part, coupled = detection.views.trace, None, state.coupled
        quality: tuple[QualityPredictions, ...] = ()
        told, checks = state.quality, tuple[Float64Array, ...]()
        if self.quality:
            # What results add must not feed back into the soft sensors, so abnormality is of the sensors' views alone.
            abnormality = trace / (level if self.coupling is None else self.coupling.reference)
            quality, told = predict_quality(self.quality, prepared, expectations.get(NETWORK), abnormality, lab, state.quality)
            checks = tuple(one.checks for one in told)
        if self.coupling is not None and coupled is not None:
            mine = [rows for model, rows in zip(self.quality, checks, strict=True) if model.target in self.coupling.targets]
            part, coupled = self.coupling.run(mine, prepared.tick, coupled)
        heard = trace if part is None else trace + part
        spans, opener = self.calibration.opener().run(heard, detection.judge, prepared.tick, state.opener, level)
        step = Step(prepared, detection, spans.active, spans.opened, spans.closed, quality, checks, part)
        return step, MonitorState(state.prepare, after, opener, told, coupled)

    def score(
        self,
        recording: Recording,
        *,
        labels: Sequence[Label] = (),
        lab: Sequence[LabResults] = (),
        out_of_service: Sequence[Any] = (),
        threshold: float | None = None,
        keep_expectations: bool = False,
        progress: Progress = silent,
    ) -> Scored:
        """Judge a whole recording: verdicts, events, quality.

        Parameters
        ----------
        recording : one asset
        labels : planned work is not judged; other labels are ignored
        lab : results as they became known; used only after their result time
        out_of_service : tags that must not be used
        threshold : in place of the calibration's
        keep_expectations : what the cores expected stays with the result

        Raises
        ------
        PreparationError : none of the model's tags is there, or another sampling interval
        """
        from andon.scoring.events_of import Explained, describe_events

        if self.members:
            return self.of(recording.asset).score(
                recording, labels=labels, lab=lab, out_of_service=out_of_service, threshold=threshold,
                keep_expectations=keep_expectations, progress=progress
            )  # fmt: skip
        progress("scoring", 0.0)
        begin, end = (int(recording.time[0]), int(recording.time[-1])) if recording.rows else (0, 0)
        pieces = prepare_pieces(self.preparation, recording, labels=labels, out_of_service=out_of_service, until=end)
        state, known = self.start(), lab
        steps: list[Step] = []
        opened: dict[int, Span] = {}
        with one_blas_thread():
            for part, expectations in ahead(self._expected(pieces)):
                if part.rows:
                    progress("scoring", min(max((int(part.time[0]) - begin) / max(end - begin, 1), 0.0), 1.0))
                step, state = self._conclude(part, expectations, state, known, threshold)
                known = ()
                steps.append(step)
                opened.update({span.start: span for span in (*step.opened, *step.closed)})
        prepared = join([step.prepared for step in steps])
        last = self.calibration.opener().finish(state.opener)
        if last is not None:
            opened[last.start] = last
        joined = _Joined.of(steps, prepared)
        level = self.calibration.threshold if threshold is None else threshold
        explained = Explained(self, prepared, steps, joined.trace, joined.expected)
        top = explained.top_tags(TOP_TAGS)
        events = describe_events(self, explained, sorted(opened.values(), key=lambda span: span.start), progress)
        quality = join_steps([step.quality for step in steps])
        verdict = np.where(joined.active, np.uint8(Verdict.ANOMALOUS), np.uint8(Verdict.NORMAL))
        verdict = np.where(joined.judge, verdict, np.uint8(Verdict.CANNOT_JUDGE))
        rows = prepared.rows
        verdicts = Verdicts(
            asset=recording.asset, time=prepared.time, verdict=verdict, why=joined.why,
            p=np.where(joined.judge, self.calibration.p_map(joined.trace), np.nan), evidence=joined.trace,
            threshold=np.full(rows, level), mode=prepared.mode.astype(np.int16), revision=np.zeros(rows, dtype=np.int32),
            model=self.version,
            tags=self.tag_ids, top_tags=top[0], top_shares=top[1],
        )  # fmt: skip
        progress("scoring", 1.0)
        return Scored(
            recording.asset, verdicts, events, quality, prepared, joined.expected, joined.trace, joined.judge, joined.trace / level,
            _expectations(steps) if keep_expectations else None,
        )  # fmt: skip

    def _expected(self, pieces: Iterable[Prepared]) -> Iterator[tuple[Prepared, dict[str, Expectation]]]:
        """What the cores expect of every piece, in parts of bounded size."""
        state = self.detector.start()
        for piece in pieces:
            for low in range(0, max(piece.rows, 1), CHUNK_ROWS):
                part = piece.part(low, min(low + CHUNK_ROWS, piece.rows))
                expectations, state = self.detector.expect(part, state)
                yield part, expectations

    def save(self, path: str | os.PathLike[str], **more: Any) -> Path:
        """Write the model file; returns its path. See `scoring.model_file.save`."""
        from andon.scoring.model_file import save

        return save(self, path, **more)


def _expectations(steps: Sequence[Step]) -> dict[str, Expectation]:
    """What the cores expected, chunks side by side."""
    cores = steps[0].detection.expectations if steps else {}
    return {
        core: Expectation(
            *(np.concatenate([getattr(step.detection.expectations[core], name) for step in steps]) for name in _OF_EXPECTATION)
        )
        for core in cores
    }


_OF_EXPECTATION = tuple(item.name for item in fields(Expectation))


@dataclass(frozen=True, slots=True)
class _Joined:
    """The chunks side by side."""

    trace: Float64Array
    judge: BoolArray
    why: StatusArray
    active: BoolArray
    expected: Float32Array

    @classmethod
    def of(cls, steps: Sequence[Step], prepared: Prepared) -> _Joined:
        if not steps:
            none = np.zeros(0)
            return cls(none, none.astype(bool), none.astype(np.uint8), none.astype(bool), prepared.x[:0])
        trace = np.concatenate([step.evidence for step in steps])
        why = np.concatenate([step.detection.why for step in steps])
        active = np.concatenate([step.active for step in steps])
        expected = np.concatenate([step.detection.best.relation for step in steps])
        return cls(trace, why == Why.JUDGED, why.astype(np.uint8), active, expected)
