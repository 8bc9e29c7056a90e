"""A user for `andon demo --until-acknowledged`: does through the API what a person would do in the console.

Signs in by the one-time link, makes a token, waits for an alarm with it, and acknowledges the alarm.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from andon.plant.errors import RefusedError, TryAgainError

POLL_S = 0.5
NAME = "demo"


@dataclass
class FirstUser:
    """Works in a thread of its own.

    Attributes
    ----------
    address : of the service
    link : secret of the one-time link
    patience_s : how long to wait for an alarm
    on_done : told when it has ended, well or not
    acknowledged : the alarm, as the API gives it; empty before
    error : why it gave up; None where it did not
    """

    address: str
    link: str
    patience_s: float
    on_done: Callable[[], None]
    acknowledged: dict[str, Any] = field(default_factory=dict)
    error: BaseException | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._run, name="first user", daemon=True).start()

    def stop(self) -> None:
        """Give up."""
        self._stopping.set()

    def _run(self) -> None:
        try:
            self.acknowledged = self._acknowledge()
        except BaseException as error:
            self.error = error
        finally:
            self.on_done()

    def _acknowledge(self) -> dict[str, Any]:
        import httpx

        with httpx.Client(base_url=f"{self.address}api/v1", timeout=30) as client:
            made = {"token": self.link, "user": NAME, "password": secrets.token_urlsafe(24)}
            session = _answer(client.post("/first-sign-in", json=made))
            wanted = {"name": NAME, "role": session["role"], "scopes": ["read", "write"]}
            token = _answer(client.post("/tokens", json=wanted, headers={"X-CSRF-Token": session["csrf"]}))
        with httpx.Client(
            base_url=f"{self.address}api/v1", timeout=30, headers={"Authorization": f"Bearer {token['secret']}"}
        ) as client:  # fmt: skip
            ends = time.monotonic() + self.patience_s
            while time.monotonic() < ends and not self._stopping.wait(POLL_S):
                rows = _answer(client.get("/alarms", params={"state": "unacknowledged"}))["rows"]
                if rows:
                    act = {"kind": "acknowledge", "number": rows[0]["number"]}
                    done: dict[str, Any] = _answer(client.post(f"/alarms/{rows[0]['id']}/acts", json=act))["done"][0]
                    return done
        raise TryAgainError(f"no alarm came within {self.patience_s:.0f} s", do="run it again; look at the console meanwhile")


def _answer(response: Any) -> Any:
    if response.status_code >= 400:
        problem = response.json()
        raise RefusedError(f"the API refused: {problem['title']} {problem['detail']}".strip(), do=problem["do"])
    return response.json()
