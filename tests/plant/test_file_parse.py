"""plant.toml: one bad file per mistake with its exact message; what is written is read back the same."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.budget import Budget, parse_budget
from andon.plant.errors import PlantFileError
from andon.plant.export import DATE_ORDERS, DECIMALS, LAYOUTS, QUALITIES, TIME_FORMATS
from andon.plant.file.alarm_settings import AlarmSettings
from andon.plant.file.lines import find_lines
from andon.plant.file.link_settings import LINK_KEYS, LINK_KINDS, SEND_KEYS, LinkSettings, SendSettings
from andon.plant.file.parse import parse_plant_file, parse_plant_text, resolve
from andon.plant.file.schema import (
    DAYS,
    SECTIONS,
    Asset,
    BudgetGroup,
    Derived,
    Exclude,
    Files,
    Machine,
    Maintenance,
    Model,
    Modes,
    OutOfService,
    Periods,
    PlantFile,
    Response,
    Sampling,
    Shift,
    Site,
    Target,
)
from andon.plant.file.setting import Kind
from andon.plant.file.write import write_plant_file, write_plant_text
from andon.plant.tag import Role, Tag
from andon.plant.time import DAY_NS, HOUR_NS, MINUTE_NS, NS

# The text of a bad file, and the whole message. One entry for each mistake.
BAD: dict[str, tuple[str, str]] = {
    "a kind of link that is none": (
        '[[link]]\nname = "a"\nkind = "mqqt"\n',
        "plant.toml:3, key link[1].kind: 'mqqt' is no kind of link\n"
        "  do: use one of mqtt, sparkplug, opcua, folder, replay, push, or package.module:Class",
    ),
    "a key of another kind of link": (
        '[[link]]\nname = "a"\nkind = "replay"\naddress = "x"\nclient_id = "b"\n',
        "plant.toml:5, key link[1].client_id: replay has no use for client_id\n"
        "  do: take it out; replay understands address, speed, zone, asset, tag, rename, ignore, window, results",
    ),
    "a link without what it reads": (
        '[[link]]\nname = "a"\nkind = "mqtt"\naddress = "mqtt://broker"\n',
        "plant.toml:3, key link[1].kind: a mqtt link needs topics\n  do: add topics",
    ),
    "two links of one name": (
        '[[link]]\nname = "a"\nkind = "push"\n[[link]]\nname = "a"\nkind = "push"\n',
        "plant.toml:4, key link[2]: [[link]] 'a' stands twice\n  do: give every one its own name, or put both together",
    ),
    "two passwords": (
        '[[link]]\nname = "a"\nkind = "sparkplug"\naddress = "mqtt://b"\npassword_env = "P"\npassword_file = "p"\n',
        "plant.toml:6, key link[1].password_file: password_env and password_file are both given\n  do: leave one",
    ),
    "a way to send that is none": (
        '[[send]]\nname = "a"\nkind = "fax"\n',
        "plant.toml:3, key send[1].kind: 'fax' is no way to send\n  do: use one of mqtt, webhook, notify, folder",
    ),
    "a notification without addresses": (
        '[[send]]\nname = "a"\nkind = "notify"\n',
        "plant.toml:3, key send[1].kind: a notification needs its addresses\n"
        "  do: name them by url_env or url_file: they hold passwords",
    ),
    "an address where it is not used": (
        '[[send]]\nname = "a"\nkind = "notify"\naddress = "mailto://u:p@h"\n',
        "plant.toml:4, key send[1].address: notify has no use for address\n"
        "  do: take it out; notify understands url_env, url_file, what, assets, priority, language, give_up, most",
    ),
    "a webhook without its address": (
        '[[send]]\nname = "a"\nkind = "webhook"\n',
        "plant.toml:3, key send[1].kind: a webhook needs its address\n  do: add address, or url_env where the address is secret",
    ),
    "a sender without its address": (
        '[[send]]\nname = "a"\nkind = "folder"\n',
        "plant.toml:3, key send[1].kind: folder needs an address\n  do: add address",
    ),
    "not toml": (
        "[site\n",
        "plant.toml:1: this is not TOML: Expected ']' at the end of a table declaration\n"
        '  do: write key = value; texts stand in quotes: name = "pump 3"',
    ),
    "backslash": (
        '[files]\n# exports\nlabels = "C:\\exports\\labels.csv"\n',
        "plant.toml:3: this is not TOML: Unescaped '\\' in a string\n"
        "  do: write a backslash twice in quotes, or use single quotes: 'C:\\exports'",
    ),
    "key twice": (
        '[site]\nname = "a"\nname = "b"\n',
        'plant.toml:3: this is not TOML: Cannot overwrite a value\n  do: write key = value; texts stand in quotes: name = "pump 3"',
    ),
    "unknown section": (
        "\n\n[smapling]\n",
        "plant.toml:3, key smapling: there is no section 'smapling'\n  do: did you mean sampling?",
    ),
    "unknown key": (
        '[sampling]\nintervall = "5s"\n',
        "plant.toml:2, key sampling.intervall: [sampling] has no key 'intervall'\n  do: did you mean interval?",
    ),
    "section with two brackets": (
        "[[site]]\n",
        "plant.toml:1, key site: [site] is a section and stands once, found [{}]\n  do: write [site]",
    ),
    "list with one bracket": (
        '[tag]\nid = "a"\n',
        "plant.toml:1, key tag: [[tag]] is a list of sections, found a table\n  do: write [[tag]], with two brackets",
    ),
    "no id": (
        '[[tag]]\nid = "a"\n\n[[tag]]\nrole = "counter"\n',
        "plant.toml:4, key tag[2]: [[tag]] lacks 'id'\n  do: id = text in quotes, like \"pump 3\"",
    ),
    "wrong choice": (
        '[[tag]]\nid = "a"\nrole = "measurd"\n',
        "plant.toml:3, key tag[1].role: 'measurd' is not allowed for role\n"
        '  do: did you mean measured? allowed is one of "measured", "setpoint", "counter", "angle", "category", "ignored"',
    ),
    "duration without a unit": (
        "[sampling]\ninterval = 5\n",
        "plant.toml:2, key sampling.interval: 5 is not allowed for interval: a duration needs its unit\n"
        '  do: allowed is a duration, like "30s", "15min", "1h30m" or "7d"',
    ),
    "duration in a foreign unit": (
        '[sampling]\ninterval = "5 ticks"\n',
        "plant.toml:2, key sampling.interval: '5 ticks' is not allowed for interval: 'ticks' is not a unit of time\n"
        '  do: allowed is a duration, like "30s", "15min", "1h30m" or "7d"',
    ),
    "interval of nothing": (
        '[sampling]\ninterval = "0s"\n',
        "plant.toml:2, key sampling.interval: '0s' is not allowed for interval: it must be at least 1ms\n"
        '  do: allowed is a duration, like "30s", "15min", "1h30m" or "7d"',
    ),
    "zone": (
        '[site]\nzone = "Mars/Olympus"\n',
        "plant.toml:2, key site.zone: 'Mars/Olympus' is not allowed for zone: 'Mars/Olympus' is not an IANA time zone\n"
        '  do: allowed is an IANA zone, like "Europe/Berlin" or "UTC"',
    ),
    "number in quotes": (
        '[[tag]]\nid = "a"\nlow = "0"\n',
        "plant.toml:3, key tag[1].low: '0' is not allowed for low\n  do: allowed is a number, like 12.5",
    ),
    "number out of bounds": (
        "[sampling]\nmin_valid = 1.5\n",
        "plant.toml:2, key sampling.min_valid: 1.5 is not allowed for min_valid\n  do: allowed is a number, like 12.5, 0 to 1",
    ),
    "not a number": (
        "[sampling]\nmin_valid = nan\n",
        "plant.toml:2, key sampling.min_valid: nan is not allowed for min_valid: it is not finite\n"
        "  do: allowed is a number, like 12.5, 0 to 1",
    ),
    "integer": (
        "[model]\nseed = 1.5\n",
        "plant.toml:2, key model.seed: 1.5 is not allowed for seed\n  do: allowed is a whole number, like 7, 0 to 2.14748e+09",
    ),
    "boolean": (
        '[model]\nnetwork = "yes"\n',
        "plant.toml:2, key model.network: 'yes' is not allowed for network\n  do: allowed is true or false",
    ),
    "date": (
        '[[exclude]]\nstart = "1 March"\nend = "2026-03-02"\n',
        "plant.toml:2, key exclude[1].start: '1 March' is not allowed for start: '1 March' is not a date or time\n"
        '  do: allowed is a date or time, like "2026-03-01" or "2026-03-01T06:00:00+01:00"',
    ),
    "clock": (
        '[[shift]]\nname = "early"\nstart = "6"\nend = "14:00"\n',
        "plant.toml:3, key shift[1].start: '6' is not allowed for start\n  do: allowed is a time of day, like \"06:00\"",
    ),
    "weekday": (
        '[[shift]]\nname = "early"\nstart = "06:00"\nend = "14:00"\ndays = ["Montag"]\n',
        "plant.toml:5, key shift[1].days: ['Montag'] is not allowed for days\n"
        '  do: allowed is a list out of "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"',
    ),
    "budget": (
        '[[budget]]\nbudget = "few"\n',
        "plant.toml:2, key budget[1].budget: 'few' is not allowed for budget: 'few' is not an alarm budget\n"
        '  do: allowed is events per time, like "1/week", "2/day" or "1/14d"',
    ),
    "expression": (
        '[machine]\noff = "FIC-101.PV < 5"\n',
        "plant.toml:2, key machine.off: 'FIC-101.PV < 5' is not allowed for off: line 1, column 8 of 'FIC-101.PV < 5': "
        'this is not an expression\n  do: allowed is an expression, like "speed < 5" or "`FIC-101.PV` / 2"',
    ),
    "tag twice": (
        '[[tag]]\nid = "a"\n\n[[tag]]\nid = "a"\n',
        "plant.toml:4, key tag[2]: [[tag]] 'a' stands twice\n  do: give every one its own name, or put both together",
    ),
    "range upside down": (
        '[[tag]]\nid = "a"\nlow = 5\nhigh = 1\n',
        "plant.toml:3, key tag[1].low: low 5 is not below high 1\n  do: exchange low and high",
    ),
    "specification upside down": (
        '[[target]]\nname = "q"\nlow = 5\nhigh = 1\n',
        "plant.toml:3, key target[1].low: low 5 is not below high 1\n  do: exchange low and high",
    ),
    "classification without limits": (
        '[[target]]\nname = "q"\nkind = "classification"\n',
        "plant.toml:3, key target[1].kind: a classification needs specification limits\n  do: give low, high, or both",
    ),
    "exclude upside down": (
        "[[exclude]]\nstart = 2026-03-02\nend = 2026-03-01\n",
        "plant.toml:3, key exclude[1].end: end is not after start\n  do: exchange start and end",
    ),
    "maintenance once without end": (
        "[[maintenance]]\nstart = 2026-03-01T06:00:00Z\n",
        "plant.toml:1, key maintenance[1]: a window that comes once needs start and end\n"
        '  do: give both, or every = "week" with days, at and lasts',
    ),
    "maintenance without length": (
        '[[maintenance]]\nevery = "day"\nat = "06:00"\n',
        'plant.toml:1, key maintenance[1]: a recurring window needs at and lasts\n  do: for example at = "06:00" and lasts = "2h"',
    ),
    "maintenance without day": (
        '[[maintenance]]\nevery = "week"\nat = "06:00"\nlasts = "2h"\n',
        'plant.toml:1, key maintenance[1]: every = "week" needs days\n  do: for example days = ["sunday"]',
    ),
    "maintenance of a month": (
        '[[maintenance]]\nevery = "month"\nat = "06:00"\nlasts = "2h"\n',
        'plant.toml:1, key maintenance[1]: every = "month" needs day\n  do: for example day = 1',
    ),
    "shares": (
        "[periods]\ntrain_share = 0.8\ncalibrate_share = 0.4\n",
        "plant.toml:3, key periods.calibrate_share: train_share and calibrate_share are more than 1 together\n"
        "  do: leave some for evaluation",
    ),
    "mode without tag": (
        '[modes]\nfrom = "tag"\n',
        'plant.toml:2, key modes.from: from = "tag" needs the tag\n  do: add tag = "…" to [modes]',
    ),
    "unknown asset": (
        '[[asset]]\nid = "line 3"\n\n[[budget]]\nassets = ["line 4"]\n',
        "plant.toml:5, key budget[1].assets: there is no asset 'line 4'\n  do: did you mean line 3?",
    ),
    "unknown parent": (
        '[[asset]]\nid = "pump"\nparent = "line 3"\n',
        "plant.toml:3, key asset[1].parent: there is no asset 'line 3'\n  do: use pump",
    ),
    "parents in a ring": (
        '[[asset]]\nid = "a"\n[[asset]]\nid = "b"\nparent = "c"\n[[asset]]\nid = "c"\nparent = "b"\n',
        "plant.toml:5, key asset[2].parent: an asset cannot stand above itself: b > c > b\n  do: take one parent away",
    ),
    "flood limits": (
        "[alarms]\nflood_begin = 5\nflood_end = 6\n",
        "plant.toml:3, key alarms.flood_end: flood_end 6 is above flood_begin 5\n  do: exchange the two",
    ),
    "priority": (
        '[[response]]\ncheck = ["V-3"]\npriority = 4\n',
        "plant.toml:3, key response[1].priority: 4 is not allowed for priority\n  do: allowed is a whole number, like 7, 1 to 3",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_bad_file_has_its_exact_message(name: str) -> None:
    text, message = BAD[name]
    with pytest.raises(PlantFileError) as caught:
        parse_plant_text(text)
    assert str(caught.value) == message
    assert caught.value.at.line is not None


def test_every_kind_of_setting_has_a_bad_example() -> None:
    """A new kind must come with its message."""
    bad = " ".join(text for text, _ in BAD.values())
    keys = {kind: {setting.key for section in SECTIONS for setting in section.settings if setting.kind is kind} for kind in Kind}
    checked = set(Kind) - {Kind.TEXT, Kind.TEXTS}  # any text is a text
    for kind in checked:
        assert any(key in bad for key in keys[kind]), kind


def test_the_messages_speak_the_language_of_the_site() -> None:
    with pytest.raises(PlantFileError) as caught:
        parse_plant_text('[site]\nlanguage = "zh-CN"\n[model]\nmemory = "gur"\n')
    assert caught.value.do.startswith("您是否想写 gru？ 允许的是：")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PlantFileError, match="cannot read the plant file"):
        parse_plant_file(tmp_path / "absent.toml")
    path = tmp_path / "plant.toml"
    path.write_bytes(b'[site]\nname = "\xff"\n')
    with pytest.raises(PlantFileError, match="not UTF-8") as caught:
        parse_plant_file(path)
    assert caught.value.at.line == 2
    path.write_bytes(b"\xef\xbb\xbf[site]\r\nname = 'with a mark and \xe5\xb7\xa5\xe5\x8e\x82'\r\n")
    assert parse_plant_file(path).site.name == "with a mark and 工厂"


def test_an_empty_file_is_valid_and_is_the_default() -> None:
    assert parse_plant_text("") == PlantFile()
    assert parse_plant_text(write_plant_text(PlantFile())) == PlantFile()


def test_times_without_an_offset_are_in_the_sites_zone() -> None:
    text = '[[exclude]]\nstart = "2026-03-01T06:00"\nend = 2026-03-01T06:00:00Z\n[site]\nzone = "Europe/Berlin"\n'
    exclude = parse_plant_text(text).exclude[0]
    assert exclude.end - exclude.start == HOUR_NS


def test_paths_are_relative_to_the_file() -> None:
    plant = resolve(PlantFile(files=Files(paths=("exports/*.csv", "/abs/x.csv"), labels="labels.csv")), "/plant")
    assert plant.files.paths == (str(Path("/plant/exports/*.csv")), str(Path("/abs/x.csv")))
    assert plant.files.labels == str(Path("/plant/labels.csv"))


def test_files_of_links_are_relative_to_the_file() -> None:
    plant = PlantFile(
        links=(LinkSettings("a", "folder", "exports"), LinkSettings("b", "mqtt", "mqtt://x", ("t",), password_file="p", ca_file="c.pem")),
        sends=(SendSettings("a", "webhook", address="https://h/x", secret_file="s"), SendSettings("b", "folder", address="out")),
    )
    placed = resolve(plant, "/plant")
    assert [link.address for link in placed.links] == ["/plant/exports", "mqtt://x"]
    assert (placed.links[1].password_file, placed.links[1].ca_file, placed.links[1].key_file) == ("/plant/p", "/plant/c.pem", "")
    assert [send.address for send in placed.sends] == ["https://h/x", "/plant/out"]
    assert placed.sends[0].secret_file == "/plant/s"


def test_the_kinds_of_links_name_keys_that_exist() -> None:
    names = {item.name for item in fields(LinkSettings)}
    assert set(LINK_KEYS) == set(LINK_KINDS)
    assert all(set(keys) <= names for keys in LINK_KEYS.values())
    assert all(set(keys) <= {item.name for item in fields(SendSettings)} for keys in SEND_KEYS.values())
    used = {key for keys in LINK_KEYS.values() for key in keys} | {"name", "kind", "options"}
    assert used == names, "a key that no kind understands"


def test_lookups() -> None:
    plant = PlantFile(
        assets=(Asset("a", off="x < 1"), Asset("b")),
        machine=Machine(off="x < 2"),
        tags=(Tag("t", role=Role.COUNTER),),
        budgets=(BudgetGroup("line", ("a",), Budget(2, DAY_NS)), BudgetGroup("rest")),
    )
    assert (plant.off("a"), plant.off("b")) == ("x < 1", "x < 2")
    assert plant.tag("t").role is Role.COUNTER
    assert plant.tag("u") == Tag("u")
    assert [tag.id for tag in plant.with_tags(["u", "t"])] == ["u", "t"]
    assert (plant.budget_group("a").name, plant.budget_group("b").name) == ("line", "rest")
    assert plant.budget_group("a").budget == Budget(2, DAY_NS, HOUR_NS)


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=3, unique=True), min_size=1, max_size=4))
def test_the_assets_of_a_budget_group_are_those_of_which_it_is_the_group(named: list[list[str]]) -> None:
    groups = tuple(BudgetGroup(name=str(number), assets=tuple(assets)) for number, assets in enumerate(named))
    plant = PlantFile(budgets=groups)
    for group in groups:
        assert plant.in_budget_group(group, "dcba") == [asset for asset in "dcba" if plant.budget_group(asset).name == group.name]


def test_lines_of_keys_in_awkward_toml() -> None:
    text = (
        '# head\na.b = 1\n[[x]]\ns = """\n[y]\nnot = "a key"\n"""\nl = [\n  "]", # ]\n]\n[[x]]\n"q k" = 2\n'
        "[x.z]\nw = '''\n[a]'''\nv = 1\n"
    )
    lines = find_lines(text)
    assert lines.line(("a", "b")) == 2
    assert lines.line(("x", 0, "s")) == 4
    assert lines.line(("x", 0, "l")) == 8
    assert lines.line(("x", 1)) == 11
    assert lines.line(("x", 1, "q k")) == 12
    assert lines.line(("x", 1, "z", "w")) == 14
    assert lines.line(("x", 1, "z", "v")) == 16
    assert lines.line(("nowhere",)) is None


# Round trip: any plant file.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
numbers = st.one_of(st.integers(-1000, 1000).map(float), st.floats(-1e12, 1e12, allow_nan=False))
durations = st.integers(1, 10**18)
instants = st.integers(-(10**15), 4 * 10**15).map(lambda us: us * 1000)
clocks = st.integers(0, 24 * 3600).map(lambda s: s * NS)
expressions = st.sampled_from(["", "speed < 5", "`FIC-101.PV` / 2 > `ü\"x'`", "not a or b == 'x'"])
zones = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Shanghai"])
days = st.lists(st.sampled_from(DAYS), max_size=3).map(tuple)
lists = st.lists(texts, max_size=3).map(tuple)

excludes = instants.flatmap(lambda start: st.builds(Exclude, st.just(start), st.just(start + 10**9), st.just(""), texts))


def unique(items: st.SearchStrategy[Any], key: str) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=3, unique_by=lambda item: getattr(item, key)).map(tuple)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


@st.composite
def tags(draw: st.DrawFn) -> Tag:
    low = draw(maybe(numbers))
    high = draw(maybe(numbers))
    if low is not None and high is not None and low >= high:
        high = None
    return Tag(
        draw(ids), draw(texts), draw(texts), draw(st.sampled_from(Role)), low, high, draw(maybe(durations)), draw(texts),
        draw(st.sampled_from([360.0, 4096.0, 6.283185307179586])),
    )  # fmt: skip


@st.composite
def maintenance(draw: st.DrawFn) -> Maintenance:
    start = draw(instants)
    if draw(st.booleans()):
        return Maintenance("once", start, start + draw(st.integers(1, 10**9)) * 1000, why=draw(texts))
    every = draw(st.sampled_from(["day", "week", "month"]))
    return Maintenance(
        every, draw(maybe(st.just(start))), None, draw(days.filter(bool)), draw(st.integers(1, 31)), draw(clocks), draw(durations),
        draw(maybe(zones)), (), draw(texts),
    )  # fmt: skip


responses = st.builds(
    Response, lists, texts, texts, st.just(""), texts, maybe(st.sampled_from(["minor", "major", "severe"])),
    maybe(st.integers(NS, 10**15)), maybe(st.integers(1, 3)), maybe(st.booleans()),
)  # fmt: skip
alarms = st.builds(
    AlarmSettings, st.booleans(), st.integers(HOUR_NS, 10**17), clocks, st.sampled_from(["minor", "major"]), st.booleans(), durations,
    durations, durations, st.integers(2, 9), st.integers(MINUTE_NS, 10**15), st.integers(1, 9), st.integers(5, 9), st.integers(1, 5),
)  # fmt: skip


links = st.builds(
    LinkSettings, ids, st.sampled_from(["mqtt", "my.links:Own"]), st.just("mqtt://broker"), st.just(("a/{asset}",)), texts, texts, lists,
    window=st.integers(1, 65_535), password_env=texts, time_unit=st.sampled_from(["auto", "ms"]), times=st.just("arrival"),
)  # fmt: skip
sends = st.builds(
    SendSettings, ids, st.just("webhook"), st.lists(st.sampled_from(["alarms", "scores"]), max_size=2).map(tuple), lists,
    maybe(st.integers(1, 9)), st.sampled_from(["", "en"]), st.just("https://host/x"), secret_file=texts, give_up_ns=st.integers(NS, 10**15),
)  # fmt: skip


answers = st.tuples(
    st.sampled_from(["", *LAYOUTS]), st.sampled_from(["", *DATE_ORDERS]), st.sampled_from(["", *DECIMALS]),
    st.sampled_from(["", *QUALITIES]), st.sampled_from(["", *TIME_FORMATS]),
)  # fmt: skip


@st.composite
def plants(draw: st.DrawFn) -> PlantFile:
    budgets = st.builds(
        BudgetGroup,
        ids,
        st.just(()),
        st.builds(Budget, st.floats(0.001, 1000), st.sampled_from([HOUR_NS, DAY_NS, 7 * DAY_NS, 14 * DAY_NS, 1_000_001])),
        durations,
    )
    targets = st.builds(Target, ids, texts, st.just(""), texts, st.just("regression"), maybe(numbers), st.none(), maybe(durations))
    return PlantFile(
        Site(draw(texts), draw(zones), draw(st.sampled_from(["en", "zh-CN"]))),
        Files(draw(lists), draw(maybe(zones)), draw(texts), draw(texts), draw(lists), draw(texts), None, *draw(answers)),
        Sampling(draw(maybe(st.integers(10**6, 10**15))), draw(maybe(durations)), None, draw(maybe(durations)), draw(st.floats(0, 1))),
        (),
        draw(unique(tags(), "id")),
        draw(unique(st.builds(Derived, ids, st.sampled_from(["a + 1", "sqrt(`b c`)"]), texts, texts, texts), "id")),
        Machine(draw(expressions), draw(maybe(durations))),
        Modes(draw(st.sampled_from(["none", "discovered"])), draw(texts), draw(st.integers(1, 64))),
        draw(st.lists(excludes, max_size=2).map(tuple)),
        draw(unique(targets, "name")),
        draw(st.builds(Periods, *[maybe(instants)] * 6, st.just(0.5), st.floats(0, 0.5), maybe(durations))),
        draw(st.lists(budgets, min_size=1, max_size=3, unique_by=lambda group: group.name).map(tuple)),
        draw(st.lists(responses, max_size=2).map(tuple)),
        draw(st.lists(st.builds(Shift, ids, clocks, clocks, days), max_size=2).map(tuple)),
        draw(st.lists(maintenance(), max_size=2).map(tuple)),
        draw(st.lists(st.builds(OutOfService, ids, st.just(""), maybe(instants), texts), max_size=2).map(tuple)),
        Model(draw(texts), "sisters", draw(st.integers(10**9, 10**15)), draw(st.integers(0, 100)), "lstm", draw(st.booleans())),
        draw(alarms),
        draw(unique(links, "name")),
        draw(unique(sends, "name")),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(plants(), st.sampled_from(["en", "zh-CN"]), texts)
def test_what_is_written_is_read_back_the_same(plant: PlantFile, language: str, comment: str) -> None:
    comments = {"sampling.interval": comment, "tag[1]": comment, "tag[1].role": comment, "files": comment}
    assert parse_plant_text(write_plant_text(plant, comments, language=language)) == plant


def test_a_file_on_disk(tmp_path: Path) -> None:
    plant = PlantFile(tags=(Tag("`quoted\" 'id'"),), sampling=Sampling(interval_ns=5 * MINUTE_NS))
    write_plant_file(tmp_path / "plant.toml", plant, {"sampling.interval": "median time between samples"})
    assert parse_plant_file(tmp_path / "plant.toml") == plant
    assert "# median time between samples\n" in (tmp_path / "plant.toml").read_text("utf-8")


def test_the_commented_defaults_are_the_defaults() -> None:
    """Taking the # away from a default changes nothing."""
    text = write_plant_text(PlantFile())
    for section in SECTIONS:
        if section.many:
            continue
        at = text.index(f"\n[{section.key}]\n") + 1
        block = text[at:].split("\n\n")[0]
        opened = "\n".join(line[2:] if " = " in line and line.startswith("# ") and "…" not in line else line for line in block.split("\n"))
        assert opened != block
        opened = "\n".join(line for line in opened.split("\n") if line.startswith(("#", "[")) or line.split(" = ")[0].isidentifier())
        assert parse_plant_text(opened) == PlantFile(), section.key


def test_parents_of_parents_are_no_ring() -> None:
    plant = parse_plant_text('[[asset]]\nid = "a"\n[[asset]]\nid = "b"\nparent = "a"\n[[asset]]\nid = "c"\nparent = "b"\n')
    assert [asset.parent for asset in plant.assets] == ["", "a", "b"]


def test_every_section_is_a_field_of_the_plant_file() -> None:
    assert [section.attribute for section in SECTIONS] == [item.name for item in fields(PlantFile)]


def test_the_exact_text_of_a_budget() -> None:
    plant = parse_plant_text('[[budget]]\nname = "line"\nbudget = "1/14d"\nmerge_gap = "30min"\n')
    assert plant.budgets[0].budget == parse_budget("1/14d", 30 * MINUTE_NS)
    assert 'budget = "1/14d"' in write_plant_text(plant)
