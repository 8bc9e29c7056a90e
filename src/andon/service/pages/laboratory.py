"""Laboratory results into the live loop."""

from __future__ import annotations

from andon.plant.errors import AskUserError
from andon.plant.time import NS
from andon.project.live.running import Running
from andon.service.callers import Caller
from andon.service.problems import UnknownName
from andon.service.routes.instants import to_ns, to_text
from andon.service.schema import LabResult, Pushed
from andon.streaming.control import Result

AHEAD_NS = 5 * NS


def laboratory(running: Running, caller: Caller, results: list[LabResult]) -> Pushed:
    """All of them into the journal and the ledger.

    Raises
    ------
    UnknownName : no such asset, or no model of it predicts the target
    AskUserError : a time lies ahead, or before the sample was drawn
    """
    now = running.clock.now()
    predicted = {asset: _predicted(running, asset) for asset in {item.asset for item in results}}
    told = [_checked(running, item, number, now, predicted[item.asset]) for number, item in enumerate(results, start=1)]
    running.loop.tell_all(told)
    for item in told:
        data = {"asset": item.asset, "target": item.target, "sample_time": to_text(item.sample_time), "value": item.value}
        running.models.record("lab-result", data, at=now, by=caller.name)
    return Pushed(accepted=len(told), set_aside=0, reasons=[])


def _predicted(running: Running, asset: str) -> set[str]:
    """The targets that an asset's model predicts; of no name, those of any."""
    return {model.target for name, monitor in running.monitors.items() if asset in ("", name) for model in monitor.of(name).quality}


def _checked(running: Running, item: LabResult, number: int, now: int, predicted: set[str]) -> Result:
    if item.asset and item.asset not in running.monitors:
        raise UnknownName(item.asset)
    if item.target not in predicted:
        raise UnknownName(item.target)
    drawn = to_ns(item.sample_time, "sample_time")
    known_at = to_ns(item.result_time, "result_time") if item.result_time else max(now, drawn)
    if drawn > now + AHEAD_NS or known_at > now + AHEAD_NS:
        raise AskUserError(f"a time of result {number} lies ahead", do="send the time at which the sample was drawn, with its zone")
    if known_at < drawn:
        raise AskUserError(f"result {number} was known before its sample was drawn", do="exchange sample_time and result_time")
    return Result(item.asset, item.target, drawn, known_at, item.value)
