"""`haicbook reconstruct`: files, exit status, and words for whoever asked for what cannot be."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from haicbook import reconstruct_command as command
from haicbook.cli import main
from haicbook.survival import TargetError, read_targets, reconstruct, report, violations

SMALL = """\
arms: {a: {n: 30, events: "20"}, b: {n: 28}}
median: {a: {estimate: "14.2"}, b: {estimate: "8.7"}}
logrank_p: "0.20"
follow_up: {maximum: "40.2"}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "small.yml").write_text(SMALL)
    return tmp_path


def asked(folder, *words, targets="small.yml", out="rows.csv", replicates=4):
    named = str(folder / targets) if targets.endswith(".yml") else targets
    options = ["--replicates", str(replicates), "--out", str(folder / out), *words]
    return CliRunner().invoke(main, ["reconstruct", named, *options])


def written(folder, name="rows.csv"):
    return pd.read_csv(folder / name, comment="#", float_precision="round_trip")


def test_rows_and_report_of_a_file(folder):
    result = asked(folder)
    assert result.exit_code == 0, result.output
    assert "4 of 4" in result.output
    assert "synthetic rows, not patients" in (folder / "rows.csv").read_text().splitlines()[0]
    rows = written(folder)
    assert list(rows.columns) == ["replicate", "arm", "time", "event"]
    assert rows.groupby(["replicate", "arm"]).size().to_dict() == {
        (b, a): {"a": 30, "b": 28}[a] for b in range(1, 5) for a in "ab"
    }
    targets = read_targets(folder / "small.yml")
    for _, member in rows.groupby("replicate"):
        arms = {arm: (own.time, own.event == 1) for arm, own in member.groupby("arm")}
        assert violations(arms, targets) == []


def test_names_of_ones_own_are_text_to_terminals_and_spreadsheets(folder):
    names = {"a": "'=cmd(), [red]'", "b": '"\\e[31mb"'}
    text = "name: x, @y\n" + SMALL.replace("{a:", f"{{{names['a']}:").replace(" b: {", f" {names['b']}: {{")
    (folder / "small.yml").write_text(text)
    result = asked(folder, replicates=2)
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.output
    first, *lines = (folder / "rows.csv").read_text().splitlines()
    assert ". x, '@y; " in first
    assert {line.split(",", 1)[1].rsplit(",", 2)[0] for line in lines[1:]} == {'"\'=cmd(), [red]"', "\x1b[31mb"}
    assert set(written(folder).arm.str.removeprefix("'")) == {"=cmd(), [red]", "\x1b[31mb"}


def test_the_report_has_each_number_with_its_interval_and_what_members_give(folder):
    asked(folder)
    told = json.loads((folder / "rows.json").read_text())
    assert told["replicates"] == {"asked": 4, "found": 4, "effective": 4.0}
    assert set(told["conventions"]) == {"interval", "ties", "time_grid", "rounding", "rates", "follow_up"}
    assert told["left_out"] == []
    numbers = {(number["quantity"], number["arm"]): number for number in told["numbers"]}
    median = numbers["median, months", "a"]
    assert median["interval"] == [14.15, 14.25]
    assert 14.15 <= median["members"]["least"] <= median["members"]["median"] <= median["members"]["greatest"] <= 14.25
    assert (median["met"], median["members_that_meet_it"], median["printed"]) == (True, 4, "14.2")
    assert median["convention"] == {"interval": "log", "rounding": "round"}
    assert numbers["log-rank p", ""]["met"] is True
    assert numbers["events", "b"]["role"] == "not a target"


def test_the_same_seed_gives_the_same_bytes_in_both_forms(folder):
    for name, seed in (("one.csv", 3), ("two.csv", 3), ("other.csv", 4), ("one.parquet", 3)):
        assert asked(folder, "--seed", str(seed), out=name).exit_code == 0
    assert (folder / "one.csv").read_bytes() == (folder / "two.csv").read_bytes()
    assert (folder / "one.csv").read_bytes() != (folder / "other.csv").read_bytes()
    parquet = pd.read_parquet(folder / "one.parquet")
    pd.testing.assert_frame_equal(parquet, written(folder, "one.csv"), check_dtype=False)
    assert np.array_equal(parquet.time, written(folder, "one.csv").time)


def test_an_endpoint_of_a_study(folder):
    result = asked(folder, targets="shen2025:os", replicates=2)
    assert result.exit_code == 0, result.output
    assert json.loads((folder / "rows.json").read_text())["endpoint"] == "os"
    assert len(written(folder)) == 50


def test_what_cannot_be_met_is_named_in_words_and_in_the_report(folder):
    text = 'arms: {a: {n: 5}}\nmedian: {a: {estimate: "4.2"}}\nlandmarks: {a: {6: {rate: "34.7"}}}\n'
    (folder / "rates.yml").write_text(text)
    result = asked(folder, targets="rates.yml", replicates=2)
    (sentence,) = json.loads((folder / "rows.json").read_text())["left_out"]
    assert sentence.startswith("left out: the 6-month rate")
    assert sentence[1:] in result.output


def test_fewer_members_than_asked_are_written_with_a_warning_and_status_3(folder, monkeypatch):
    complete = command.reconstruct_told

    def fewer(targets, replicates, *rest):
        return dataclasses.replace(complete(targets, 3, *rest), asked=replicates)

    monkeypatch.setattr(command, "reconstruct_told", fewer)
    result = asked(folder)
    assert result.exit_code == 3
    assert "Only 3 of 4 data sets were found; the files hold these." in result.output
    assert written(folder).replicate.max() == 3


