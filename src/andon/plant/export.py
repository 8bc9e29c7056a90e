"""How an export is to be read where it does not say so itself: the words that plant file, command line and reader share."""

from __future__ import annotations

LAYOUTS: tuple[str, ...] = ("wide", "long", "pairs")
"""One column a tag; a row a sample; a time column before each value column."""
DECIMALS: dict[str, str] = {"comma": ",", "point": "."}
"""Name of a decimal mark -> the mark."""
QUALITIES: tuple[str, ...] = ("words", "opc-classic", "opc-ua", "aveva", "ignore")
"""What the numbers of a quality column mean."""
TIME_FORMATS: tuple[str, ...] = ("epoch-s", "epoch-ms", "epoch-us", "epoch-ns", "excel")
"""What a time is that is a number."""
DATE_ORDERS: dict[str, bool] = {"day-first": True, "month-first": False}
"""Name of a date order -> whether the day comes first."""
