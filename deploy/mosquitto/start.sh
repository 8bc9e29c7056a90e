#!/bin/sh
# The password comes from the environment and stands, hashed, in memory alone.
set -eu
touch /tmp/passwords
chmod 0600 /tmp/passwords
mosquitto_passwd -b /tmp/passwords andon "$ANDON_MQTT_PASSWORD"
exec mosquitto -c /mosquitto/config/mosquitto.conf
