"""Whatever a plant exports: a clear message, the right exit code, no traceback, and nothing half-written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from andon.store import ModelStore, read_events, read_verdicts
from tests.small_plant import ASSET, NEW_ROWS, TAGS, TRAIN_ROWS, TRAIN_START, Line, Outcome, andon, lines, stamps, write

HEADER, *BODY = lines()
Export = Callable[[list[str]], list[str]]


def _with(cells: str) -> list[str]:
    return [HEADER, *(f"{time},{cells}" for time in stamps(NEW_ROWS))]


def _free_text() -> list[str]:
    return [HEADER, *(f"{time},a{row},b{row},c{row},d{row}" for row, time in enumerate(stamps(TRAIN_ROWS)))]


UNREADABLE = {
    "empty": ([], "the file is empty"),
    "header-only": ([HEADER], "only a header, no row of data"),
    "no-times": ([HEADER, *(f"yesterday{line[20:]}" for line in BODY)], "no column holds times"),
    "free-text-everywhere": (_free_text(), "no column holds numbers or a few repeated words"),
    "one-row": ([HEADER, BODY[0]], "1 row is too little: not even its interval is known"),
}
UNLEARNABLE = {
    "all-missing": (_with(",,,"), "none of the 4 tags has a valid value in 900 rows"),
    "all-words-for-no-value": (_with("Bad,No Data,I/O Timeout,Shutdown"), "none of the 4 tags has a valid value in 900 rows"),
    "all-beyond-numbers": (_with("1e308,-inf,inf,-1e308"), "none of the 4 tags has a valid value in 900 rows"),
    "all-constant": (_with("1,2,3,4"), "no tag ever changes: each of the 4 tags has one value in all 900 rows"),
    "one-text-everywhere": (_with("on,off,on,x y"), "no tag ever changes"),
}


def _refused(done: Outcome, what: str, code: int = 1) -> None:
    assert done.code == code, done.out
    assert done.out == ""
    error = done.error()
    assert what in error["what"]
    assert error["do"]
    assert "Traceback" not in done.err
    assert error["error"] != "InternalError"


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_refused_by_audit_and_init(name: str, tmp_path: Path) -> None:
    text, what = UNREADABLE[name]
    export = write(tmp_path / "export.csv", text)
    _refused(andon("audit", export, "--page", tmp_path / "page.html", "--json"), what)
    _refused(andon("init", export, "-o", tmp_path / "plant.toml", "--json"), what)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export.csv"]


@pytest.mark.parametrize("name", UNLEARNABLE)
def test_what_cannot_be_learnt_from_is_audited_but_refused_by_init_and_train(name: str, tmp_path: Path) -> None:
    text, what = UNLEARNABLE[name]
    export = write(tmp_path / "export.csv", text)
    audited = andon("audit", export, "--json")
    assert audited.code == 0, audited.err
    assert audited.json()["assets"]["export"]["findings"], "the audit says what is wrong"
    _refused(andon("init", export, "-o", tmp_path / "plant.toml", "--json"), what)
    write(tmp_path / "plant.toml", ['[files]\npaths = ["export.csv"]\n[sampling]\ninterval = "5min"'])
    _refused(andon("train", tmp_path / "plant.toml", "--no-network", "--json"), what)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export.csv", "plant.toml"]


SCORED_BUT_UNUSABLE = {
    "one-row": ([HEADER, BODY[0]], "not one tick could be judged (1 × warming up)"),
    "all-missing": (_with(",,,"), "not one tick could be judged"),
    "all-beyond-numbers": (_with("1e308,-inf,inf,-1e308"), "not one tick could be judged"),
    "words-for-numbers": (_with("on,off,on,x y"), "not one tick could be judged"),
    "free-text-everywhere": (_free_text(), "none of the model's 4 tags"),
    "one-tag": ([",".join(line.split(",")[:2]) for line in lines()], "3 of the model's 4 tags are not there: PIC-101, TIC-101, LIC-101"),
    "other-names": (["time,a,b,c,d", *BODY], "none of the model's 4 tags"),
    "other-interval": ([HEADER, *BODY[::7]], "samples come every 35min, the model was trained on 5min"),
    "dates-far-apart": (
        [HEADER, f"1970{BODY[0][4:]}", *BODY[1:-1], f"2100{BODY[-1][4:]}"],
        "nothing between 2026-02-04T02:50:00Z and 2100-02-04T02:55:00Z",
    ),
}


@pytest.mark.parametrize("name", SCORED_BUT_UNUSABLE)
def test_what_cannot_be_judged_is_refused_by_score_and_nothing_is_written(name: str, line: Line, tmp_path: Path) -> None:
    text, what = SCORED_BUT_UNUSABLE[name]
    export = write(tmp_path / "export.csv", text)
    _refused(andon("score", line.model, export, "-o", tmp_path / "out", "--json"), what)
    assert not (tmp_path / "out").exists()


def test_a_model_of_another_asset_is_refused(line: Line, tmp_path: Path) -> None:
    export = write(tmp_path / "pump.csv", lines())
    done = andon("score", line.model, export, "--asset", "pump", "-o", tmp_path / "out", "--json")
    _refused(done, "the exports are of pump, the model is for line")


def test_files_called_by_asset_are_judged_by_their_own_model_alone(own: Line, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    mine = write(tmp_path / "new" / f"{ASSET}.csv", lines())
    write(tmp_path / "new" / "pump.csv", lines(seed=9))
    for name, exports in (("alone", mine), ("both", tmp_path / "new")):
        done = andon("score", ASSET, exports, "-o", tmp_path / name, "--models", own.models)
        assert done.code == 0, done.err
        assert ("Not scored, for the model is of line: pump." in done.out) == (name == "both")
    assert read_events(tmp_path / "alone" / "events.json") == read_events(tmp_path / "both" / "events.json")


def test_a_file_called_by_another_known_asset_is_refused_unless_the_user_says_so(own: Line, tmp_path: Path) -> None:
    ModelStore(own.models).save("pump", "20260101T000000Z-00000000", b"another model", ["pump"])
    export = write(tmp_path / "pump.csv", lines())
    refused = andon("score", ASSET, export, "-o", tmp_path / "out", "--models", own.models, "--json")
    _refused(refused, "the exports are of pump, the model is for line")
    meant = andon("score", ASSET, export, "--asset", ASSET, "-o", tmp_path / "out", "--models", own.models, "--json")
    assert meant.code == 0, meant.err


def test_files_of_months_are_one_recording(own: Line, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    write(tmp_path / "new" / "february.csv", [HEADER, *BODY[:400]])
    write(tmp_path / "new" / "march.csv", [HEADER, *BODY[400:]])
    done = andon("score", ASSET, tmp_path / "new", "-o", tmp_path / "out", "--models", own.models, "--json")
    assert done.code == 0, done.err
    assert done.json()["assets"] == [ASSET]
    assert len(read_verdicts(tmp_path / "out" / "verdicts" / f"{ASSET}.parquet").time) == NEW_ROWS


def test_constant_values_are_judged_until_they_count_as_stuck(line: Line, tmp_path: Path) -> None:
    done = andon("score", line.model, write(tmp_path / "export.csv", _with("50,5.5,80,40")), "-o", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    assert 0 < done.json()["judged_hours"] < NEW_ROWS / 12 / 2


@pytest.mark.parametrize(
    ("name", "what", "do"),
    [
        ("empty", "文件是空的", "请重新导出，或略去该文件"),
        ("header-only", "只有表头，没有数据行", "请导出含有数据的时段，或略去该文件"),
        ("no-times", "没有一列含有时间", "请连同时间一起导出"),
    ],
)
def test_refusals_are_told_in_chinese(tmp_path: Path, name: str, what: str, do: str) -> None:
    path = write(tmp_path / "export.csv", UNREADABLE[name][0])
    done = andon("--lang", "zh-CN", "audit", path)
    assert done.code == 1
    assert what in done.err
    assert do in done.err
    assert andon("--lang", "zh-CN", "audit", path, "--json").error()["do"].startswith(do)


def test_an_absent_tag_and_an_unknown_tag_are_named(line: Line, tmp_path: Path) -> None:
    text = lines(tags=(*TAGS[:3], "NEW-7"))
    done = andon("score", line.model, write(tmp_path / "export.csv", text), "-o", tmp_path / "out")
    assert done.code == 0, done.err
    assert "line: 1 of the model's 4 tags are not in the exports and count as missing: LIC-101." in done.out
    assert "line: 1 tags are not known to the model and were left out: NEW-7." in done.out
    chinese = andon("--lang", "zh-CN", "score", line.model, tmp_path / "export.csv", "-o", tmp_path / "out")
    assert "line：模型的 4 个位号中有 1 个不在导出文件中，按缺失处理：LIC-101。" in chinese.out


def test_words_in_a_numeric_tag_are_bad_values_and_named(line: Line, tmp_path: Path) -> None:
    text = [HEADER, *(",".join([*row.split(",")[:4], "open" if number % 2 else "shut"]) for number, row in enumerate(BODY))]
    done = andon("score", line.model, write(tmp_path / "export.csv", text), "-o", tmp_path / "out")
    assert done.code == 0, done.err
    assert "1 tags hold words where the model knows numbers, and count as bad: LIC-101." in done.out
    absent = andon("score", line.model, write(tmp_path / "less.csv", [row.rsplit(",", 1)[0] for row in text]), "-o", tmp_path / "less")
    assert absent.code == 0, absent.err
    words, less = (read_verdicts(tmp_path / folder / "verdicts" / f"{ASSET}.parquet") for folder in ("out", "less"))
    assert words.evidence.tobytes() == less.evidence.tobytes(), "the words move nothing"


def test_reversed_time_gives_the_same_events(line: Line, new_export: Path, tmp_path: Path) -> None:
    backward = write(tmp_path / "backward.csv", [HEADER, *BODY[::-1]])
    for export, out in ((new_export, "a"), (backward, "b")):
        done = andon("score", line.model, export, "-o", tmp_path / out, "--json")
        assert done.code == 0, done.err
    events = read_events(tmp_path / "a" / "events.json")
    assert events
    assert events == read_events(tmp_path / "b" / "events.json")


@pytest.mark.parametrize("year", [1970, 2100])
def test_any_year_is_judged(year: int, line: Line, tmp_path: Path) -> None:
    export = write(tmp_path / "export.csv", lines(start=datetime(year, 2, 1, tzinfo=UTC)))
    done = andon("score", line.model, export, "-o", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    assert done.json()["judged_hours"] > 70
    assert all(
        event.start // 86_400_000_000_000 // 365 in (year - 1970, year - 1971, year - 1969) or year == 2100
        for event in read_events(tmp_path / "out" / "events.json")
    )


def test_an_unreadable_file_is_named_and_stops_nothing_else(line: Line, new_export: Path, tmp_path: Path) -> None:
    broken = write(tmp_path / "broken.csv", [])
    done = andon("score", line.model, new_export, broken, "-o", tmp_path / "out")
    assert done.code == 0, done.err
    assert f"not read: {broken}: the file is empty" in done.err
    as_json = andon("score", line.model, new_export, broken, "-o", tmp_path / "out", "--json")
    assert as_json.json()["failed"][0]["at"]["file"] == str(broken)
    assert as_json.err == ""
    made = andon("init", new_export, broken, "-o", tmp_path / "plant.toml")
    assert f"not read: {broken}: the file is empty" in made.err


ODD = ('a "quoted" tag', "../../etc/passwd", "温度/🌡️", "x,y [bold]'")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export in which everything is odd and yet usable: names, order, doubled columns, 1970, infinite values."""
    folder = tmp_path_factory.mktemp("odd")
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=1)
    _, *body = lines(TRAIN_ROWS, 1, start, fault=False)
    body = [
        f"{row.split(',')[0]},1e308,-inf,1e999,-1e308,7" if number % 97 == 50 else f"{row},{number % 5}" for number, row in enumerate(body)
    ]
    quoted = ",".join('"' + tag.replace('"', '""') + '"' for tag in (*ODD, ODD[0]))
    write(folder / "odd.csv", [f"time,{quoted}", *body[::-1]])
    made = andon("init", folder / "odd.csv", "-o", folder / "plant.toml", "--asset", '反应器/1 "R" 🏭', "--budget", "2/day", "--json")
    assert made.code == 0, made.err
    done = andon("train", folder / "plant.toml", "--no-network", "--json")
    assert done.code == 0, done.err
    return folder


