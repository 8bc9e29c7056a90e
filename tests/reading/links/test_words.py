"""Every reason and every state of a connection has its words."""

from __future__ import annotations

import pytest

from andon.plant.messages import LANGUAGES, say
from andon.reading.link import Connection
from andon.reading.payload import REASONS


@pytest.mark.parametrize("language", LANGUAGES)
def test_reasons_and_connections_have_words(language: str) -> None:
    for reason in REASONS:
        assert say(f"links.dead.{reason}", language)
    for connection in Connection:
        assert say(f"links.connection.{connection}", language)
