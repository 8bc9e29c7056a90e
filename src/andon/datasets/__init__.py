"""Public recordings: where they come from, under which licence, and how to have them here, verified.

`catalogue` is data in the package. `fetch` gets one set from its origin, a mirror or a local folder, resumes what was
begun, and keeps nothing whose checksum is wrong. `check` looks over a folder. `data_folder` says where recordings are.
The recording that travels with the package is in `demo`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from andon.datasets.checking import FileState as FileState
    from andon.datasets.checking import SetState as SetState
    from andon.datasets.checking import check as check
    from andon.datasets.fetching import fetch as fetch
    from andon.datasets.listing import Dataset as Dataset
    from andon.datasets.listing import DatasetFile as DatasetFile
    from andon.datasets.listing import catalogue as catalogue
    from andon.datasets.listing import dataset as dataset
    from andon.datasets.places import data_folder as data_folder
    from andon.datasets.places import user_data_folder as user_data_folder

__all__ = [
    "Dataset",
    "DatasetFile",
    "FileState",
    "SetState",
    "catalogue",
    "check",
    "data_folder",
    "dataset",
    "fetch",
    "user_data_folder",
]

_HOME = {
    "Dataset": "listing",
    "DatasetFile": "listing",
    "FileState": "checking",
    "SetState": "checking",
    "catalogue": "listing",
    "check": "checking",
    "data_folder": "places",
    "dataset": "listing",
    "fetch": "fetching",
    "user_data_folder": "places",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"andon.datasets.{_HOME[name]}"), name)
    globals()[name] = value
    return value
