"""Which fleet serves some assets of a model."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from andon.plant.errors import EvidenceError, PreparationError
from andon.scoring.fleet import AssetByAsset, Fleet
from andon.scoring.lockstep.fleet import Lockstep
from andon.scoring.lockstep.parts import check_assets
from andon.scoring.monitor import Monitor

log = logging.getLogger("andon.scoring")
FEWEST = 2  # one asset by itself is quicker


def fleet_of(monitor: Monitor, assets: Sequence[str]) -> Fleet:
    """The quickest fleet that can serve the assets: in lockstep, or asset by asset where there is one alone or they differ too much.

    Raises
    ------
    PreparationError : the model is not for an asset
    """
    names = tuple(assets)
    check_assets(monitor, names)
    if len(names) < FEWEST:
        return AssetByAsset(monitor, names)
    try:
        return Lockstep(monitor, names)
    except (EvidenceError, PreparationError) as error:
        log.info("judged asset by asset", extra={"assets": len(names), "why": error.what})
        return AssetByAsset(monitor, names)
