"""Andon: early warning and quality prediction for production lines."""

__version__ = "0.1.0"
