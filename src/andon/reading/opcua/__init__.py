"""The OPC UA link (needs the optional package asyncua): nodes found by their path, changes by subscription, gaps by HistoryRead.

`settings` is what the plant file says, `browse` finds nodes and says what the server knows of them (for a plant file too),
`parse` makes batches of data values, `connect` is the link.
"""

from andon.reading.opcua.connect import OpcUaLink
from andon.reading.opcua.settings import OpcUaSettings

__all__ = ["OpcUaLink", "OpcUaSettings"]
