"""Where a plant's service keeps what it keeps, as the plant file says: for verbs that look beside a service or without one."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from andon.plant.errors import AskUserError, At
from andon.plant.file import PlantFile
from andon.plant.file.parse import parse_plant_file, resolve
from andon.plant.secret import read_secret
from andon.store.live_folder import LiveFolder
from andon.store.models import ModelStore

if TYPE_CHECKING:
    from andon.store.database.database import Database


@dataclass(frozen=True, slots=True)
class Places:
    """The places of one plant; none of them is made by asking.

    Attributes
    ----------
    file : plant.toml
    plant : what it says, its paths resolved
    live : the folder of the service
    """

    file: Path
    plant: PlantFile
    live: LiveFolder

    @property
    def models(self) -> ModelStore:
        """The models with their ledger."""
        return ModelStore(self.plant.files.models)

    @property
    def database_address(self) -> str:
        """Of the database, without a password: a URL, or the path of SQLite."""
        return self.plant.service.database or str(self.live.database)

    @property
    def database_password(self) -> str | None:
        """Of PostgreSQL; None where none is named.

        Raises
        ------
        AskUserError : the variable that holds it is not set
        """
        return read_secret(self.plant.service.database_password_from, "", key="service.database_password_from")

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file in the folder."""
        return not self.plant.service.database

    @property
    def address(self) -> str:
        """Where the console is found from this machine."""
        service = self.plant.service
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(service.host, service.host)
        return f"{'https' if service.certificate else 'http'}://{f'[{host}]' if ':' in host and host[0] != '[' else host}:{service.port}/"

    def open_database(self, *, make: bool = False) -> Database:
        """The database, beside a running service or without one.

        Parameters
        ----------
        make : make it where it is absent; else that is an error

        Raises
        ------
        AskUserError : there is none yet
        StoreError : it is down, locked or read-only
        """
        from andon.store.database.database import Database

        if self.is_sqlite and not make and not self.live.database.exists():
            raise AskUserError(
                "there is no database of a service yet", at=At(file=str(self.live.database)), do=f"start it once: andon serve {self.file}"
            )
        return Database(self.database_address, password=self.database_password, backups=self.live.path, at=time.time_ns())


def places_of(path: str | Path, *, data: str | Path | None = None) -> Places:
    """The places that a plant file names.

    Parameters
    ----------
    path : plant.toml
    data : in place of the plant file's folder of the service

    Raises
    ------
    AskUserError : there is no such file
    PlantFileError : it is wrong; file, line and key are named
    """
    plant = resolve(parse_plant_file(path), Path(path).parent)
    if data is not None:
        plant = replace(plant, service=replace(plant.service, data=str(data)))
    return Places(Path(path), plant, LiveFolder.at(plant.service.data))
