"""The MQTT link (3.1.1 and 5): topics by patterns, QoS 1, acknowledged to the broker only after the caller said so.

`settings` is what the plant file says, `connect` the link, `parse` the way from a message to a batch, `session` the
connection that Sparkplug shares: it reconnects for ever, keeps the broker's session, and acknowledges in order.
"""

from andon.reading.mqtt.connect import MqttLink
from andon.reading.mqtt.settings import MqttSettings

__all__ = ["MqttLink", "MqttSettings"]
