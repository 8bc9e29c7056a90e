"""The client: everything that can be asked."""

from __future__ import annotations

from types import TracebackType

from andon.client.administration import Administration
from andon.client.alarms import Alarms
from andon.client.engineering import Engineering
from andon.client.machines import Machines
from andon.client.plant import Plant
from andon.client.signing_in import SigningIn
from andon.client.stream import Stream


class Client(SigningIn, Plant, Alarms, Engineering, Administration, Machines, Stream):
    """A service. See `Connection` for how it is made; a method for each operation of the OpenAPI document, by its name there.

    Examples
    --------
    >>> with Client("http://127.0.0.1:8320", token=token) as plant:  # doctest: +SKIP
    ...     for alarm in plant.every_alarm(state="unacknowledged"):
    ...         print(alarm.text)
    """

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