def test_odd_names_go_all_the_way(odd: Path, tmp_path: Path) -> None:
    asset = '反应器/1 "R" 🏭'
    models = odd / "models"
    assert all(path.parent.parent == models or path.parent == models for path in models.rglob("*.andon")), "no name left the folder"
    done = andon("score", asset, odd / "odd.csv", "-o", tmp_path / "out", "--models", models, "--json")
    assert done.code == 0, done.err
    files = sorted((tmp_path / "out" / "verdicts").iterdir())
    assert len(files) == 1
    verdicts = read_verdicts(files[0])
    assert verdicts.asset == asset
    assert set(ODD) <= set(verdicts.tags)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "反应器/1 &quot;R&quot; 🏭" in page or "反应器/1 &#34;R&#34; 🏭" in page
    shown = andon("inspect", asset, "--models", models)
    assert shown.code == 0, shown.err


def test_odd_names_in_tables_of_the_terminal(odd: Path) -> None:
    done = andon("audit", odd / "odd.csv", "--all")
    assert done.code == 0, done.err
    assert "duplicate" in done.out, "the doubled column is told"
    assert "not-finite" in done.out, "the infinite values are told"


def test_one_tag_is_enough_for_a_model(tmp_path: Path) -> None:
    text = [",".join(line.split(",")[:2]) for line in lines(TRAIN_ROWS, 1, TRAIN_START, fault=False)]
    write(tmp_path / "export.csv", text)
    assert andon("init", tmp_path / "export.csv", "-o", tmp_path / "plant.toml", "--asset", ASSET, "--budget", "2/day").code == 0
    done = andon("train", tmp_path / "plant.toml", "--no-network", "--json")
    assert done.code == 0, done.err
    scored = andon("score", done.json()["models"][0]["path"], tmp_path / "export.csv", "-o", tmp_path / "out", "--json")
    assert scored.code == 0, scored.err
    assert scored.json()["judged_hours"] > 400


