"""Andon: early warning and quality prediction for production lines.

    recording = andon.read_one("exports/*.csv")
    print(andon.audit(recording).to_table())
    monitor = andon.fit(recording)
    scored = monitor.score(recording)
    monitor.save("line.andon"); andon.load("line.andon")

Everything is loaded when first used: `import andon` is cheap, and scoring never imports the training stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from andon.auditing import audit as audit
    from andon.plant.file.parse import parse_plant_file as read_plant_file  # noqa: F401 - promised under this name
    from andon.plant.file.schema import PlantFile as PlantFile
    from andon.plant.recording import Recording as Recording
    from andon.project.fit import fit as fit
    from andon.reading import read as read
    from andon.reading import read_lab as read_lab
    from andon.reading import read_labels as read_labels
    from andon.reading import read_one as read_one
    from andon.scoring.model_file import load as load
    from andon.scoring.monitor import Monitor as Monitor

_HOMES = {
    "audit": ("andon.auditing", "audit"),
    "fit": ("andon.project.fit", "fit"),
    "load": ("andon.scoring.model_file", "load"),
    "read": ("andon.reading", "read"),
    "read_lab": ("andon.reading", "read_lab"),
    "read_labels": ("andon.reading", "read_labels"),
    "read_one": ("andon.reading", "read_one"),
    "read_plant_file": ("andon.plant.file.parse", "parse_plant_file"),
    "Monitor": ("andon.scoring.monitor", "Monitor"),
    "PlantFile": ("andon.plant.file.schema", "PlantFile"),
    "Recording": ("andon.plant.recording", "Recording"),
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'andon' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value
