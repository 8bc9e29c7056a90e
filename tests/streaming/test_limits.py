"""Thresholds: as the controller gives them from the same log, however often they are asked, kept or restored between."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from andon.evidence.controller import Controller, EventRecord, thresholds_at
from andon.plant.time import DAY_NS, HOUR_NS
from andon.streaming.control import Marked, Promised
from andon.streaming.limits import Closed, Limit

START = 20_000 * DAY_NS
PROMISE = Promised("P-1", 10.0, 1.5, 1.0 / 48, 0.9, START)


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[int, str, object]]:
    """(time, what, content) in order: events that close, marks before or after they do."""
    moments: list[tuple[int, str, object]] = []
    for at in range(draw(st.integers(0, 6))):
        opened = START + draw(st.integers(1, 10 * 24)) * HOUR_NS
        closed = opened + draw(st.integers(0, 30)) * HOUR_NS
        event = Closed(f"e{at}", opened, closed, draw(st.floats(10, 200)))
        moments.append((closed, "closed", event))
        if draw(st.booleans()):
            when = opened + draw(st.integers(0, 80)) * HOUR_NS
            moments.append((when, "marked", Marked("P-1", event.id, draw(st.booleans()), when)))
    return sorted(moments, key=lambda moment: (moment[0], moment[1]))


@given(stories(), st.lists(st.integers(0, 15 * 24), max_size=30), st.booleans())
def test_the_threshold_is_the_controllers_whenever_it_is_asked(
    story: list[tuple[int, str, object]], hours: list[int], restart: bool
) -> None:
    asks = sorted({START + hour * HOUR_NS for hour in hours})
    limit, told, rest = Limit(PROMISE), [], list(story)
    log: dict[str, EventRecord] = {}
    marks: dict[str, Marked] = {}
    controller = Controller(10.0, 1.5, 1.0 / 48, 0.9)
    until, value = 0, 0.0
    for ask in asks:
        if rest and rest[0][0] <= ask:
            until = 0
        while rest and rest[0][0] <= ask:
            _, what, content = rest.pop(0)
            if what == "closed":
                assert isinstance(content, Closed)
                limit = limit.with_closed(content)
                mark = marks.get(content.id)
                log[content.id] = EventRecord(
                    content.id, content.opened, content.closed, content.peak, mark.false if mark else None, mark.at if mark else None
                )
            else:
                assert isinstance(content, Marked)
                limit = limit.with_mark(content)
                marks[content.event] = content
                if content.event in log:
                    old = log[content.event]
                    log[content.event] = EventRecord(old.id, old.opened, old.closed, old.peak_evidence, content.false, content.at)
        if restart:
            limit = Limit.from_kept(json.loads(json.dumps(limit.to_kept())))
        if ask >= until:  # else the limit says that nothing has moved
            value, limit = limit.at(ask)
            until = limit.holds_until(ask)
        steps = controller.steps(list(log.values()), START, ask)
        told.append((value, float(thresholds_at(steps, [ask])[0])))  # type: ignore[arg-type]
    assert [one for one, _ in told] == [other for _, other in told]


def test_another_promise_begins_anew_and_keeps_the_log() -> None:
    event = Closed("e", START + HOUR_NS, START + 2 * HOUR_NS, 40.0, True, START + 2 * HOUR_NS)
    value, limit = Limit(PROMISE).with_closed(event).at(START + 3 * HOUR_NS)
    assert value > 10.0
    lower = Promised("P-1", 8.0, 1.5, 1.0 / 24, 0.9, START + 3 * HOUR_NS)
    value, limit = limit.with_promise(lower).at(START + 3 * HOUR_NS)
    assert value == 8.0
    assert limit.log == (event,)


def test_a_quiet_asset_is_worked_out_once() -> None:
    _, limit = Limit(PROMISE).at(START + HOUR_NS)
    for hour in range(2, 500):
        value, after = limit.at(START + hour * HOUR_NS)
        assert (value, after) == (10.0, limit)
