"""`andon.fit`: a monitor from a recording in one call, with the habits of scikit-learn users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from andon.auditing import audit
from andon.plant.file.schema import PlantFile
from andon.plant.label import Label, LabResults
from andon.plant.progress import Progress, silent
from andon.plant.recording import Recording
from andon.plant.time import parse_duration
from andon.project.fitness import check_material, check_span
from andon.project.train import report_card
from andon.scoring.monitor import Monitor


def fit(
    recording: Recording,
    plant: PlantFile | None = None,
    *,
    labels: Sequence[Label] = (),
    lab: Sequence[LabResults] = (),
    time_limit: str | None = None,
    seed: int | None = None,
    network: bool = True,
    progress: Progress = silent,
) -> Monitor:
    """Train a monitor on a recording; everything that the plant file leaves open comes from the audit.

    Parameters
    ----------
    recording : one asset
    plant : settings; None for the defaults
    labels, lab : what is known of the time and of the product
    time_limit : like "90s"; default: the plant file's
    seed : of everything random
    network : False for the linear core alone

    Raises
    ------
    ReadingError : nothing can be learnt from the recording, for no value in it ever changes
    PreparationError : no usable normal time
    CalibrationRefused : no promise can be made from so little normal time

    Examples
    --------
    >>> monitor = andon.fit(recording, time_limit="60s")  # doctest: +SKIP
    >>> monitor.score(recording).events  # doctest: +SKIP
    """
    from andon.training.fit_monitor import FitOptions, fit_monitor

    plant = plant or PlantFile()
    check_material(recording)
    interval = plant.sampling.interval_ns or audit(recording, zone=plant.site.zone).interval_ns
    check_span(recording, interval)
    limit = parse_duration(time_limit) if time_limit else None
    options = FitOptions(time_limit_ns=limit, seed=seed, network=network)
    fitted = fit_monitor(recording, plant, interval_ns=interval, labels=labels, lab=lab, options=options, progress=progress)
    return replace(fitted.monitor, manifest=report_card(fitted, [], None, plant, refused=[fitted.refused] if fitted.refused else []))
