"""plant.toml -> wired rooms; the verbs that both doors call. The only place that knows every room.

`sources` reads what a verb is pointed at; `audit`, `train`, `score` and `promises` hold the verbs; `compare` judges a model
beside its rivals; `report_data` and `quality_panel` turn results into what a report shows; `demo` does it all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from andon.project.audit import audit as audit
    from andon.project.audit import init as init
    from andon.project.demo import demo as demo
    from andon.project.fit import fit as fit
    from andon.project.promises import budget as budget
    from andon.project.promises import flat as flat
    from andon.project.promises import inspect as inspect
    from andon.project.promises import new_keys as new_keys
    from andon.project.promises import promote as promote
    from andon.project.promises import tag_in as tag_in
    from andon.project.promises import tag_out as tag_out
    from andon.project.score import evaluate as evaluate
    from andon.project.score import report as report
    from andon.project.score import score as score
    from andon.project.train import train as train

_HOMES = {
    "audit": "audit", "init": "audit", "demo": "demo", "fit": "fit", "budget": "promises", "flat": "promises", "inspect": "promises",
    "new_keys": "promises", "promote": "promises", "tag_in": "promises", "tag_out": "promises", "evaluate": "score", "report": "score",
    "score": "score", "train": "train",
}  # fmt: skip
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"andon.project.{_HOMES[name]}"), name)
