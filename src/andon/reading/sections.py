"""From [[link]] of the plant file to the settings of a link: what the kinds have in common."""

from __future__ import annotations

from collections.abc import Mapping as Mapped

from andon.plant.endpoint import SignIn, parse_endpoint
from andon.plant.errors import AskUserError, At
from andon.plant.file.link_settings import LinkSettings
from andon.plant.secret import read_secret
from andon.reading.mapping import Mapping, read_renames
from andon.reading.mqtt.settings import PORTS, BrokerSettings


def mapping_of(link: LinkSettings, zone: str, key: str) -> Mapping:
    """How payloads are read.

    Parameters
    ----------
    zone : the site's
    key : the section, for messages, like "link[1]"

    Raises
    ------
    AskUserError : a template or a rename is wrong
    """
    try:
        mapping = Mapping(
            payload=link.payload, shape=link.shape, asset=link.asset, tag=link.tag, rows_field=link.rows_field,
            values_field=link.values_field, time_field=link.time_field, asset_field=link.asset_field, tag_field=link.tag_field,
            value_field=link.value_field, quality_field=link.quality_field, sequence_field=link.sequence_field, times=link.times,
            time_unit=link.time_unit, zone=link.zone or zone, quality=link.quality, rename=read_renames(link.rename),
            ignore=frozenset(link.ignore),
        )  # fmt: skip
        _ = mapping.asset_template, mapping.tag_template
    except AskUserError as error:
        raise placed(error, key) from error
    return mapping


def sign_in_of(link: LinkSettings, key: str, environment: Mapped[str, str] | None) -> SignIn:
    """Who we are to the server, with the password from where the plant file says."""
    password = read_secret(link.password_env, link.password_file, key=f"{key}.password", environment=environment)
    return SignIn(link.user, password, link.ca_file, link.cert_file, link.key_file)


def broker_of(link: LinkSettings, key: str, environment: Mapped[str, str] | None) -> BrokerSettings:
    """The MQTT broker of a link."""
    endpoint = parse_endpoint(link.address, PORTS, key=f"{key}.address")
    sign_in = sign_in_of(link, key, environment)
    return BrokerSettings(link.name, endpoint, sign_in, link.client_id, link.version, link.window)


def placed(error: AskUserError, key: str) -> AskUserError:
    """The same error with the section's key, where it names no key of its own."""
    at = error.at
    if at.key:
        name = at.key.removeprefix("link")
        return type(error)(error.what, at=At(file=at.file, key=key + name if name.startswith(".") else at.key), do=error.do)
    return type(error)(error.what, at=At(at.file, at.line, at.tag, at.time, key), do=error.do)
