"""Every verb as a newcomer calls it: as text, as one JSON object, in two languages; no training stack where none is needed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from andon.store import ModelStore, read_events, read_verdicts
from tests.small_plant import ASSET, NEW_ROWS, TAGS, Line, andon, fault_label, write

ROOT = Path(__file__).resolve().parents[2]


def test_score_writes_what_the_docs_promise(line: Line, new_export: Path, tmp_path: Path) -> None:
    done = andon("score", ASSET, new_export, "-o", tmp_path / "out", "--models", line.models, "--json")
    assert done.code == 0, done.err
    assert done.err == ""
    answer = done.json()
    verdicts = read_verdicts(tmp_path / "out" / "verdicts" / f"{ASSET}.parquet")
    events = read_events(tmp_path / "out" / "events.json")
    assert len(verdicts.time) == NEW_ROWS
    assert verdicts.model == answer["model"] == line.model.stem
    assert answer["events"] == len(events) >= 1
    assert Path(answer["report"]).read_text(encoding="utf-8").startswith("<!doctype html>")
    fault = verdicts.time[NEW_ROWS // 2]
    assert any(fault <= event.start < fault + 72 * 300_000_000_000 for event in events), "the fault in the middle is found"


def test_a_model_is_named_by_path_name_asset_or_version(line: Line, new_export: Path, tmp_path: Path) -> None:
    version = line.model.stem
    for number, name in enumerate((str(line.model), ASSET, f"{ASSET}@{version}")):
        done = andon("score", name, new_export, "-o", tmp_path / str(number), "--models", line.models, "--json")
        assert done.code == 0, done.err
        assert done.json()["model"] == version


def test_an_unknown_model_names_those_that_there_are(line: Line, new_export: Path, tmp_path: Path) -> None:
    done = andon("score", "lime", new_export, "-o", tmp_path / "out", "--models", line.models, "--json")
    assert done.code == 1
    assert done.error()["do"] == "did you mean 'line'?"
    none = andon("score", "lime", new_export, "--models", tmp_path / "empty", "--json")
    assert none.error()["do"] == "there is no model yet: andon train plant.toml"
    assert not (tmp_path / "empty").exists()


def test_evaluate_puts_the_model_beside_its_rivals(line: Line, new_export: Path, tmp_path: Path) -> None:
    labels = write(tmp_path / "labels.csv", fault_label())
    done = andon("evaluate", ASSET, new_export, "--labels", labels, "--models", line.models, "--json")
    assert done.code == 0, done.err
    answer = done.json()
    chosen = [method["name"] for method in answer["methods"] if method["chosen"]]
    assert chosen == [line.answer["models"][0]["report_card"]["chosen"]]
    assert len(answer["methods"]) >= 4
    assert answer["faults"][0]["caught"] is True
    table = andon("evaluate", ASSET, new_export, "--labels", labels, "--models", line.models)
    assert table.code == 0
    assert "caught" in table.out
    assert answer["told"] == []
    assert len(table.out.splitlines()) == 1 + len(answer["methods"])


def test_labels_of_another_name_are_told_of(line: Line, new_export: Path, tmp_path: Path) -> None:
    labels = write(tmp_path / "labels.csv", [row.replace(f"{ASSET},", "Mixer 7,") for row in fault_label()])
    told = f"No label is of {ASSET}: the labels name Mixer 7. Write the asset as the exports do."
    done = andon("evaluate", ASSET, new_export, "--labels", labels, "--models", line.models)
    assert (done.code, done.out.splitlines()[0]) == (0, told)
    done = andon("init", new_export, "--asset", ASSET, "--labels", labels, "-o", tmp_path / "plant.toml")
    assert (done.code, done.out.splitlines()[0]) == (0, told)


def test_budget_needs_neither_training_nor_data(own: Line, new_export: Path, tmp_path: Path) -> None:
    dry = andon("budget", ASSET, "1/day", "--models", own.models, "--dry-run", "--json")
    assert dry.code == 0, dry.err
    assert dry.json()["changed"] is False
    assert not ModelStore(own.models).state().promises
    events = {}
    for budget in ("1/day", "8/day"):
        done = andon("budget", ASSET, budget, "--models", own.models, "--why", "a quieter shift", "--json")
        assert done.code == 0, done.err
        assert done.json()["changed"] is True
        assert ModelStore(own.models).state().promises[ASSET].budget == budget
        scored = andon("score", ASSET, new_export, "-o", tmp_path / "out", "--models", own.models, "--json")
        assert scored.code == 0, scored.err
        threshold = read_verdicts(tmp_path / "out" / "verdicts" / f"{ASSET}.parquet").threshold[0]
        assert threshold == pytest.approx(done.json()["threshold"], rel=1e-9)
        events[budget] = scored.json()["events"]
    assert events["1/day"] < events["8/day"]


@pytest.mark.parametrize(("budget", "what"), [("often", "is not an alarm budget"), ("0/day", "is not an alarm budget"), ("1/year", "")])
def test_a_budget_that_cannot_be_promised_is_refused(budget: str, what: str, own: Line) -> None:
    done = andon("budget", ASSET, budget, "--models", own.models, "--json")
    assert done.code == (2 if what else 1), "no rate is wrong usage; a rate that no time can hold is refused"
    assert what in done.error()["what"]
    assert done.error()["do"]
    assert not ModelStore(own.models).state().promises


def test_promote_and_back(own: Line) -> None:
    done = andon("promote", ASSET, "--models", own.models, "--json")
    assert done.code == 0, done.err
    assert done.json() == {ASSET: own.model.stem}
    by_path = andon("promote", own.model, "--models", own.models)
    assert f"{ASSET}: champion is now {own.model.stem}." in by_path.out
    unknown = andon("promote", "pump", "--models", own.models, "--json")
    assert unknown.code == 1
    assert unknown.error()["error"] == "AskUserError"


def test_a_second_model_waits_for_its_promotion_and_the_first_can_come_back(own: Line, line: Line) -> None:
    first = own.model.stem
    for name in ("train.csv", "plant.toml"):
        shutil.copy(line.folder / name, own.folder / name)
    trained = andon("train", own.folder / "plant.toml", "--no-network", "--seed", "5")
    assert trained.code == 0, trained.err
    assert f"The champion stays {first}; andon promote makes the new one champion." in trained.out
    second = ModelStore(own.models).versions(ASSET)[-1].version
    assert second != first
    assert andon("promote", ASSET, "--models", own.models, "--why", "newer", "--json").json() == {ASSET: second}
    assert andon("promote", ASSET, "--models", own.models, "--back", "--json").json() == {ASSET: first}
    no_more = andon("promote", ASSET, "--models", own.models, "--back", "--json")
    assert no_more.code == 1
    assert no_more.error()["what"] == "'line' has no earlier champion"


def test_a_tag_out_of_service_changes_the_verdicts_at_once(own: Line, new_export: Path, tmp_path: Path) -> None:
    out = andon("tag", "out", ASSET, TAGS[1], "--why", "transmitter out", "--models", own.models)
    assert out.code == 0, out.err
    assert out.out == f"{TAGS[1]} of {ASSET} is out of service until further notice.\n"
    scored = andon("score", ASSET, new_export, "-o", tmp_path / "out", "--models", own.models, "--json")
    assert scored.code == 0, scored.err
    assert all(event.shares[TAGS[1]] == 0 for event in read_events(tmp_path / "out" / "events.json"))
    back = andon("tag", "in", ASSET, TAGS[1], "--models", own.models, "--json")
    assert back.json() == {"asset": ASSET, "tag": TAGS[1], "why": ""}
    again = andon("tag", "in", ASSET, TAGS[1], "--models", own.models, "--json")
    assert again.code == 1
    assert "is in service" in again.error()["what"]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ((TAGS[1], "--why", "x", "--until", "tomorrow"), "'tomorrow' is not a date or time"),
        ((TAGS[1], "--why", "x", "--until", "2020-01-01"), "that time is already over"),
        (("PIC-999", "--why", "x"), "line has no tag 'PIC-999'"),
    ],
)
def test_a_tag_or_time_that_there_is_not(words: tuple[str, ...], what: str, own: Line) -> None:
    done = andon("tag", "out", ASSET, *words, "--models", own.models, "--json")
    assert done.code == 1
    assert done.error()["what"] == what
    assert not ModelStore(own.models).state().tags_out


def test_inspect_shows_the_manifest_and_the_report_card(line: Line) -> None:
    done = andon("inspect", ASSET, "--models", line.models, "--json")
    assert done.code == 0, done.err
    answer = done.json()
    assert answer["manifest"]["tags"] == list(TAGS)
    assert answer["report_card"]["intended_use"] == "advisory early warning; not a safety function"
    text = andon("inspect", ASSET, "--models", line.models)
    assert text.out.splitlines()[-1] == "not signed"
    shown = dict(row.partition(" ")[::2] for row in text.out.splitlines())
    assert (shown["manifest.interval"].strip(), shown["manifest.made_at"].strip()[:4]) == ("5min", answer["version"][:4])
    assert not re.search(r"\d{11}|\d\.\d{6}", shown["report_card.evaluation.methods[0]"]), "moments, durations and four digits"


def test_keys_sign_a_model_and_tell_another_signer(line: Line, tmp_path: Path) -> None:
    from andon.scoring.model_file import load

    for name in ("a", "b"):
        done = andon("keys", "new", "-o", tmp_path / name, "--json")
        assert done.code == 0, done.err
        assert Path(done.json()["private"]).is_file()
    again = andon("keys", "new", "-o", tmp_path / "a", "--json")
    assert again.code == 1
    assert again.error()["do"]
    signed = load(line.model).save(tmp_path / "signed.andon", key=(tmp_path / "a.key").read_bytes())
    good = andon("inspect", signed, "--trust", tmp_path / "a.pub", "--json")
    assert good.code == 0, good.err
    for model, trust in ((signed, tmp_path / "b.pub"), (line.model, tmp_path / "a.pub"), (signed, line.folder / "plant.toml")):
        bad = andon("inspect", model, "--trust", trust, "--json")
        assert bad.code == 1
        assert bad.error()["error"] != "InternalError"


def test_a_file_that_is_no_key_does_not_sign(line: Line) -> None:
    done = andon("train", line.folder / "plant.toml", "--key", line.folder / "plant.toml", "--no-network", "--json")
    assert done.code == 1
    assert done.error()["error"] != "InternalError"
    assert len(list(line.models.rglob("*.andon"))) == 1


def test_report_is_made_again_in_another_language(line: Line, new_export: Path, tmp_path: Path) -> None:
    assert andon("score", line.model, new_export, "-o", tmp_path / "out").code == 0
    done = andon("--lang", "zh-CN", "report", tmp_path / "out", "-o", tmp_path / "zh.html", "--json")
    assert done.code == 0, done.err
    assert 'lang="zh-CN"' in (tmp_path / "zh.html").read_text(encoding="utf-8")[:300]
    for folder in (tmp_path, tmp_path / "no", line.folder):
        none = andon("report", folder, "--json")
        assert none.code == 1
        assert none.error()["what"].startswith("no report can be made of this folder")


def test_datasets_list_and_check(tmp_path: Path) -> None:
    listed = andon("datasets", "list", "--json")
    assert listed.code == 0, listed.err
    assert {"name", "licence", "origin"} & set(listed.json()["datasets"][0])
    assert andon("datasets", "list").out.splitlines()[1:]
    checked = andon("datasets", "check", "--data", tmp_path, "--json")
    assert checked.code == 0, checked.err
    checked.json()
    unknown = andon("datasets", "fetch", "skap", "--data", tmp_path, "--source", tmp_path, "--json")
    assert unknown.code == 1
    assert unknown.error()["error"] != "InternalError"


def test_audit_as_text_json_and_page_in_two_languages(new_export: Path, tmp_path: Path) -> None:
    done = andon("audit", new_export, "--page", tmp_path / "page.html", "--budget", "1/week", "--json")
    assert done.code == 0, done.err
    assert set(done.json()["assets"]) == {"new"}
    assert (tmp_path / "page.html").is_file()
    english, chinese = andon("audit", new_export, "--budget", "1/week"), andon("audit", new_export, "--budget", "1/week", "--lang", "zh-CN")
    assert english.code == chinese.code == 0
    assert "4 tags" in english.out
    assert "位号" in chinese.out


def test_init_does_not_overwrite(new_export: Path, tmp_path: Path) -> None:
    plant = tmp_path / "plant.toml"
    plant.write_text("mine", encoding="utf-8")
    done = andon("init", new_export, "-o", plant, "--json")
    assert done.code == 2
    assert done.error()["what"] == "the plant file exists already"
    assert plant.read_text(encoding="utf-8") == "mine"
    assert andon("init", new_export, "-o", plant, "--force").code == 0


def test_a_wrong_plant_file_names_file_line_and_key(tmp_path: Path) -> None:
    plant = write(tmp_path / "plant.toml", ["[sampling]", 'interval = "soon"'])
    done = andon("train", plant, "--json")
    assert done.code == 1
    error = done.error()
    assert error["error"] == "PlantFileError"
    assert error["at"]["file"] == str(plant)
    assert error["at"]["line"] == 2
    assert error["at"]["key"] == "sampling.interval"
    absent = andon("train", tmp_path / "no.toml", "--json")
    assert absent.error()["do"] == "make one with: andon init EXPORTS -o plant.toml"


def test_scoring_runs_where_the_training_stack_cannot_be_imported(deep_line: Line, new_export: Path, tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "for name in ('torch', 'sklearn', 'scipy', 'onnx', 'onnxscript', 'skl2onnx', 'pandas'): sys.modules[name] = None\n"
        "from andon.cli.main import main\n"
        f"main({['score', str(deep_line.model), str(new_export), '-o', str(tmp_path / 'out'), '--json']!r})"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False, env=env)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["judged_hours"] > 60


def test_an_error_shows_its_traceback_with_debug_alone(tmp_path: Path) -> None:
    from andon.plant.errors import ReadingError

    quiet = andon("audit", tmp_path / "no.csv")
    assert quiet.code == 1
    assert quiet.err == f"error: {tmp_path / 'no.csv'}: no such file\n  do: check the name\n"
    with pytest.raises(ReadingError):
        andon("audit", tmp_path / "no.csv", "--debug")


def test_a_terminal_that_lacks_the_letters(tmp_path: Path) -> None:
    from tests.small_plant import lines

    export = write(tmp_path / "export.csv", lines(rows=40, tags=("温度/🌡️", *TAGS[1:])))
    env = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "ascii", "ANDON_LANG": "zh-CN"}
    call = [sys.executable, "-m", "andon", "audit", str(export)]
    for more in ([], ["--json"]):
        run = subprocess.run([*call, *more], capture_output=True, text=True, timeout=60, check=False, env=env)
        assert run.returncode == 0, run.stderr
        assert run.stdout
    assert "温度/🌡️" in json.dumps(json.loads(run.stdout)["assets"]["export"], ensure_ascii=False)


def test_a_lab_file_without_result_times_needs_a_delay_that_init_hands_on(new_export: Path, tmp_path: Path) -> None:
    times = [line.split(",")[0] for line in new_export.read_text(encoding="utf-8").splitlines()[1::48]]
    lab = write(
        tmp_path / "lab.csv", ["sample_time,target,value", *(f"{time},purity,{97 + number % 3}" for number, time in enumerate(times))]
    )
    plant = tmp_path / "plant.toml"
    refused = andon("init", new_export, "--lab", lab, "-o", plant, "--json")
    assert refused.code == 1
    assert refused.error()["what"] == "no column says when a result was known"
    assert "--lab-delay 4h" in refused.error()["do"]
    made = andon("init", new_export, "--lab", lab, "--lab-delay", "4h", "-o", plant, "--json")
    assert made.code == 0, made.err
    assert 'delay = "4h"' in plant.read_text(encoding="utf-8")
    short = andon("train", plant, "--no-network", "--json")
    assert "result was known" not in short.err, "the plant file's delay is used"


@pytest.mark.parametrize(
    "words", [("train", "plant.toml", "--time-limit", "soon"), ("demo", "--time-limit", "soon"), ("init", "a.csv", "--budget", "often")]
)
def test_a_mistake_in_an_option_is_told_before_anything_is_read(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "plant.toml", ['[files]\npaths = ["absent.csv"]'])
    done = andon(*words, "--json")
    assert done.code == 1
    assert repr(words[-1]) in done.error()["what"]
    assert [path.name for path in tmp_path.iterdir()] == ["plant.toml"]
