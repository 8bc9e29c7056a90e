"""Soft sensors learn here.

`labelled` puts laboratory results on ticks and says what was known when; `dead_time` reads the dead time off the data;
`smooth_response` and `nonlinear` are the families of candidates, `correction` learns how far to believe the newest
results, `assemble` makes models that run, `fit` chooses among them in time order, `report` says how they did,
`within_spec` turns a specification into calibrated probabilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from andon.training.quality.fit import fit_quality
    from andon.training.quality.report import QualityReport

__all__ = ["QualityReport", "fit_quality"]


def __getattr__(name: str) -> Any:
    """Import on first use."""
    if name == "fit_quality":
        from andon.training.quality.fit import fit_quality

        return fit_quality
    if name == "QualityReport":
        from andon.training.quality.report import QualityReport

        return QualityReport
    raise AttributeError(name)
