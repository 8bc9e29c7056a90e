"""Every wrong setting of a live plant is found at the start, with file and line, before anything opens."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from andon.plant.errors import AskUserError, StoreError
from andon.plant.file import PlantFile
from andon.plant.file.locating import line_of
from andon.plant.file.service_settings import ServiceSection
from andon.plant.sentences import speak
from andon.plant.time import DAY_NS, NS
from andon.project.live.running import open_running
from andon.project.live.tls import certificate_trouble, certificates_trouble
from tests.small_plant import Line

MQTT = '[[link]]\nname = "b"\nkind = "mqtt"\naddress = "mqtts://127.0.0.1:1"\ntopics = ["a/{asset}"]\n'
WRONG: dict[str, tuple[str, int, str]] = {
    "address": (
        '[[link]]\nname = "b"\nkind = "mqtt"\naddress = "http://x"\ntopics = ["a/{asset}"]',
        4,
        "'http://x' is no address for this",
    ),
    "kind": ('[[link]]\nname = "b"\nkind = "carrier-pigeon"', 3, "'carrier-pigeon' is no kind of link"),
    "topic": ('[[link]]\nname = "b"\nkind = "mqtt"\naddress = "mqtt://h:1"\ntopics = ["a/{b{"]', 1, "'a/{b{' is no pattern"),
    "second link": (f'{MQTT}\n[[link]]\nname = "c"\nkind = "opcua"\ntopics = ["Line"]\naddress = "mqtt://h"', 11, "is no address for this"),
    "secret": (f'{MQTT}user = "u"\npassword_env = "NOT_THERE_AT_ALL"', 1, "the environment variable NOT_THERE_AT_ALL is not set"),
    "file of a link": (f'{MQTT}ca_file = "gone.pem"', 6, "cannot read the certificate or key"),
    "outlet": ('[[send]]\nname = "b"\nkind = "webhook"\naddress = "ftp://x"', 1, "'ftp://x' is no address for this"),
    "twice": ('[[link]]\nname = "b"\nkind = "push"\n[[link]]\nname = "b"\nkind = "push"', 4, "'b' stands twice"),
    "fsync": ('[service]\nfsync = "often"', 2, "often"),
    "half of TLS": ('[service]\nhost = "::1"\ncertificate = "c.pem"', 1, "TLS needs a certificate and its key"),
    "certificate": ('[service]\ncertificate = "gone.pem"\nkey = "gone.key"', 2, "cannot read"),
    "no certificate": ('[service]\nkey = "plant.toml"\ncertificate = "plant.toml"', 3, "this is no certificate with its key"),
    "database": ('[service]\nport = 0\ndatabase = "mysql://x/y"', 3, "is no database that Andon can use here"),
    "password": (
        '[service]\ndatabase = "postgresql://u@h/y"\ndatabase_password_from = "NOT_THERE_AT_ALL"',
        3,
        "NOT_THERE_AT_ALL is not set",
    ),
}


@pytest.fixture
def place(line: Line, tmp_path: Path) -> Path:
    shutil.copytree(line.models, tmp_path / "models")
    return tmp_path / "plant.toml"


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_found_with_file_and_line(place: Path, name: str) -> None:
    text, number, what = WRONG[name]
    place.write_text(text + "\n", "utf-8")
    with pytest.raises(AskUserError) as caught:
        open_running(place, data=place.parent / "data").close()
    error = caught.value
    assert what in error.what
    assert (error.at.file, error.at.line) == (str(place), number), str(error)
    assert error.do


def test_a_setting_is_found_by_its_key_else_by_what_stands_around_it() -> None:
    text = '[service]\nport = 1\n\n[[link]]\nname = "a"\n[[link]]\nname = "b"\naddress = "x"\n'
    found = [line_of(text, key) for key in ("service.port", "service.host", "link[2].address", "link[1].address", "link[3]", "nothing")]
    assert found == [2, 1, 8, 4, 4, None]


@pytest.mark.parametrize(
    ("begins", "ends", "told"),
    [(-30, 300, ""), (-30, -1, "expired on"), (-30, 25, "expires on"), (3, 300, "holds from")],
)
def test_a_certificate_that_ends_is_told_of(tmp_path: Path, begins: int, ends: int, told: str) -> None:
    section = certificate(tmp_path, begins, ends)
    now = int(datetime.now(UTC).timestamp()) * NS
    trouble = certificate_trouble(Path(section.certificate), now)
    assert (trouble is None) if not told else (trouble is not None and told in speak(trouble))
    after = certificates_trouble(PlantFile(service=section), now + 400 * DAY_NS)
    assert [(owner, speak(why)[:24]) for owner, why in after] == [("", "the certificate c.pem ex")]
    assert certificates_trouble(PlantFile(), now) == []


def certificate(folder: Path, begins: int, ends: int) -> ServiceSection:
    """A self-signed certificate that holds between two days from now."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "andon.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(now + timedelta(days=begins)).not_valid_after(now + timedelta(days=ends)).sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "c.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "k.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return ServiceSection(certificate=str(folder / "c.pem"), key=str(folder / "k.pem"))


def test_a_key_of_another_certificate_is_refused(place: Path) -> None:
    certificate(place.parent, -1, 10)
    (place.parent / "other").mkdir()
    certificate(place.parent / "other", -1, 10)
    place.write_text('[service]\ncertificate = "c.pem"\nkey = "other/k.pem"\n', "utf-8")
    with pytest.raises(AskUserError, match="the key is not that of the certificate") as caught:
        open_running(place, data=place.parent / "data").close()
    assert (caught.value.at.line, caught.value.at.key) == (2, "service.certificate")


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(place: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    certificate(place.parent, -1, 10)
    key = serialization.load_pem_private_key((place.parent / "k.pem").read_bytes(), None)
    (place.parent / "k.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret"))
    )
    place.write_text('[service]\ncertificate = "c.pem"\nkey = "k.pem"\n', "utf-8")
    with pytest.raises(AskUserError, match="the key has a passphrase") as caught:
        open_running(place, data=place.parent / "data").close()
    assert (caught.value.at.line, caught.value.at.key) == (3, "service.key")


def test_a_database_that_gives_no_answer_at_the_start_is_said_and_nothing_is_left_open(place: Path) -> None:
    place.write_text('[service]\ndatabase = "postgresql://u@127.0.0.1:1/andon"\n', "utf-8")
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1"):
        open_running(place, data=place.parent / "data")
    place.write_text("", "utf-8")
    open_running(place, data=place.parent / "data").close()
