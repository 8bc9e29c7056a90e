"""The push link: bodies that a client posts become batches; the answer is given once the batch is safe.

`settings` is what the plant file says, `parse` reads a body by its content type within bounds, `connect` is the link: a
door gives it bodies, and the live loop takes batches from it like from any other link.
"""

from andon.reading.push.connect import Answer, BusyError, PushLink
from andon.reading.push.parse import CONTENT_TYPES, BodyReader
from andon.reading.push.settings import PushSettings

__all__ = ["CONTENT_TYPES", "Answer", "BodyReader", "BusyError", "PushLink", "PushSettings"]
