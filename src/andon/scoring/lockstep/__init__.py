"""A fleet in lockstep: every tick of all assets of a model with a number of calls that does not depend on how many they are.

`Lockstep` answers what `scoring.fleet.AssetByAsset` answers, with state in arrays of all assets; `fleet_of` chooses between the two. Data
goes the same way as for one asset: `preparing.lockstep`, the linear core (`cores`), the network (`network`), `evidence.lockstep`,
`evidence.lockstep_events`; p-values are worked out by `p_maps`. What goes over from one to the other, and into a checkpoint,
stands in `state`. Soft sensors have not been vectorised: where a model has some, they answer asset by asset.
"""

from andon.scoring.lockstep.choice import fleet_of
from andon.scoring.lockstep.fleet import Lockstep

__all__ = ["Lockstep", "fleet_of"]
