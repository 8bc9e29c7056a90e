"""plant.toml -> wired rooms; the verbs that both doors call. The only place that knows every room.

`sources` reads what a verb is pointed at; `audit`, `train`, `score` and `promises` hold the verbs; `compare` judges a model
beside its rivals; `report_data` and `quality_panel` turn results into what a report shows; `demo` does it all.

Some verbs have the name of their module. They are therefore imported here and not on first use: Python binds a module that
is loaded later over the name in its package, and the verb would be gone. The training stack stays out until a verb needs it.
"""

from __future__ import annotations

from andon.project.audit import audit, init
from andon.project.demo import demo
from andon.project.fit import fit
from andon.project.promises import budget, flat, inspect, new_keys, promote, tag_in, tag_out
from andon.project.score import evaluate, report, score
from andon.project.train import train

__all__ = [
    "audit", "budget", "demo", "evaluate", "fit", "flat", "init", "inspect", "new_keys", "promote", "report", "score", "tag_in", "tag_out",
    "train",
]  # fmt: skip
