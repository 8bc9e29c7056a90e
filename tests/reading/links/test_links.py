"""Links of a plant file: made by their kind, everything checked before anything opens; each link's list of rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from andon.plant.errors import AskUserError
from andon.plant.file.link_settings import LINK_KINDS
from andon.plant.file.parse import parse_plant_text
from andon.reading import link as door
from andon.reading import links
from andon.reading.links import MAKERS, make_links

ROOM = Path(door.__file__).parent


def test_every_kind_is_made() -> None:
    assert set(MAKERS) == set(LINK_KINDS)


def test_links_of_a_plant_file(tmp_path: Path) -> None:
    plant = parse_plant_text(f"""
[site]
zone = "Europe/Berlin"
[[link]]
name = "gateway"
kind = "mqtt"
address = "mqtt://broker.example:1884"
topics = ["plant/{{asset}}/data"]
user = "andon"
password_env = "SECRET"
rename = ["T1 = FIC-101.PV"]
[[link]]
name = "cells"
kind = "sparkplug"
address = "mqtt://broker.example"
[[link]]
name = "exports"
kind = "folder"
address = "{tmp_path}"
topics = ["{{asset}}_{{time}}.csv"]
delay = "10min"
[[link]]
name = "again"
kind = "replay"
address = "{tmp_path}"
speed = 60
[[link]]
name = "clients"
kind = "push"
payload = "influx"
[[link]]
name = "own"
kind = "tests.reading.links.own_link:OwnLink"
options = ["rows = 3"]
""")
    made = make_links(plant, environment={"SECRET": "s3cret"})
    assert [link.name for link in made] == ["gateway", "cells", "exports", "again", "clients", "own"]
    assert "s3cret" not in repr([vars(link) for link in made])


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ('kind = "mqtt"\naddress = "http://x"\ntopics = ["a"]',
         "key link[1].address: 'http://x' is no address for this\n  do: write it like mqtt://host:1883, mqtts://host:8883"),
        ('kind = "mqtt"\naddress = "mqtt://u:p@x"\ntopics = ["a"]',
         "key link[1].address: an address must not hold a user or a password\n"
         "  do: use user and password_env or password_file instead"),
        ('kind = "mqtt"\naddress = "mqtt://x"\ntopics = ["a"]\npassword_env = "NOT_SET"',
         "key link[1].password: the environment variable NOT_SET is not set\n  do: set NOT_SET before starting, or name a file"),
        ('kind = "mqtt"\naddress = "mqtt://x"\ntopics = ["a/{b"]',
         "key link[1]: 'a/{b' is no pattern\n"
         '  do: write whole levels, like "plant/{asset}/{tag}"; + is one level, # at the end the rest'),
        ('kind = "push"\nrename = ["a"]', "key link[1]: 'a' is no rename\n  do: write \"source name = tag id\""),
        ('kind = "push"\nasset = "{"', "key link[1]: '{' has a brace that names nothing\n"
                                       '  do: write names in braces, like "{line}-{machine}"'),
        ('kind = "folder"\naddress = "x"\ntopics = ["{y}"]',
         "key link[1]: '{y}' is no file name: '{y}'\n  do: use {asset}, {time} and *, like \"{asset}_{time}.csv\""),
        ('kind = "no.such.module:Link"',
         "key link[1].kind: the link 'no.such.module:Link' cannot be loaded: No module named 'no'\n"
         "  do: install its package beside andon"),
    ],
)  # fmt: skip
def test_wrong_links_are_told_before_anything_opens(section: str, text: str) -> None:
    plant = parse_plant_text(f'[[link]]\nname = "a"\n{section}\n')
    with pytest.raises(AskUserError) as caught:
        make_links(plant, environment={})
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("kind", "package", "extra"), [("mqtt", "paho", "mqtt"), ("sparkplug", "paho", "mqtt"), ("opcua", "asyncua", "opcua")]
)
def test_a_missing_package_is_told_at_start(kind: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "find_spec", lambda name: None)
    section = f'[[link]]\nname = "a"\nkind = "{kind}"\naddress = "x"\ntopics = ["a"]\n'
    with pytest.raises(AskUserError) as caught:
        make_links(parse_plant_text(section))
    assert str(caught.value) == f'key link[1].kind: a {kind} link needs the package {package}\n  do: pip install "andon[{extra}]"'


def rules(text: str) -> dict[str, tuple[str, str]]:
    """Rule -> (status, why) of a quality.yaml; the file uses two forms only."""
    found: dict[str, tuple[str, str]] = {}
    for match in re.finditer(r"^([a-z-]+):(?: (done|todo)\n|\n  status: (done|todo|exempt)\n  why: (.+)\n)", text, re.M):
        found[match[1]] = (match[2] or match[3], match[4] or "")
    assert sum(not line.startswith(("#", " ")) for line in text.splitlines()) == len(found), "a line of another form"
    return found


@pytest.mark.parametrize("kind", LINK_KINDS)
def test_every_link_has_the_same_files_and_rules(kind: str) -> None:
    folder = ROOM / kind
    names = {"__init__.py", "settings.py", "connect.py", "parse.py", "quality.yaml"}
    assert names <= {entry.name for entry in folder.iterdir()}
    found = rules((folder / "quality.yaml").read_text("utf-8"))
    assert set(found) == set(rules((ROOM / "mqtt" / "quality.yaml").read_text("utf-8")))
    for rule, (status, why) in found.items():
        assert why or status != "exempt", rule
