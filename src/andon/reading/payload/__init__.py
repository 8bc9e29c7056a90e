"""Payloads of live sources become batches.

`reader` is the door: bytes in, a `Parsed` out, never an exception. One module for each format: `json_text`, `csv_text`,
`packed` (our own, read without copying), `number`, `line_protocol`, `arrow`. They share `instant` (times), `value`,
`quality`, `naming` (asset and tag by the mapping), `pivot` (single readings to rows) and `fault` (why not).
"""

from andon.reading.payload.fault import REASONS, Fault, Parsed, Unreadable
from andon.reading.payload.reader import PayloadReader

__all__ = ["REASONS", "Fault", "Parsed", "PayloadReader", "Unreadable"]
