"""Evidence: from residuals to events within a budget.

Views turn the residuals of each core into statistics that can be compared, and their soft sum is the trace (`views`,
`novelty`, `whiten`, `soft_sum`); shares say which tags are responsible (`shares`). A calibration turns the trace of
held-back normal time into the threshold of a promised event rate (`calibrate`, `rate`, `tail`), carries what it needs for
another promise (`calibration`, `normal_trace`, `fault_trace`), prices it in standard faults (`standard_faults`, `budget`)
and for several assets (`group`); where there is too little normal time the model gets a threshold without a promise
(`unpromised`). Events open by one rule for history and live (`events`); the controller holds the rate in
service (`controller`); `moved` says when the promise no longer holds, and `sentence` says all of it in plain words.
Everything is numpy and a pure function of its arguments.
"""

from andon.evidence.budget import BudgetPoint, FaultCost, budget_curve, cost, found_share, group_cost, group_curve, tightest_budget
from andon.evidence.calibrate import CalibrationRefused, calibrate, rebudget, rebudget_many
from andon.evidence.calibration import Calibration
from andon.evidence.controller import Controller, EventRecord, Step, thresholds_at
from andon.evidence.events import EventOpener, EventSpans, OpenerState, Opening, Span
from andon.evidence.fault_trace import FaultTrace
from andon.evidence.group import GroupCalibration, HeldBack, calibrate_group, promise_group, rebudget_group, split_budget
from andon.evidence.moved import Moved, moved
from andon.evidence.sentence import (
    budget_sentence,
    duration_sentence,
    event_sentence,
    moved_sentence,
    refused_sentence,
    shift_sentence,
)
from andon.evidence.standard_faults import STANDARD_FAULTS, Injection, fault_trace, standard_faults
from andon.evidence.unpromised import without_promise

__all__ = [
    "STANDARD_FAULTS",
    "BudgetPoint",
    "Calibration",
    "CalibrationRefused",
    "Controller",
    "EventOpener",
    "EventRecord",
    "EventSpans",
    "FaultCost",
    "FaultTrace",
    "GroupCalibration",
    "HeldBack",
    "Injection",
    "Moved",
    "OpenerState",
    "Opening",
    "Span",
    "Step",
    "budget_curve",
    "budget_sentence",
    "calibrate",
    "calibrate_group",
    "cost",
    "duration_sentence",
    "event_sentence",
    "fault_trace",
    "found_share",
    "group_cost",
    "group_curve",
    "moved",
    "moved_sentence",
    "promise_group",
    "rebudget",
    "rebudget_group",
    "rebudget_many",
    "refused_sentence",
    "shift_sentence",
    "split_budget",
    "standard_faults",
    "thresholds_at",
    "tightest_budget",
    "without_promise",
]
