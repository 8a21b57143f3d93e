"""`haicbook check` on damaged copies of a made-up study: every problem is found, placed and explained."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from click.testing import CliRunner

from haicbook import study
from haicbook.cli import main
from haicbook.study import check
from haicbook.study.problems import DataError, Problem

PAPERS = Path(__file__).parents[1] / "papers"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose data/ holds one sound study."""
    shutil.copytree(PAPERS, tmp_path / "data")
    monkeypatch.setenv("HAICBOOK_ROOT", str(tmp_path))
    return tmp_path / "data" / "demo2020"


def replace(file: str, old: str, new: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return damage


def problems(folder: Path) -> list[Problem]:
    return study.inspect(folder.name, folder.parent)[1]


def test_the_sound_study_is_sound(folder: Path) -> None:
    assert problems(folder) == []


def test_words_of_the_data_are_text_on_the_screen(folder: Path) -> None:
    replace("study.yml", "what: Figure 1,", 'what: "[red]x[/red] \\e[31m",')(folder)
    assert "[red]x[/red] ⟨U+001B⟩[31m" in CliRunner().invoke(main, ["check", "demo2020"]).output


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing table": (
        lambda folder: (folder / "tables/3_cox.csv").unlink(),
        "demo2020/tables/3_cox.csv: found no such file",
    ),
    "missing study.yml": (lambda folder: (folder / "study.yml").unlink(), "demo2020/study.yml: found no such file"),
    "unknown column": (
        replace("tables/3_cox.csv", "grade,hr,p", "grade,hr,pp"),
        "demo2020/tables/3_cox.csv:1:pp: found an unknown column, expected id, label, level, grade, hr, p",
    ),
    "missing column": (
        replace("tables/3_cox.csv", "grade,hr,p", "grade,hr,pp"),
        "demo2020/tables/3_cox.csv:1:p: found no such column",
    ),
    "count above group": (
        replace("tables/2_response.csv", "2 (4.0%)", "52 (4.0%)"),
        "demo2020/tables/2_response.csv:2:drug: found 52 patients of drug, after_psm, expected at most the group's 50",
    ),
    "one id twice": (
        replace("tables/2_response.csv", "pr,PR", "cr,PR"),
        "demo2020/tables/2_response.csv:3:drug: found the id demo2020/table2/cr/after_psm/drug/n again",
    ),
    "one claim twice": (
        replace(
            "claims.csv",
            'os_rate,results,"Results, Survival",os,,after_psm,none',
            "os_rate,results,,os,,after_psm,drug",
        ),
        "demo2020/claims.csv:7:printed: found the id demo2020/results/os_rate/after_psm/drug/m12/rate again",
    ),
    "percentage of 140": (
        replace("tables/4_adverse_events.csv", "20 (40.0%)", "20 (140%)"),
        "demo2020/tables/4_adverse_events.csv:2:drug_any: found 140 per cent, expected a percentage from 0 to 100",
    ),
    "p of 1.2": (
        replace("tables/1_baseline.csv", "0.092", "1.2"),
        "demo2020/tables/1_baseline.csv:2:p_before: found p = 1.2, expected a probability from 0 to 1",
    ),
    "not UTF-8": (
        lambda folder: (folder / "tables/2_response.csv").write_bytes("id\nZürich\n".encode("latin-1")),
        "demo2020/tables/2_response.csv:2: found byte 0xfc, which is not UTF-8",
    ),
    "empty file": (
        lambda folder: (folder / "claims.csv").write_text("", encoding="utf-8"),
        "demo2020/claims.csv: found an empty file",
    ),
    "header only": (
        lambda folder: (folder / "tables/3_cox.csv").write_text("id,label,level,grade,hr,p\n", encoding="utf-8"),
        "demo2020/tables/3_cox.csv: found a header without rows",
    ),
    "arm not in study.yml (claims)": (
        replace("claims.csv", "after_psm,drug,,,,,,,median,", "after_psm,drag,,,,,,,median,"),
        "demo2020/claims.csv:2:arm: found 'drag', expected one of (empty), drug, none",
    ),
    "arm not in study.yml (table)": (
        replace("study.yml", "hr: {statistic: hr_ci,", "hr: {arm: drag, statistic: hr_ci,"),
        "tables/3_cox.csv, hr names arm drag",
    ),
    "YAML key twice": (
        replace("study.yml", "year: 2020", "year: 2020\nyear: 2021"),
        'demo2020/study.yml:7: found duplicate key "year", expected each key once',
    ),
    "YAML malformed": (replace("study.yml", "year: 2020", "year: [2020"), "malformed YAML"),
    "unknown YAML key": (
        replace("study.yml", "licence: not stated", "license: not stated"),
        "demo2020/study.yml:9:license: found an unknown key",
    ),
    "missing YAML key": (
        replace("study.yml", "licence: not stated", "license: not stated"),
        "demo2020/study.yml:1:licence: found no such key",
    ),
    "bad DOI": (replace("study.yml", "doi: 10.1234/demo.2020", "doi: demo"), "demo2020/study.yml:8:doi: found 'demo'"),
    "unreadable cell": (
        replace("tables/1_baseline.csv", "55.2 ± 9.8", "fifty"),
        "demo2020/tables/1_baseline.csv:2:drug_before: found 'fifty', expected mean_sd such as '55.3 ± 9.5'",
    ),
    "a spreadsheet's date": (
        replace("tables/1_baseline.csv", "50 (83.3%)", "02-Jan"),
        "demo2020/tables/1_baseline.csv:4:drug_before: found '02-Jan', expected n_pct",
    ),
    "semicolons": (
        lambda folder: (folder / "tables/3_cox.csv").write_text("id;label;level;grade;hr;p\n", encoding="utf-8"),
        "demo2020/tables/3_cox.csv:1: found semicolons between the columns",
    ),
    "a row too long": (
        replace("tables/3_cox.csv", "0.325", "0.325,0.4"),
        "demo2020/tables/3_cox.csv:3: found 7 cells, expected 6",
    ),
    "undeclared table": (
        lambda folder: shutil.copy(folder / "tables/3_cox.csv", folder / "tables/5_more.csv"),
        "demo2020/tables/5_more.csv: found a table that study.yml does not name",
    ),
    "a described row that is not there": (
        replace("study.yml", "sex: {type: binary}", "sexx: {type: binary}"),
        "found no row sexx, expected every row that study.yml describes",
    ),
    "unknown statistic": (
        replace("claims.csv", "median_ci", "medianci"),
        "demo2020/claims.csv:4:statistic: found 'medianci'",
    ),
    "time in words": (replace("claims.csv", ",12,rate", ",a year,rate"), "demo2020/claims.csv:6:time: found 'a year'"),
    "nothing printed": (replace("claims.csv", ",14.2\n", ",\n"), "demo2020/claims.csv:2:printed: found nothing"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found_and_placed(folder: Path, name: str) -> None:
    damage, expected = DAMAGES[name]
    damage(folder)
    result = CliRunner().invoke(main, ["check"])
    assert result.exit_code == 1, result.output
    assert expected in result.output
    assert "Traceback" not in result.output


def test_all_problems_are_listed_at_once(folder: Path) -> None:
    replace("tables/2_response.csv", "2 (4.0%)", "52 (104%)")(folder)
    replace("claims.csv", "after_psm,drug,,,,,,,median,", "after_psm,drag,,,,,,,median,")(folder)
    (folder / "tables/3_cox.csv").unlink()
    assert len(problems(folder)) == 4
    with pytest.raises(DataError, match="4 problems in the data"):
        study.load(folder.name, folder.parent)


def test_what_a_spreadsheet_leaves_behind_is_read_rightly(folder: Path) -> None:
    path = folder / "tables/2_response.csv"
    before, _ = study.inspect(folder.name, folder.parent)
    text = path.read_text(encoding="utf-8").replace("\n", ",,\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    after, found = study.inspect(folder.name, folder.parent)
    assert found == []
    assert before is not None
    assert after is not None
    assert after.values.equals(before.values)


def test_the_screen_says_what_is_held_and_what_is_missing(folder: Path) -> None:
    result = CliRunner().invoke(main, ["check", folder.name], env={"COLUMNS": "140"})
    assert result.exit_code == 0
    assert "50 drug + 50 none" in result.output
    assert "lost in the text" in result.output


def test_a_study_that_is_not_there_is_a_usage_error(folder: Path) -> None:
    result = CliRunner().invoke(main, ["check", "demo2021"])
    assert result.exit_code == 2
    assert "there are demo2020" in result.output


def test_value_lookup_names_what_is_near(folder: Path) -> None:
    paper = study.load(folder.name, folder.parent)
    assert paper.value("demo2020/results/os_rate/after_psm/drug/m12/rate") == 56.3
    with pytest.raises(KeyError, match="os_rate"):
        paper.value("demo2020/results/os_rate/after_psm/drug/m6/rate")


def test_no_name_is_cut_on_a_narrow_screen() -> None:
    result = CliRunner().invoke(main, ["check"], env={"COLUMNS": "80"})
    table, _, _ = result.output.partition("\ncao2024, ")
    assert max(map(len, result.output.splitlines())) <= 80
    assert "…" not in table
    for word in ("problems", "propensity", "liu_hepa", "shen2025", "hepa_haic", "first_line"):
        assert word in table.split()


def test_named_studies_are_checked_with_the_files_beside_them(folder: Path) -> None:
    replace("../ctcae.csv", ",exact,", ",exactly,")(folder)
    result = CliRunner().invoke(main, ["check", folder.name])
    assert result.exit_code == 1
    assert "data/ctcae.csv:2:fit: found 'exactly', expected one of exact, near, combined, none" in result.output


def test_a_project_without_data_is_told(folder: Path) -> None:
    shutil.rmtree(folder.parent)
    result = CliRunner().invoke(main, ["check"])
    assert result.exit_code == 1
    assert "found no folder data/" in result.output


def test_a_file_that_takes_long_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_PATIENCE", 0.01)
    said: list[str] = []
    spoken = Event()

    def say(words: str) -> None:
        said.append(words)
        spoken.set()

    with check.told_when_slow(say) as told:
        told("demo2020/claims.csv")
        assert spoken.wait(300)
    assert said == ["reading data/demo2020/claims.csv"]
