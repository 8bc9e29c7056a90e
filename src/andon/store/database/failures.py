"""What a database refuses, in the three classes by what happens next: try again, someone was faster, refuse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from andon.plant.errors import At, ConflictError, RefusedError, StoreError

_DO = {
    "28": "check user and password of the database",
    "3D": "create the database, or name the right one",
    "53": "free some space for the database",
    "25006": "the database is read-only: let it be written, or name another one",
}


class DatabaseAwayError(StoreError):
    """The database is down, read-only, full or lets nobody in; it may come back."""


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Errors of the database as ours.

    Parameters
    ----------
    where : the database, without a password

    Raises
    ------
    ConflictError : two writers said different things at once
    RefusedError : a value that the database cannot hold
    StoreError : anything else; the same call may succeed later
    """
    try:
        yield
    except exc.IntegrityError as error:
        raise _conflict(where) from error
    except exc.DBAPIError as error:
        code = _sqlstate(error)
        if code.startswith("23"):
            raise _conflict(where) from error
        if code.startswith("22") or isinstance(error, exc.DataError):
            raise RefusedError(f"the database cannot hold a value: {_text(error)}", at=At(file=where), do="correct the value") from error
        raise refusal(where, _text(error), code) from error
    except (exc.TimeoutError, ConnectionError, TimeoutError) as error:
        raise refusal(where, str(error) or type(error).__name__) from error
    except OverflowError as error:
        raise RefusedError(f"the database cannot hold a value: {error}", at=At(file=where), do="correct the value") from error
    except exc.StatementError as error:  # before the database saw it
        if isinstance(error.orig, UnicodeError | OverflowError):
            raise RefusedError(f"the database cannot hold a value: {error.orig}", at=At(file=where), do="correct the value") from error
        raise


def refusal(where: str, why: str, code: str = "") -> DatabaseAwayError:
    """The database is down, read-only or full."""
    do = _DO.get(code) or _DO.get(code[:2], "check that the database runs, can be written and has space; the same call may succeed later")
    return DatabaseAwayError(f"the database refuses: {why}", at=At(file=where), do=do)


def is_lost(error: BaseException) -> bool:
    """Whether the connection itself may be gone."""
    return isinstance(error, exc.TimeoutError) or (
        isinstance(error, exc.DBAPIError) and not isinstance(error, exc.IntegrityError) and not _sqlstate(error).startswith(("22", "23"))
    )


def _conflict(where: str) -> ConflictError:
    return ConflictError("someone else was first", at=At(file=where), do="read again and decide anew")


def _sqlstate(error: exc.DBAPIError) -> str:
    """The five letters that PostgreSQL gives; empty where there are none."""
    parts = error.orig.args[0] if error.orig is not None and error.orig.args else None
    return str(parts.get("C", "")) if isinstance(parts, dict) else ""


def _text(error: exc.DBAPIError) -> str:
    parts = error.orig.args[0] if error.orig is not None and error.orig.args else ""
    return str(parts.get("M", parts)) if isinstance(parts, dict) else str(parts or error.orig)
