"""A verdict as Lookout for Equipment's scheduled inference wrote it, so that what read its results reads these."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from andon.plant.time import NS
from andon.plant.verdict import Verdict


def lookout_line(
    asset: str, time: int, verdict: Verdict, score: float, shares: Sequence[tuple[str, float]] = (), *, machine_off: bool = False
) -> dict[str, Any]:
    """The data of a message "scores".

    Parameters
    ----------
    time : ns UTC of the tick
    score : 0 to 1, beyond 0.5 where it is anomalous; None of it is a probability
    shares : (tag, share of the evidence), the largest first; given for anomalous verdicts
    machine_off : the machine is off at this tick

    Returns
    -------
    timestamp, prediction (1: anomalous), prediction_reason, anomaly_score and diagnostics, named `asset\\tag`
    """
    anomalous = verdict is Verdict.ANOMALOUS
    reason = "MACHINE_OFF" if machine_off else "ANOMALY_DETECTED" if anomalous else "NO_ANOMALY_DETECTED"
    moment = datetime.fromtimestamp(time // NS, tz=UTC).replace(microsecond=time % NS // 1_000, tzinfo=None)
    line: dict[str, Any] = {
        "timestamp": moment.isoformat(timespec="microseconds"),
        "prediction": int(anomalous and not machine_off),
        "prediction_reason": reason,
        "anomaly_score": round(float(score), 6),
    }
    if anomalous:
        line["diagnostics"] = [{"name": f"{asset}\\{tag}", "value": round(float(share), 6)} for tag, share in shares]
    return line
