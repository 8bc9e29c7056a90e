"""What routes are given: the desk, the accounts, the clock, the feed, the metrics."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from andon.plant.clock import Clock
from andon.service.accounts.accounts import Accounts
from andon.service.desk import Desk
from andon.service.live import Feed
from andon.service.metrics import Metrics

TheDesk = NamedDependency[SkipValidation[Desk]]
TheAccounts = NamedDependency[SkipValidation[Accounts]]
TheClock = NamedDependency[SkipValidation[Clock]]
TheFeed = NamedDependency[SkipValidation[Feed]]
TheMetrics = NamedDependency[SkipValidation[Metrics]]
