"""The Sparkplug B link: births name the metrics, data follows by alias, deaths make values stale.

`settings` is what the plant file says; `wire` reads and writes the protobuf of a payload; `births` is what is known of edge
nodes and their devices, as a state machine without sockets; `parse` makes batches of messages; `connect` is the link, over the
MQTT session.
"""

from andon.reading.sparkplug.connect import SparkplugLink
from andon.reading.sparkplug.settings import SparkplugSettings

__all__ = ["SparkplugLink", "SparkplugSettings"]
