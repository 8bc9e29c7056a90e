"""Where recordings lie on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def user_data_folder() -> Path:
    """The folder of this user for recordings, by the custom of the operating system. It may not exist yet."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "andon" / "data"


def data_folder(option: str | os.PathLike[str] | None = None) -> Path:
    """The option, else ANDON_DATA, else the user's folder."""
    if option:
        return Path(option)
    return Path(os.environ["ANDON_DATA"]) if os.environ.get("ANDON_DATA") else user_data_folder()
