"""Look at a database without changing anything: of which revision its tables are."""

from __future__ import annotations

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from andon.store.database.database import address_of, told_address
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
    engine = create_engine(address, connect_args={"timeout": 5}, poolclass=NullPool)
    try:
        with translated(told_address(address)), engine.connect() as connection:
            return revision_of(connection)
    finally:
        engine.dispose()
