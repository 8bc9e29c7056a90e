"""The command line: one small file per verb. A door parses, calls one verb of `project`, prints.

Verbs are loaded when called, so that `andon --help` needs neither polars nor onnxruntime.
"""

from __future__ import annotations

from andon.cli.main import main

__all__ = ["main"]
