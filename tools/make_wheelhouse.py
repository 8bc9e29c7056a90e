"""One folder that installs with no network: wheels of the lock file and of Andon, with hashes.

python tools/make_wheelhouse.py wheelhouse
pip install --no-index --find-links wheelhouse --require-hashes -r wheelhouse/requirements.txt
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

RUNTIME_LOCK = "requirements.lock"


def main() -> None:
    """Download or build every wheel, then write requirements.txt with the hash of each file."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "wheelhouse")
    folder.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), "-r", RUNTIME_LOCK], check=True)
    subprocess.run([*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), "."], check=True)
    lines = []
    for wheel in sorted(folder.glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"{re.sub(r'[-_.]+', '-', name).lower()}=={version} --hash=sha256:{digest}")
    (folder / "requirements.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} wheels in {folder}; install with:")
    print(f"  pip install --no-index --find-links {folder} --require-hashes -r {folder}/requirements.txt")


if __name__ == "__main__":
    main()
