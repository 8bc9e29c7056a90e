"""The service from Python: one method for every operation of the API, typed by the very shapes of `andon.service.schema`.

`Client` asks; its methods are named as the operations of the OpenAPI document, and stand in one file for each subject:
`signing_in`, `plant`, `alarms`, `engineering`, `administration`, `machines`. `connection` sends, tries again where that is
safe, and turns every refusal into one error, `ServiceError`. `stream` reads the live stream and resumes it after a cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from andon.client.client import Client as Client
    from andon.client.connection import ServiceError as ServiceError
    from andon.client.stream import shape_of as shape_of

_HOME = {"Client": "client", "ServiceError": "connection", "shape_of": "stream"}
__all__ = ["Client", "ServiceError", "shape_of"]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"andon.client.{_HOME[name]}"), name)
    globals()[name] = value
    return value
