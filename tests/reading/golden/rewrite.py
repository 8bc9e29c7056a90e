"""Write `expected/<case>.json` from what `read` gives today. Look at the difference before committing it.

Run `python tests/reading/golden/rewrite.py [case ...]`. The files under `files/` are small hand-made exports in the look of
each historian; none was copied from a plant. Values are written as they are, time as ISO text, status by name.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from andon.plant.status import Status
from andon.plant.time import format_instant
from andon.reading import Readings, read

HERE = Path(__file__).parent


def cases() -> dict[str, dict[str, Any]]:
    """Case name -> paths and options."""
    found: dict[str, dict[str, Any]] = json.loads((HERE / "cases.json").read_text(encoding="utf-8"))
    return found


def run(case: str) -> Readings:
    """Read one case."""
    options = dict(cases()[case])
    paths = [HERE / "files" / path for path in options.pop("paths")]
    return read(paths, **options)


def plain(found: Readings) -> dict[str, Any]:
    """Readings as plain data, file names without their folder."""

    def short(file: str | None) -> str:
        return "" if file is None else Path(file).relative_to(HERE / "files").as_posix()

    return {
        "zone": found.zone,
        "recordings": {
            name: {
                "tags": list(rec.tags),
                "units": list(rec.units),
                "dtype": str(rec.values.dtype),
                "time": [format_instant(int(moment)) for moment in rec.time],
                "values": [[None if value != value else float(value) for value in row] for row in rec.values],
                "status": [" ".join(Status(int(code)).name for code in row) for row in rec.status],
                "texts": {tag: list(texts) for tag, texts in rec.texts.items()},
            }
            for name, rec in found.recordings.items()
        },
        "problems": [[one.kind, short(one.at.file), one.at.line, one.at.tag, one.at.time, one.count] for one in found.problems],
        "formats": {
            short(file): [
                form.kind, form.encoding, form.separator, form.decimal, form.header_line, form.unit_line, form.layout, form.time_format,
                form.quality, form.roles,
            ]
            for file, form in found.formats.items()
        },
    }  # fmt: skip


if __name__ == "__main__":
    (HERE / "expected").mkdir(exist_ok=True)
    for name in sys.argv[1:] or cases():
        text = json.dumps(plain(run(name)), ensure_ascii=False, indent=1)
        (HERE / "expected" / f"{name}.json").write_text(text + "\n", encoding="utf-8")
