"""The example of the page runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from andon.service.schema import ActResult, AlarmList, Tile
from tests.service.on_a_port import on_a_port
from tests.service.running import make_service
from tests.service.stand_in_desk import NASTY, example

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "use-the-service-from-python.md"


def test_the_example_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    service = make_service(tmp_path)
    _, token = service.accounts.add_token("script", "operator", ["read", "write", "ingest"], None)
    service.desk.__dict__["told"] = lambda caller, what, data: msgspec.to_builtins(example(Tile))
    service.desk.__dict__["alarms"] = lambda caller, which: msgspec.structs.replace(example(AlarmList), next="")

    def act(caller: object, ids: list[str], act: Any) -> Any:
        service.feed.publish("tile", {"asset": "P-1"})
        service.feed.publish("tile", {"asset": "P-1"})
        return example(ActResult)

    service.desk.__dict__["act"] = act
    with service.client, on_a_port(service.client.app, lifespan="off") as address:
        said = dict[str, Any](ADDRESS=address, TOKEN=token)
        code = code.replace("plant.live()", "plant.live(0)")  # two were told before it listens
        exec(compile(code, str(PAGE), "exec"), said)
    assert any(name == "ingest" for name, _ in service.desk.asked)
    told = capsys.readouterr().out
    assert NASTY in told
    assert "Tile(" in told
