"""How good was it? Measures of detectors and of quality predictions, and the report card.

Nothing here looks at training, and nothing here chooses a threshold: a measure takes labels and answers that are final.
Headline numbers are event-wise; a point-adjusted score exists only under that name.
"""

from andon.evaluating.change_points import NabScores, nab_scores
from andon.evaluating.events import Caught, EventScores, Span, label_mask, match_events, spans
from andon.evaluating.numenta import NumentaScores, numenta_scores
from andon.evaluating.pointwise import Confusion, average_precision, composite_f1, confusion, point_adjusted_f1, roc_auc, roc_curve
from andon.evaluating.quality import (
    QualityScores,
    block_coverage,
    brier,
    coverage,
    expected_calibration_error,
    mae,
    mean_width,
    pinball,
    quality_scores,
    quantile_calibration_error,
    r2,
    rmse,
    winkler,
)
from andon.evaluating.ranges import RangeScores, range_scores
from andon.evaluating.rates import Rate, poisson_interval, rate_per_day
from andon.evaluating.report_card import Answer, CardRow, ReportCard, report_card, summary_sentence
from andon.evaluating.responsibility import hit_rate
from andon.evaluating.segments import segments
from andon.evaluating.vus import Vus, vus, vus_pr, vus_roc
from andon.evaluating.window_rule import acf_window

__all__ = [
    "Answer",
    "CardRow",
    "Caught",
    "Confusion",
    "EventScores",
    "NabScores",
    "NumentaScores",
    "QualityScores",
    "RangeScores",
    "Rate",
    "ReportCard",
    "Span",
    "Vus",
    "acf_window",
    "average_precision",
    "block_coverage",
    "brier",
    "composite_f1",
    "confusion",
    "coverage",
    "expected_calibration_error",
    "hit_rate",
    "label_mask",
    "mae",
    "match_events",
    "mean_width",
    "nab_scores",
    "numenta_scores",
    "pinball",
    "point_adjusted_f1",
    "poisson_interval",
    "quality_scores",
    "quantile_calibration_error",
    "r2",
    "range_scores",
    "rate_per_day",
    "report_card",
    "rmse",
    "roc_auc",
    "roc_curve",
    "segments",
    "spans",
    "summary_sentence",
    "vus",
    "vus_pr",
    "vus_roc",
    "winkler",
]
