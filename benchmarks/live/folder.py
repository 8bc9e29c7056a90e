"""The folder of a plant that serves: plant file, model store with its champions, a user with tokens. Made once, copied for each run."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from andon.plant.clock import SystemClock
from andon.scoring.model_file import pack
from andon.scoring.monitor import Monitor
from andon.service.accounts.accounts import Accounts
from andon.service.schema import Role
from andon.store import ModelStore
from andon.store.database.database import Database
from andon.store.live_folder import LiveFolder

USER, PASSWORD = "gateway", "the furnace hums quietly"


@dataclass(frozen=True, slots=True)
class PlantFolder:
    """A plant that is ready to serve.

    Attributes
    ----------
    path : holds plant.toml, models/ and data/
    token : may push and read
    """

    path: Path
    token: str

    @property
    def plant(self) -> Path:
        """The plant file."""
        return self.path / "plant.toml"

    @property
    def live(self) -> LiveFolder:
        """Where the service keeps its things."""
        return LiveFolder.at(self.path / "data")

    def copy(self, path: Path, settings: str) -> PlantFolder:
        """Another plant with the same models and tokens, which has seen nothing yet.

        Parameters
        ----------
        settings : its plant file
        """
        shutil.copytree(self.path, path)
        (path / "plant.toml").write_text(settings, encoding="utf-8")
        return replace(self, path=path)


def make_folder(path: Path, models: Mapping[str, tuple[Monitor, Sequence[str]]], *, promoted: int) -> PlantFolder:
    """A folder in which each model serves its assets, with the weights that it has: sisters by name, not by training.

    Parameters
    ----------
    models : name -> monitor and the assets it serves
    promoted : ns UTC
    """
    store = ModelStore(path / "models")
    for name, (monitor, assets) in models.items():
        names = tuple(assets)
        own = replace(monitor, assets=names, preparation=replace(monitor.preparation, assets=names))
        packed = pack(own, made_at=promoted)
        store.save(name, packed.version, packed.data, names, at=promoted, by="benchmark")
        store.promote(name, packed.version, at=promoted, by="benchmark")
    live = LiveFolder.at(path / "data")
    live.path.mkdir(parents=True, exist_ok=True)
    clock = SystemClock()
    with Database(live.database, at=clock.now()) as database:
        accounts = Accounts(database, clock)
        accounts.add_user(USER, Role.ADMINISTRATOR, PASSWORD, {"language": "en"})
        _, token = accounts.add_token("gateway", USER, ["ingest", "read"], None)
    return PlantFolder(path, token)
