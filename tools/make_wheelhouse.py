"""One folder that installs with no network: wheels of the lock file and of Andon, with hashes.

python tools/make_wheelhouse.py wheelhouse
pip install --no-index --find-links wheelhouse --require-hashes -r wheelhouse/requirements.txt
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNTIME_LOCK = ROOT / "requirements.lock"
LARGEST_CPU_TORCH = 400_000_000
BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE")


def identity(wheel: Path) -> tuple[str, str]:
    """Normalised name and version of a wheel; the local part of a version (+cpu) is not the lock file's concern."""
    name, version = wheel.name.split("-")[:2]
    return re.sub(r"[-_.]+", "-", name).lower(), version.partition("+")[0]


def requirements(wheels: list[Path]) -> str:
    """A requirements file that takes these files and no others."""
    lines = []
    for wheel in sorted(wheels):
        name, version = identity(wheel)
        lines.append(f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}")
    return "\n".join(lines) + "\n"


def build_andon(folder: Path, *options: str) -> Path:
    """Build Andon's own wheel into a folder, from a copy: a build in the tree would take along what an earlier build left there."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps", *options]
    with tempfile.TemporaryDirectory() as place:
        for name in BUILT_FROM:
            shutil.copy2(ROOT / name, place)
        shutil.copytree(ROOT / "src", Path(place) / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        subprocess.run([*pip, "--wheel-dir", str(folder), place], check=True)
    (wheel,) = folder.glob("andon-*.whl")
    return wheel


def has_console(wheel: Path) -> bool:
    """Whether the built console is in Andon's wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return "andon/service/console/index.html" in archive.namelist()


def main() -> None:
    """Download or build every wheel, then write requirements.txt with the hash of each file."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "wheelhouse")
    folder.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"]
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        # With dependencies: whatever the lock file forgets comes along, or the folder would not install by itself.
        subprocess.run([*pip, "--wheel-dir", fresh, "-r", str(RUNTIME_LOCK)], check=True)
        console = has_console(build_andon(Path(fresh)))
        for old in folder.glob("*.whl"):
            old.unlink()
        wheels = [Path(shutil.move(wheel, folder)) for wheel in sorted(Path(fresh).glob("*.whl"))]
    for wheel in wheels:
        if identity(wheel)[0] == "torch" and wheel.stat().st_size > LARGEST_CPU_TORCH:
            raise SystemExit(f"{wheel.name} is not the CPU build of torch: let pip find that one first, for example by PIP_EXTRA_INDEX_URL")
    (folder / "requirements.txt").write_text(requirements(wheels), encoding="utf-8")
    size = sum(wheel.stat().st_size for wheel in wheels) / 1e6
    if not console:
        print("the console was not built, so it is not in the wheel: install npm, then make console wheelhouse")
    print(f"{len(wheels)} wheels, {size:,.0f} MB in {folder}; install with:")
    print(f"  pip install --no-index --find-links {folder} --require-hashes -r {folder}/requirements.txt")


if __name__ == "__main__":
    main()
