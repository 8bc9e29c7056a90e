"""Where alarms, scores and reports go: MQTT, webhook, e-mail and chat, JSON Lines. Nothing is sent that nobody configured.

`message` says what is sent and is the door of an outlet; `webhook`, `broker`, `notification` and `lines` are the outlets, one file
each; `outlets` makes those of a plant file; `delivery` sends in order, tries again with growing waits, and gives back what
still waits, so that the caller can keep it over a restart. `lookout` writes verdicts as Lookout for Equipment did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from andon.sending.delivery import Delivery as Delivery
    from andon.sending.delivery import OutletHealth as OutletHealth
    from andon.sending.delivery import Pending as Pending
    from andon.sending.lookout import lookout_line as lookout_line
    from andon.sending.message import Message as Message
    from andon.sending.message import Outlet as Outlet
    from andon.sending.message import Sent as Sent
    from andon.sending.message import Text as Text
    from andon.sending.outlets import make_outlets as make_outlets

_HOME = {
    "Delivery": "delivery", "Message": "message", "Outlet": "message", "OutletHealth": "delivery", "Pending": "delivery",
    "Sent": "message", "Text": "message", "lookout_line": "lookout", "make_outlets": "outlets",
}  # fmt: skip
__all__ = ["Delivery", "Message", "Outlet", "OutletHealth", "Pending", "Sent", "Text", "lookout_line", "make_outlets"]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"andon.sending.{_HOME[name]}"), name)
    globals()[name] = value
    return value
