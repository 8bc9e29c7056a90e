"""[[link]] and [[send]]: where live samples come from, and where alarms and scores go. Secrets stand elsewhere, never here."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from andon.plant.file.setting import Kind, setting
from andon.plant.time import DAY_NS, NS

LINK_KINDS: tuple[str, ...] = ("mqtt", "sparkplug", "opcua", "folder", "replay", "push")
SEND_KINDS: tuple[str, ...] = ("mqtt", "webhook", "notify", "folder")
WHAT: tuple[str, ...] = ("alarms", "notifications", "scores", "quality", "digest", "handover", "system")


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """[[link]] A source of live samples. Without one, nothing is read live."""

    name: str = setting(Kind.TEXT, "Name of the link, for the console and the journal.")
    kind: str = setting(
        Kind.TEXT, "What it is: mqtt, sparkplug, opcua, folder, replay, push, or a link of your own as package.module:Class."
    )
    address: str = setting(
        Kind.TEXT, "mqtt://host:1883, mqtts://host:8883, opc.tcp://host:4840, or a folder or file relative to this file.", default=""
    )
    topics: tuple[str, ...] = setting(
        Kind.TEXTS, 'What to read, with names in braces: "plant/{asset}/data", "Plant/{asset}/{tag}"; file names for a folder.', default=()
    )
    asset: str = setting(Kind.TEXT, "Asset of a sample, made of names of the topic or of fields of the payload.", default="{asset}")
    tag: str = setting(Kind.TEXT, "Tag id of a sample, made of names of the topic and {tag}, the name in the payload.", default="{tag}")
    rename: tuple[str, ...] = setting(Kind.TEXTS, 'Tags that the source calls otherwise: "source name = tag id".', default=())
    ignore: tuple[str, ...] = setting(Kind.TEXTS, "Fields of the payload that are no tags.", default=())
    payload: str = setting(
        Kind.CHOICE,
        "Format of a message.",
        default="json",
        allowed=("json", "csv", "packed", "number", "influx", "arrow"),
    )
    shape: str = setting(
        Kind.CHOICE,
        "Shape of JSON, CSV and Arrow: a row of tags, one value each, or arrays.",
        default="object",
        allowed=("object", "records", "arrays"),
    )
    rows_field: str = setting(Kind.TEXT, "Field with the list of rows. Default: the message itself.", default="")
    values_field: str = setting(Kind.TEXT, "Field of a row with its tags. Default: the row itself.", default="")
    time_field: str = setting(Kind.TEXT, "Field of the time; dots lead into objects.", default="time")
    asset_field: str = setting(Kind.TEXT, "Field of the asset.", default="asset")
    tag_field: str = setting(Kind.TEXT, "Field of the tag's name.", default="tag")
    value_field: str = setting(Kind.TEXT, "Field of the value.", default="value")
    quality_field: str = setting(Kind.TEXT, "Field of the quality.", default="quality")
    sequence_field: str = setting(Kind.TEXT, "Field of the message's number, by which losses are counted.", default="sequence")
    times: str = setting(
        Kind.CHOICE, "Whether the payload has a time, or that of arrival is taken.", default="source", allowed=("source", "arrival")
    )
    time_unit: str = setting(
        Kind.CHOICE, "Unit of a time that is a number. auto: by its size.", default="auto", allowed=("auto", "s", "ms", "us", "ns")
    )
    zone: str | None = setting(Kind.ZONE, "Zone of times without an offset. Default: the site's.", default=None)
    quality: str = setting(
        Kind.CHOICE,
        "What numbers of the quality mean. auto: by their size, 0 is uncertain.",
        default="auto",
        allowed=("auto", "words", "opc-classic", "opc-ua", "aveva", "ignore"),
    )
    user: str = setting(Kind.TEXT, "User at the server.", default="")
    password_env: str = setting(Kind.TEXT, "Environment variable that holds the password.", default="")
    password_file: str = setting(Kind.TEXT, "File that holds the password alone.", default="")
    ca_file: str = setting(Kind.TEXT, "Certificates to trust, PEM. Default: the system's.", default="")
    cert_file: str = setting(Kind.TEXT, "Our certificate.", default="")
    key_file: str = setting(Kind.TEXT, "Key of our certificate.", default="")
    security: str = setting(
        Kind.CHOICE,
        "OPC UA: how messages are protected.",
        default="sign-and-encrypt",
        allowed=("none", "sign", "sign-and-encrypt"),
    )
    client_id: str = setting(Kind.TEXT, "MQTT: names our session at the broker; one program each. Default: from the name.", default="")
    version: str = setting(Kind.CHOICE, "MQTT: version of the protocol.", default="5", allowed=("5", "3.1.1"))
    window: int = setting(
        Kind.INTEGER, "Batches that may wait for the journal; beyond, the source is slowed down.", default=256, low=1, high=65_535
    )
    every_ns: int = setting(
        Kind.DURATION, "Folder: how often to look. OPC UA: how often the server reports changes.", default=NS, low=1_000_000
    )
    stable_ns: int = setting(Kind.DURATION, "Folder: a file that grew within this time is not finished.", default=2 * NS, low=0)
    delay_ns: int = setting(Kind.DURATION, "Folder: how long after the time in its name a file may still come.", default=0, low=0)
    offset_ns: int = setting(Kind.DURATION, 'Folder: offset of the times in file names from UTC, like "-5h".', default=0, low=-DAY_NS)
    history: bool = setting(Kind.BOOLEAN, "OPC UA: read from the server's history what was missed.", default=True)
    speed: float = setting(Kind.NUMBER, "Replay: how much faster than it was; 0: as fast as possible.", default=1.0, low=0.0)
    options: tuple[str, ...] = setting(Kind.TEXTS, 'Settings of a link of your own: "name = value".', default=())
    results: bool = setting(
        Kind.BOOLEAN, "What comes are laboratory results: the time is that of the sample, the tags are targets.", default=False
    )


@dataclass(frozen=True, slots=True)
class SendSettings:
    """[[send]] Where alarms and scores go. Without one, nothing is sent."""

    name: str = setting(Kind.TEXT, "Name, for the console and the log.")
    kind: str = setting(Kind.TEXT, "What it is: mqtt, webhook, notify (e-mail, chat), or folder (JSON Lines).")
    what: tuple[str, ...] = setting(Kind.CHOICES, "What is sent.", default=("alarms",), allowed=WHAT)
    assets: tuple[str, ...] = setting(Kind.TEXTS, "Assets. Default: all.", default=())
    priority: int | None = setting(
        Kind.INTEGER, "Only alarms of this priority or a higher one; 1 is the highest.", default=None, low=1, high=9
    )
    language: str = setting(Kind.CHOICE, "Language of the texts. Default: the site's.", default="", allowed=("", "en", "zh-CN"))
    address: str = setting(
        Kind.TEXT, "mqtt://host:1883, mqtts://host:8883, https://host/path, or a folder relative to this file.", default=""
    )
    url_env: str = setting(
        Kind.TEXT, "Environment variable with the addresses of a notification, or of a webhook that is secret.", default=""
    )
    url_file: str = setting(Kind.TEXT, "File with them, one a line.", default="")
    topic: str = setting(Kind.TEXT, "MQTT topic; {what}, {asset} and {id} are filled in.", default="andon/{what}/{asset}")
    retain: bool = setting(Kind.BOOLEAN, "MQTT: the broker keeps the last message of a topic.", default=False)
    version: str = setting(Kind.CHOICE, "MQTT: version of the protocol.", default="5", allowed=("5", "3.1.1"))
    client_id: str = setting(Kind.TEXT, "MQTT: our name at the broker. Default: from the name.", default="")
    secret_env: str = setting(Kind.TEXT, "Webhook: environment variable with the key that signs each message.", default="")
    secret_file: str = setting(Kind.TEXT, "Webhook: file with that key.", default="")
    user: str = setting(Kind.TEXT, "User at the server.", default="")
    password_env: str = setting(Kind.TEXT, "Environment variable that holds the password.", default="")
    password_file: str = setting(Kind.TEXT, "File that holds the password alone.", default="")
    ca_file: str = setting(Kind.TEXT, "Certificates to trust, PEM. Default: the system's.", default="")
    cert_file: str = setting(Kind.TEXT, "Our certificate.", default="")
    key_file: str = setting(Kind.TEXT, "Key of our certificate.", default="")
    give_up_ns: int = setting(
        Kind.DURATION, "A message that cannot be sent for this long is given up, and said so.", default=DAY_NS, low=NS
    )
    most: int = setting(Kind.INTEGER, "Messages that may wait; beyond, the oldest score goes first.", default=1_000, low=1, high=1_000_000)


_MAPPING = (
    "asset", "tag", "rename", "ignore", "payload", "shape", "rows_field", "values_field", "time_field", "asset_field", "tag_field",
    "value_field", "quality_field", "sequence_field", "times", "time_unit", "zone", "quality",
)  # fmt: skip
_SIGN_IN = ("user", "password_env", "password_file", "ca_file", "cert_file", "key_file")
_NAMES = ("asset", "tag", "rename", "ignore", "window", "results")
# The keys that each kind understands, beside name and kind; of a link of one's own, all.
LINK_KEYS: dict[str, tuple[str, ...]] = {
    "mqtt": ("address", "topics", "client_id", "version", "window", "results", *_MAPPING, *_SIGN_IN),
    "sparkplug": ("address", "topics", "client_id", "version", *_NAMES, *_SIGN_IN),
    "opcua": ("address", "topics", "security", "every_ns", "history", *_NAMES, *_SIGN_IN),
    "folder": ("address", "topics", "every_ns", "stable_ns", "delay_ns", "offset_ns", "zone", *_NAMES),
    "replay": ("address", "speed", "zone", *_NAMES),
    "push": ("results", *_MAPPING),
}
_SENDING = ("what", "assets", "priority", "language", "give_up_ns", "most")
SEND_KEYS: dict[str, tuple[str, ...]] = {
    "mqtt": ("address", "topic", "retain", "version", "client_id", *_SENDING, *_SIGN_IN),
    "webhook": ("address", "url_env", "url_file", "secret_env", "secret_file", *_SENDING, *_SIGN_IN),
    "notify": ("url_env", "url_file", *_SENDING),
    "folder": ("address", *_SENDING),
}
_NEEDS = {"mqtt": ("address", "topics"), "sparkplug": ("address",), "opcua": ("address", "topics"), "folder": ("address",),
          "replay": ("address",)}  # fmt: skip


def wrong_link(link: LinkSettings) -> tuple[str, str, str] | None:
    """What is wrong with a link: key, what, what to do; None where nothing is."""
    if link.kind not in LINK_KINDS and ":" not in link.kind:
        return "kind", f"{link.kind!r} is no kind of link", f"use one of {', '.join(LINK_KINDS)}, or package.module:Class"
    if link.kind in LINK_KINDS and (found := _foreign(link, LINK_KEYS[link.kind])):
        return found
    for key in _NEEDS.get(link.kind, ()):
        if not getattr(link, key):
            return "kind", f"a {link.kind} link needs {key}", f"add {key}"
    return _two_secrets(link, "password")


def wrong_send(send: SendSettings) -> tuple[str, str, str] | None:
    """What is wrong with a sender: key, what, what to do; None where nothing is."""
    if send.kind not in SEND_KINDS:
        return "kind", f"{send.kind!r} is no way to send", f"use one of {', '.join(SEND_KINDS)}"
    if found := _foreign(send, SEND_KEYS[send.kind]):
        return found
    if send.kind == "notify" and not (send.url_env or send.url_file):
        return "kind", "a notification needs its addresses", "name them by url_env or url_file: they hold passwords"
    if send.kind == "webhook" and not (send.address or send.url_env or send.url_file):
        return "kind", "a webhook needs its address", "add address, or url_env where the address is secret"
    if send.kind in ("mqtt", "folder") and not send.address:
        return "kind", f"{send.kind} needs an address", "add address"
    return _two_secrets(send, "password") or _two_secrets(send, "secret") or _two_secrets(send, "url")


def _foreign(section: Any, keys: tuple[str, ...]) -> tuple[str, str, str] | None:
    """A key that was set and that this kind does not understand."""
    for item in fields(section):
        if item.name not in ("name", "kind", *keys) and getattr(section, item.name) != item.default:
            key = item.name.removesuffix("_ns")
            known = ", ".join(name.removesuffix("_ns") for name in keys)
            return key, f"{section.kind} has no use for {key}", f"take it out; {section.kind} understands {known}"
    return None


def _two_secrets(section: Any, name: str) -> tuple[str, str, str] | None:
    if getattr(section, f"{name}_env") and getattr(section, f"{name}_file"):
        return f"{name}_file", f"{name}_env and {name}_file are both given", "leave one"
    return None
