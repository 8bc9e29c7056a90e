"""Look at a database without changing anything: of which revision its tables are."""

from __future__ import annotations

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from andon.store.database.database import address_of
from andon.store.database.failures import translated
from andon.store.database.migrating import revision_of


def revision_at(url: str, *, password: str | None = None) -> str | None:
    """The revision of the tables of a database; None where it has none.

    Raises
    ------
    AskUserError : no address of a database that Andon knows
    StoreError : it gives no answer
    """
    address = address_of(url, password)
    where = address.render_as_string(hide_password=True).replace("postgresql+pg8000", "postgresql")
    arguments = {"timeout": 5}
    engine = create_engine(address, connect_args=arguments, poolclass=NullPool)
    try:
        with translated(where), engine.connect() as connection:
            return revision_of(connection)
    finally:
        engine.dispose()
