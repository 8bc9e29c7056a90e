"""Names for the arrays that flow. Letters: B asset, T time, C channel, K context, H horizon, Q quantile."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Float32Array: TypeAlias = NDArray[np.float32]
Float64Array: TypeAlias = NDArray[np.float64]
FloatArray: TypeAlias = NDArray[np.floating[Any]]
BoolArray: TypeAlias = NDArray[np.bool_]
IntArray: TypeAlias = NDArray[np.integer[Any]]
Int64Array: TypeAlias = NDArray[np.int64]
StatusArray: TypeAlias = NDArray[np.uint8]
TimeArray: TypeAlias = NDArray[np.int64]  # ns since the epoch, UTC
