"""The four causal detectors of TSB-AD's package, fitted on train, scored on test; run by the environment of the package.

FOLDER/tsb-ad/bin/python benchmarks/peers/causal.py SERIES.npz SCORES.npz [METHOD ...]

SERIES.npz holds `train` and `test`, (T, C). Settings are the package's own for multivariate series. Inputs are standardised by the
training rows, which the package means to do but does not do where there is more than one tag. No method sees a later sample: window 1
for the neighbours, one step ahead for LSTMAD and CNN, single rows for the autoencoder.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

SEED = 0


def lstmad(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Forecast of an LSTM, mean squared error of the tags."""
    from TSB_AD.models.LSTMAD import LSTMAD

    model = LSTMAD(window_size=150, pred_len=1, lr=0.0008, feats=train.shape[1], batch_size=128)
    model.fit(train)
    return np.asarray(model.decision_function(test)).ravel()


def cnn(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Forecast of a convolutional network, mean squared error of the tags."""
    from TSB_AD.models.CNN import CNN

    model = CNN(window_size=50, num_channel=[32, 32, 40], feats=train.shape[1], lr=0.0008, batch_size=128)
    model.fit(train)
    return np.asarray(model.decision_function(test)).ravel()


def knn(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Mean distance to the 50 nearest training rows."""
    from sklearn.neighbors import NearestNeighbors  # the package's own class asks its tree row by row: same numbers, hours

    return np.asarray(NearestNeighbors(n_neighbors=50).fit(train).kneighbors(test)[0].mean(axis=1))


def autoencoder(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Reconstruction error of single rows."""
    from TSB_AD.models import AE

    AE.check_is_fitted = lambda *_: None  # asks for a method that scikit-learn of today wants and the package has not
    model = AE.AutoEncoder(slidingWindow=1, hidden_neurons=[128, 64], batch_size=128, epochs=50)
    model.fit(train)
    return np.asarray(model.decision_function(test)).ravel()


METHODS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "LSTMAD": lstmad, "CNN": cnn, "k-NN": knn, "AutoEncoder": autoencoder,
}  # fmt: skip


def main() -> None:
    """Score one series by the named methods, or all."""
    import torch

    if not hasattr(np, "Inf"):
        setattr(np, "Inf", np.inf)  # noqa: B010 the package was written for numpy 1
    torch.set_num_threads(1)
    with np.load(sys.argv[1]) as series:
        train, test = series["train"].astype(np.float64), series["test"].astype(np.float64)
    centre, spread = train.mean(axis=0), train.std(axis=0)
    spread[spread == 0.0] = 1.0
    train, test = (train - centre) / spread, (test - centre) / spread
    out = {}
    for name in sys.argv[3:] or list(METHODS):
        torch.manual_seed(SEED)
        np.random.seed(SEED)  # noqa: NPY002 the package draws from here
        began = time.perf_counter()
        out[name] = METHODS[name](train, test)
        out[f"{name} seconds"] = np.array(time.perf_counter() - began)
    np.savez_compressed(sys.argv[2], **out)


if __name__ == "__main__":
    main()
