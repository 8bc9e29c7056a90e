"""The verbs of the terminal that do not serve: every one of them with its home.

Some verbs have the name of their module. They stand here and not in the package itself: there the module would take the name from the
verb, and whoever needs one room of the package would load all of them.
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
