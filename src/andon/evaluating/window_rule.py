"""TSB-AD's rule for the length of an anomaly: the period of the series by its autocorrelation."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from andon.plant.errors import EvaluationError

_BASE, _LAGS, _ROWS, _DEFAULT, _SHORTEST, _LONGEST = 3, 400, 20_000, 125, 3, 300


def acf_window(series: ArrayLike) -> int:
    """Lag of the highest local maximum of the autocorrelation (`find_length_rank(..., rank=1)` of TSB-AD).

    Looks at the first 20,000 rows and lags 3-400; 125 where there is no local maximum or it lies outside 6-303.

    Parameters
    ----------
    series : (T,) one tag, finite; TSB-AD takes the first tag of a multivariate recording

    Returns
    -------
    ticks, >= 6

    Raises
    ------
    EvaluationError : not a vector, or values missing

    References
    ----------
    Liu and Paparrizos 2024, TSB-AD 1.5, `utils/slidingWindows.py`.
    """
    x = np.asarray(series, dtype=np.float64)
    if x.ndim != 1 or not bool(np.all(np.isfinite(x))):
        raise EvaluationError("the window rule needs one tag without missing values", do="fill gaps, or pass the window yourself")
    x = x[:_ROWS]
    if len(x) < 2 or x.max() == x.min():
        return _DEFAULT
    x = x - x.mean()
    spectrum = np.fft.rfft(x, 1 << int(2 * len(x)).bit_length())
    covariance = np.fft.irfft(spectrum * spectrum.conj())[: min(_LAGS, len(x) - 1) + 1]
    correlation = (covariance / covariance[0])[_BASE:]
    if len(correlation) < 3:
        return _DEFAULT
    peaks = np.flatnonzero((correlation[1:-1] > correlation[:-2]) & (correlation[1:-1] > correlation[2:])) + 1
    if len(peaks) == 0:
        return _DEFAULT
    best = int(peaks[np.argmax(correlation[peaks])])
    return best + _BASE if _SHORTEST <= best <= _LONGEST else _DEFAULT