@pytest.mark.slow
def test_ten_thousand_tags(line: Line, tmp_path: Path) -> None:
    rows = 60
    head, *body = lines(rows)
    more = ",".join(f"T{number:05d}" for number in range(9_996))
    cells = [",".join(str((number * 37 + row * 11) % 100) for number in range(9_996)) for row in range(rows)]
    export = write(tmp_path / "wide.csv", [f"{head},{more}", *(f"{row},{cell}" for row, cell in zip(body, cells, strict=True))])
    done = andon("score", line.model, export, "-o", tmp_path / "out")
    assert done.code == 0, done.err
    assert "line: 9996 tags are not known to the model and were left out: T00000, T00001, T00002, T00003, T00004 …." in done.out
    made = andon("init", export, "-o", tmp_path / "plant.toml", "--json")
    assert made.code == 0, made.err
    assert made.json()["tags"] == 10_000
    trained = andon("train", tmp_path / "plant.toml", "--no-network", "--json")
    assert trained.code == 1, "five hours are no training time"
    assert trained.error()["error"] != "InternalError"
    assert not list(tmp_path.rglob("*.andon"))


def test_a_lab_file_or_labels_file_that_is_not_there_is_named(line: Line, new_export: Path, tmp_path: Path) -> None:
    for option in ("--lab", "--labels"):
        done = andon("score", line.model, new_export, option, tmp_path / "no.csv", "-o", tmp_path / "out", "--json")
        assert done.code == 1
        assert done.error()["at"]["file"] == str(tmp_path / "no.csv")
        assert not (tmp_path / "out").exists()


def test_a_damaged_model_is_refused(line: Line, new_export: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.andon"
    shutil.copy(line.model, damaged)
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 0xFF
    for content in (bytes(data), bytes(data[: len(data) // 3]), b"", b"PK\x03\x04"):
        damaged.write_bytes(content)
        for verb in (("inspect", damaged), ("score", damaged, new_export, "-o", tmp_path / "out"), ("budget", damaged, "1/week")):
            done = andon(*verb, "--json")
            assert done.code == 1
            assert done.error()["error"] == "BundleError"
    assert not (tmp_path / "out").exists()
