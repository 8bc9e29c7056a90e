"""How good was it? Measures of detectors and of quality predictions, simple baselines, and the report card.

Nothing here looks at training, and nothing here chooses a threshold: a measure takes labels and answers that are final.
Headline numbers are event-wise; a point-adjusted score exists only under that name.
"""

from andon.evaluating.vus import Vus, vus, vus_pr, vus_roc
from andon.evaluating.window_rule import acf_window

__all__ = ["Vus", "acf_window", "vus", "vus_pr", "vus_roc"]