def test_no_member_leaves_old_files_as_they_are(folder, monkeypatch):
    (folder / "rows.csv").write_text("old")

    def none(*request):
        raise command.ReconstructionError("nothing fits")

    monkeypatch.setattr(command, "reconstruct_told", none)
    result = asked(folder)
    assert result.exit_code == 3
    assert "No data set was found, and nothing was written: nothing fits" in result.output
    assert (folder / "rows.csv").read_text() == "old"
    assert sorted(path.name for path in folder.iterdir()) == ["rows.csv", "small.yml"]


def test_files_are_replaced_whole_or_not_at_all(folder, monkeypatch):
    (folder / "rows.csv").write_text("old")
    (folder / "rows.json").write_text("old")

    def full(*request):
        raise OSError("no space left")

    monkeypatch.setattr(report, "_write_text", full)
    result = asked(folder)
    assert result.exit_code == 1
    assert "no space left" in result.output
    assert (folder / "rows.csv").read_text() == (folder / "rows.json").read_text() == "old"
    assert sorted(path.name for path in folder.iterdir()) == ["rows.csv", "rows.json", "small.yml"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"14.2"', '"44.2"', "before the median of arm a, 44.2 months"),
        ('"14.2"', '"14.2", ci: ["15.0", "19.0"]', "its interval 15.0–19.0 excludes it"),
        ('"20"', '"31"', "arm a has 31 events among 30 patients"),
        ('"20"', '"0"', "arm a has no events"),
        ('"0.20"', "0.20", "logrank_p: found 0.20 without quotes"),
        ("logrank_p", "log_rank", "log_rank: found an unknown key"),
        (", b: {n: 28}", "", "logrank_p: a log-rank p needs two arms"),
        ("logrank_p:", 'events_total: "0"\nlogrank_p:', "all patients are censored"),
        (
            "logrank_p:",
            'landmarks: {a: {6: {rate: "60.0"}, 12: {rate: "70.0"}}}\nlogrank_p:',
            "rises from 60.0 at 6 months to 70.0 at 12 months",
        ),
        (
            "logrank_p:",
            'hazard_ratio: {arm: a, reference: b, estimate: "1.62"}\nlogrank_p:',
            "the hazard ratio of a against b, 1.62, is oriented against the medians",
        ),
    ],
)
def test_bad_input_is_told_by_its_target_and_nothing_is_written(folder, old, new, message):
    assert old in SMALL
    (folder / "small.yml").write_text(SMALL.replace(old, new))
    result = asked(folder)
    assert result.exit_code == 2
    assert message in result.output
    assert "small.yml:" in result.output
    assert not (folder / "rows.csv").exists()


def test_a_figure_that_no_data_set_has_is_told_without_a_search(folder):
    text = 'arms: {a: {n: 3}}\nlandmarks: {a: {6: {rate: "97.5"}}}\n'
    (folder / "three.yml").write_text(text)
    with pytest.raises(TargetError) as refused:
        reconstruct(read_targets(text), 1, np.random.default_rng(1))
    result = asked(folder, targets="three.yml")
    assert result.exit_code == 2
    assert str(refused.value) in result.output


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("nobody:os", "studies are cao2024, lin2023, liu_hepa"),
        ("shen2025", "neither a file of targets nor STUDY:ENDPOINT"),
        ("shen2025:os:all:mrecist:more", "neither a file of targets nor STUDY:ENDPOINT"),
        ("shen2025:dor", "'dor' of shen2025 cannot be reconstructed"),
        ("shen2025:os:matched", "no population 'matched'"),
        ("shen2025:pfs:all:choi", "criterion is 'choi'"),
        ("missing.yml", "no file"),
    ],
)
def test_what_is_not_there_is_named(folder, named, message):
    result = asked(folder, targets=named)
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize(
    ("out", "message"), [("rows.txt", "must end in .csv or .parquet"), ("small.yml", "must end in")]
)
def test_where_rows_cannot_go_is_said_first(folder, out, message):
    result = asked(folder, out=out)
    assert result.exit_code == 2
    assert message in result.output


def test_a_report_never_replaces_the_targets(folder):
    (folder / "small.json").write_text('{"arms": {"a": {"n": "9"}}, "median": {"a": {"estimate": "4.0"}}}')
    result = CliRunner().invoke(main, ["reconstruct", str(folder / "small.json"), "--out", str(folder / "small.csv")])
    assert result.exit_code == 2
    assert "would replace the targets" in result.output


def test_without_a_terminal_a_line_says_how_many_are_found_and_when_all_may_be(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(command.time, "monotonic", lambda: clock[0])
    count = command.Count(400)
    said = []
    for clock[0], found in [(10.0, None), (20.0, 0), (25.0, None), (60.0, 100), (70.0, None), (300.0, None)]:
        if found is not None:
            count.told(found)
        else:
            said.append(count.so_far())
    assert said == [
        "looking for what can be met together, 10 s so far",
        "0 of 400 data sets found, 25 s so far",
        "100 of 400 data sets found, 70 s so far, about 110 s to go",
        "100 of 400 data sets found, 300 s so far",
    ]


def test_a_folder_in_which_no_file_can_be_made_is_found_before_the_work(folder, monkeypatch):
    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command.tempfile, "TemporaryFile", full)
    monkeypatch.setattr(command, "reconstruct_told", lambda *_: pytest.fail("it began"))
    result = asked(folder)
    assert result.exit_code == 2
    assert f"nothing can be written in {folder} (No space left on device)" in result.output
