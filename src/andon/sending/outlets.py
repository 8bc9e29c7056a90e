"""The outlets of a plant file: all are made and their settings checked at start. One line for each kind."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TypeAlias

from andon.plant.clock import Clock, SystemClock
from andon.plant.endpoint import SignIn, check_files, parse_endpoint, tls_context
from andon.plant.errors import AskUserError, At
from andon.plant.file.link_settings import SendSettings
from andon.plant.file.schema import PlantFile
from andon.plant.secret import read_secret
from andon.sending.delivery import Limits
from andon.sending.message import Outlet, Route

MQTT_PORTS = {"mqtt": 1883, "mqtts": 8883}
HTTP_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an outlet is made with, beside its section."""

    language: str
    key: str
    clock: Clock
    environment: Mapping[str, str] | None

    def sign_in(self, send: SendSettings) -> SignIn:
        """Who we are to the server; the files are checked."""
        password = read_secret(send.password_env, send.password_file, key=f"{self.key}.password", environment=self.environment)
        sign_in = SignIn(send.user, password, send.ca_file, send.cert_file, send.key_file)
        check_files(sign_in, key=self.key)
        return sign_in

    def urls(self, send: SendSettings) -> list[str]:
        """The addresses that are secret, one a line."""
        text = read_secret(send.url_env, send.url_file, key=f"{self.key}.url", environment=self.environment) or ""
        return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def route_of(send: SendSettings) -> Route:
    """Which messages a section asks for."""
    return Route(send.what, send.assets, send.priority)


def _mqtt(send: SendSettings, around: Surroundings) -> Outlet:
    from andon.sending.broker import BrokerOutlet

    sign_in = around.sign_in(send)
    endpoint = parse_endpoint(send.address, MQTT_PORTS, key=f"{around.key}.address")
    tls = tls_context(sign_in, key=around.key) if endpoint.scheme == "mqtts" else None
    return BrokerOutlet(
        send.name, route_of(send), endpoint, topic=send.topic, sign_in=sign_in, language=around.language, retain=send.retain,
        version=send.version, client_id=send.client_id, tls=tls,
    )  # fmt: skip


def _webhook(send: SendSettings, around: Surroundings) -> Outlet:
    from andon.sending.webhook import Webhook

    sign_in = around.sign_in(send)
    urls = around.urls(send) or [send.address]
    if len(urls) != 1:
        raise AskUserError("a webhook has one address", at=At(key=f"{around.key}.url"), do="make one [[send]] for each")
    try:
        endpoint = parse_endpoint(urls[0], HTTP_PORTS, key=f"{around.key}.address")
    except AskUserError as error:
        if urls[0] == send.address:
            raise
        raise AskUserError("the secret address is no https://host/path", at=At(key=f"{around.key}.url"), do=error.do) from None
    if (
        endpoint.scheme == "http"
        and endpoint.host not in ("localhost", "127.0.0.1", "::1")
        and (sign_in.password or urls[0] != send.address)
    ):
        raise AskUserError("a password or secret address must not travel unprotected", at=At(key=f"{around.key}.address"), do="use https")
    secret = read_secret(send.secret_env, send.secret_file, key=f"{around.key}.secret", environment=around.environment)
    own = sign_in.ca_file or sign_in.cert_file
    tls: ssl.SSLContext | None = tls_context(sign_in, key=around.key) if own else None
    return Webhook(
        send.name, route_of(send), urls[0], around.clock, secret=secret, language=around.language, user=sign_in.user,
        password=sign_in.password, tls=tls,
    )  # fmt: skip


def _notify(send: SendSettings, around: Surroundings) -> Outlet:
    from andon.sending.notification import Notification

    return Notification(send.name, route_of(send), around.urls(send), language=around.language)


def _folder(send: SendSettings, around: Surroundings) -> Outlet:
    from andon.sending.lines import Lines

    return Lines(send.name, route_of(send), send.address, language=around.language)


Make: TypeAlias = Callable[[SendSettings, Surroundings], Outlet]
MAKERS: dict[str, Make] = {"mqtt": _mqtt, "webhook": _webhook, "notify": _notify, "folder": _folder}
NEEDS: dict[str, tuple[str, str]] = {"mqtt": ("aiomqtt", "mqtt"), "webhook": ("httpx", "serve"), "notify": ("apprise", "serve")}


def make_outlets(
    plant: PlantFile, *, clock: Clock | None = None, environment: Mapping[str, str] | None = None
) -> tuple[tuple[Outlet, ...], dict[str, Limits]]:
    """The outlets of a plant file and their bounds; nothing is connected. Without [[send]] there is none, and nothing is ever sent.

    Parameters
    ----------
    plant : with paths resolved
    clock : default: the machine's
    environment : where secrets are looked up; default: the process's own

    Raises
    ------
    AskUserError : a setting, a secret, a certificate or a package is wrong or missing; `at` names the section
    """
    made: list[Outlet] = []
    limits: dict[str, Limits] = {}
    for number, send in enumerate(plant.sends, start=1):
        key = f"send[{number}]"
        around = Surroundings(send.language or plant.site.language, key, clock or SystemClock(), environment)
        package, extra = NEEDS.get(send.kind, ("", ""))
        if package and find_spec(package) is None:
            raise AskUserError(f"{send.kind} needs the package {package}", at=At(key=f"{key}.kind"), do=f'pip install "andon[{extra}]"')
        try:
            made.append(MAKERS[send.kind](send, around))
        except AskUserError as error:
            raise AskUserError(error.what, at=error.at if error.at.key else At(error.at.file, key=key), do=error.do) from error
        limits[send.name] = Limits(send.most, send.give_up_ns)
    return tuple(made), limits
