"""The certificate that the service shows, read at the start before anything opens; and the end of every certificate of a plant."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from andon.plant.errors import AskUserError, At
from andon.plant.file.schema import PlantFile
from andon.plant.file.service_settings import ServiceSection
from andon.plant.time import DAY_NS, NS
from andon.plant.verdict import Sentence

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


def certificates_trouble(plant: PlantFile, now: int) -> list[tuple[str, Sentence]]:
    """Certificates of the service, of links and of outlets that have ended, or soon will: whose, and what is the matter.

    Parameters
    ----------
    plant : with paths resolved
    now : ns UTC
    """
    service = plant.service
    named = [("", service.certificate)] if service.certificate and service.key else []
    named += [(link.name, file) for link in plant.links for file in (link.cert_file, link.ca_file) if file]
    named += [(send.name, file) for send in plant.sends for file in (send.cert_file, send.ca_file) if file]
    return [(owner, trouble) for owner, file in named if (trouble := certificate_trouble(Path(file), now)) is not None]


def certificate_trouble(file: Path, now: int) -> Sentence | None:
    """Why a certificate does not hold, or soon will not; None where all is well. Of several in a file the one that ends first counts.

    Parameters
    ----------
    now : ns UTC
    """
    try:
        begins, ends = period_of(file)
    except (OSError, ValueError):
        return Sentence("project.trouble.certificate.unreadable", {"file": file.name})
    if now < begins:
        return Sentence("project.trouble.certificate.early", {"file": file.name, "date": day_of(begins)})
    if now > ends:
        return Sentence("project.trouble.certificate.expired", {"file": file.name, "date": day_of(ends)})
    return Sentence("project.trouble.certificate.soon", {"file": file.name, "date": day_of(ends)}) if ends - now < SOON_NS else None


def period_of(file: Path) -> tuple[int, int]:
    """From when to when all certificates of a file hold, ns UTC.

    Raises
    ------
    OSError, ValueError : it cannot be read, or holds none
    """
    return _period(file, file.stat().st_mtime_ns)


@lru_cache(256)
def _period(file: Path, _stamp: int) -> tuple[int, int]:
    """Read once as long as the file stays the same."""
    from cryptography import x509

    found = x509.load_pem_x509_certificates(file.read_bytes())
    begins = max(one.not_valid_before_utc for one in found)
    ends = min(one.not_valid_after_utc for one in found)
    return int(begins.timestamp()) * NS, int(ends.timestamp()) * NS


def day_of(moment: int) -> str:
    """The day of a moment (ns UTC), as people write it."""
    return f"{datetime.fromtimestamp(moment // NS, UTC):%Y-%m-%d}"
