"""Build the console once, whichever test or worker comes first; the next ones wait, and find it built."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONSOLE = ROOT / "console"
BUILT = ROOT / "src" / "andon" / "service" / "console"
PLANT = ROOT / "src" / "andon" / "plant"


def sources() -> list[Path]:
    """Every file that the built console comes from."""
    tops = [CONSOLE / name for name in ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "index.html")]
    inside = [path for top in (CONSOLE / "src", CONSOLE / "public", PLANT / "design") for path in top.rglob("*") if path.is_file()]
    return sorted([*tops, *inside, *PLANT.glob("words/*/console.json")])


def build() -> None:
    """Check the types and build, where the sources are newer than what is built.

    Raises
    ------
    AssertionError : npm, the compiler or the builder says no; with what it said
    """
    digest = hashlib.sha256()
    for path in sources():
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    with (CONSOLE / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = CONSOLE / "node_modules" / ".built"
        if stamp.exists() and stamp.read_text() == digest.hexdigest() and (BUILT / "index.html").exists():
            return
        if not (CONSOLE / "node_modules" / "vite").exists():
            call("npm", "ci", "--no-audit", "--no-fund")
        call("npm", "run", "build")
        stamp.write_text(digest.hexdigest())


def call(*command: str) -> None:
    """A command in the console's folder, silent unless it fails."""
    done = subprocess.run(command, cwd=CONSOLE, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}{done.stderr}"


def npm() -> bool:
    """Whether npm is there."""
    return shutil.which("npm") is not None
