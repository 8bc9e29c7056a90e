"""Laboratory results, as people or a laboratory system hand them over."""

from __future__ import annotations

import math
from typing import Any

from litestar import Request, post
from litestar.params import JSONBody

from andon.plant.errors import AskUserError
from andon.service.given import TheDesk
from andon.service.schema import LabResult, Pushed, Role

AnyRequest = Request[Any, Any, Any]
MOST_AT_ONCE = 1_000


@post("/lab", role=Role.OPERATOR, status_code=200, sync_to_thread=True)
def results(data: JSONBody[list[LabResult]], request: AnyRequest, desk: TheDesk) -> Pushed:
    """Results with the time at which their samples were drawn: all are taken, on disk before the answer, or none."""
    if not 0 < len(data) <= MOST_AT_ONCE:
        raise AskUserError(f"{len(data)} results at once", do=f"send 1 to {MOST_AT_ONCE}")
    for number, item in enumerate(data, start=1):
        if not math.isfinite(item.value):
            raise AskUserError(f"result {number} is no number", do="leave out what the laboratory could not measure")
    return desk.laboratory(request.user, data)


HANDLERS = [results]
