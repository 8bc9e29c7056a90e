"""The certificate that the service shows: read at the start, before anything opens, and watched for its end."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

from andon.plant.errors import AskUserError, At
from andon.plant.file.service_settings import ServiceSection
from andon.plant.time import DAY_NS, NS

SOON_NS = 30 * DAY_NS
"""How long before its end a certificate is told of: by the console, the doctor and messages alike."""


def check_certificate(section: ServiceSection) -> None:
    """Read certificate and key as the service will.

    Raises
    ------
    AskUserError : one of them is missing, unreadable, or they do not belong together
    """
    if bool(section.certificate) != bool(section.key):
        missing = "key" if section.certificate else "certificate"
        raise AskUserError("TLS needs a certificate and its key", at=At(key=f"service.{missing}"), do="name both in [service], or neither")
    if not section.certificate:
        return
    for key, file in (("certificate", section.certificate), ("key", section.key)):
        try:
            Path(file).read_bytes()
        except OSError as error:
            raise AskUserError(f"cannot read {file}: {error.strerror or error}", at=At(key=f"service.{key}"), do="name the file") from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(section.certificate, section.key, password=lambda: "")
    except ssl.SSLError as error:
        what = "the key is not that of the certificate" if "MISMATCH" in str(error) else "this is no certificate with its key, in PEM"
        if _has_passphrase(Path(section.key)):
            do = "name a key without one, which only the service may read"
            raise AskUserError("the key has a passphrase", at=At(key="service.key"), do=do) from error
        raise AskUserError(what, at=At(key="service.certificate"), do="name a certificate and its own key") from error


def _has_passphrase(key: Path) -> bool:
    return b"ENCRYPTED" in key.read_bytes()


def certificate_trouble(section: ServiceSection, now: int) -> str:
    """Why people will not be able to connect, or soon: empty where all is well or there is no certificate.

    Parameters
    ----------
    now : ns UTC
    """
    if not section.certificate:
        return ""
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificate(Path(section.certificate).read_bytes())
    except (OSError, ValueError):
        return f"the certificate {Path(section.certificate).name} cannot be read any more"
    moment = datetime.fromtimestamp(now // NS, UTC)
    until = found.not_valid_after_utc
    if moment < found.not_valid_before_utc:
        return f"the certificate holds from {found.not_valid_before_utc:%Y-%m-%d} on only"
    if moment > until:
        return f"the certificate expired on {until:%Y-%m-%d}"
    return f"the certificate expires on {until:%Y-%m-%d}" if (until - moment).days * DAY_NS < SOON_NS else ""
