"""Make the environments of the rivals: each is a folder with its own Python packages.

python -m benchmarks.peers.make FOLDER [pyod] [tsb-ad]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ENVIRONMENTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "pyod": (("torch==2.13.0",), ("pyod==3.6.7", "river", "tqdm", "numpy==2.4.6", "scikit-learn==1.9.1")),
    "tsb-ad": (("torch==2.13.0",), ("TSB-AD==1.5",)),
}


def main() -> None:
    """Make the named environments, or all."""
    folder = Path(sys.argv[1])
    for name in sys.argv[2:] or list(ENVIRONMENTS):
        place = folder / name
        if not (place / "bin" / "python").exists():
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        for packages in ENVIRONMENTS[name]:
            subprocess.run([str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages], check=True)
        print(f"{name}: {place}")


if __name__ == "__main__":
    main()
