"""Where a server is and how to sign in to it: address, user, secret, certificates. What incoming and outgoing links share."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from andon.plant.errors import AskUserError, At


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server's address.

    Attributes
    ----------
    scheme : for example "mqtts"
    host, port : where
    path : what follows, with its query
    """

    scheme: str
    host: str
    port: int
    path: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def parse_endpoint(text: str, ports: Mapping[str, int], *, key: str) -> Endpoint:
    """Read an address like "mqtts://broker:8883".

    Parameters
    ----------
    ports : scheme -> its usual port
    key : the setting, for the message

    Raises
    ------
    AskUserError : it is no address, of another scheme, or holds a password
    """
    known = ", ".join(f"{scheme}://host:{port}" for scheme, port in ports.items())
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise AskUserError(f"{text!r} is no address: {error}", at=At(key=key), do=f"write it like {known}") from error
    if parts.scheme not in ports or not parts.hostname:
        raise AskUserError(f"{text!r} is no address for this", at=At(key=key), do=f"write it like {known}")
    if parts.password is not None or parts.username is not None:
        raise AskUserError(
            "an address must not hold a user or a password", at=At(key=key), do="use user and password_env or password_file instead"
        )
    return Endpoint(parts.scheme, parts.hostname, port or ports[parts.scheme], parts.path + (f"?{parts.query}" if parts.query else ""))


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who we are to a server, and whom we trust. The password is never shown.

    Attributes
    ----------
    user : empty for nobody
    password : None for none
    ca_file : certificates that we trust; empty: those of the system
    cert_file, key_file : our own certificate and its key; empty for none
    """

    user: str = ""
    password: str | None = field(default=None, repr=False)
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""


def check_files(sign_in: SignIn, *, key: str) -> None:
    """The files exist and can be read.

    Raises
    ------
    AskUserError : one cannot, or a certificate stands without its key
    """
    for name in ("ca_file", "cert_file", "key_file"):
        path = getattr(sign_in, name)
        if not path:
            continue
        try:
            with Path(path).open("rb") as file:
                file.read(1)
        except OSError as error:
            raise AskUserError(
                f"cannot read the certificate or key: {error.strerror or error}", at=At(file=path, key=f"{key}.{name}"), do="name the file"
            ) from error
    if bool(sign_in.cert_file) != bool(sign_in.key_file):
        raise AskUserError(
            "a certificate and its key are given together",
            at=At(key=f"{key}.{'key_file' if sign_in.cert_file else 'cert_file'}"),
            do="give both cert_file and key_file, or neither",
        )


def tls_context(sign_in: SignIn, *, key: str) -> ssl.SSLContext:
    """What a client needs to speak TLS: host names and certificates are checked, always.

    Raises
    ------
    AskUserError : a certificate or key cannot be used
    """
    check_files(sign_in, key=key)
    name = "ca_file"
    try:
        context = ssl.create_default_context(cafile=sign_in.ca_file or None)
        name = "cert_file"
        if sign_in.cert_file:
            context.load_cert_chain(sign_in.cert_file, sign_in.key_file)
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "reason", None) or str(error)
        raise AskUserError(
            f"the certificate cannot be used: {reason}",
            at=At(file=getattr(sign_in, name), key=f"{key}.{name}"),
            do="give PEM files: the certificate, and the key that belongs to it",
        ) from error
    return context


_VERIFY = {
    9: "is not valid yet; is the clock of this machine right?",
    10: "has expired; ask those who run it for a new one",
    18: "is signed by itself and not trusted here; name it in ca_file",
    19: "is of an authority that is not trusted here; name it in ca_file",
    20: "is of an authority that is not trusted here; name it in ca_file",
    21: "is of an authority that is not trusted here; name it in ca_file",
    62: "is of another host than the address names",
    64: "is of another host than the address names",
}  # numbers of OpenSSL, X509_V_ERR_*


def certificate_words(error: BaseException) -> str:
    """What is wrong with the certificate that a server showed, in words; empty where the error is about something else.

    Parameters
    ----------
    error : of a connection; what it was raised from is looked at as well
    """
    found: BaseException | None = error
    for _ in range(8):
        if isinstance(found, ssl.SSLCertVerificationError):
            return f"the certificate of the server {_VERIFY.get(found.verify_code, f'is refused: {found.verify_message}')}"
        found = found.__cause__ or found.__context__ if found is not None else None
    return ""
