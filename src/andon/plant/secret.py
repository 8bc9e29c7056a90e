"""Secrets come from the environment or from a file of their own, never from the plant file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from andon.plant.errors import AskUserError, At

LARGEST_BYTES = 64_000


def read_secret(variable: str, file: str, *, key: str, environment: Mapping[str, str] | None = None) -> str | None:
    """The secret that a setting names.

    Parameters
    ----------
    variable : name of an environment variable; empty where none is named
    file : path of a file that holds the secret alone; a last line end is not part of it; empty where none is named
    key : the setting, for the message
    environment : default: the process's own

    Returns
    -------
    The secret; None where neither is named

    Raises
    ------
    AskUserError : the variable is not set, or the file cannot be read, is empty or too large
    """
    if variable:
        value = (os.environ if environment is None else environment).get(variable)
        if not value:
            raise AskUserError(
                f"the environment variable {variable} is not set", at=At(key=key), do=f"set {variable} before starting, or name a file"
            )
        return value
    if not file:
        return None
    try:
        with Path(file).open("rb") as opened:
            data = opened.read(LARGEST_BYTES + 1)
        text = data.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise AskUserError(
            f"cannot read the secret: {reason}", at=At(file=file, key=key), do="name a file that this user may read"
        ) from error
    if not text or len(data) > LARGEST_BYTES:
        raise AskUserError(
            "the file of the secret is " + ("empty" if not text else "too large"),
            at=At(file=file, key=key),
            do="put the secret alone into it",
        )
    return text
