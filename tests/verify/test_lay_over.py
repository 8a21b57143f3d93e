"""`haicbook verify` over made-up texts: typesetting is forgiven, a digit never."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from demo_texts import CLEAN, VARIANTS
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook import study
from haicbook.cli import main
from haicbook.verify import Verdict, lay_over
from haicbook.verify.clean import clean
from haicbook.verify.items import read_cell, read_items, same

PAPERS = Path(__file__).parents[1] / "papers"
PAPER = study.load("demo2020", PAPERS)
CELLS = len(PAPER.values.drop_duplicates(["file", "line", "column"]))


def over(text: str) -> Verdict:
    return lay_over(PAPER, text)


def not_found(verdict: Verdict) -> list[tuple[str, int, str]]:
    return [(Path(cell.file).name, cell.line, cell.column) for cell in verdict.not_found]


def uncovered(verdict: Verdict) -> list[str]:
    return [item.figure for item in verdict.uncovered]


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_value_is_found_however_the_text_was_made(variant: str) -> None:
    verdict = over(VARIANTS[variant])
    assert len(verdict.checked) == CELLS
    assert [(cell.label, cell.cell, cell.missing) for cell in verdict.not_found] == []
    assert verdict.shifted == ()


@pytest.mark.parametrize("variant", VARIANTS)
def test_only_other_studies_figures_are_in_no_data_file(variant: str) -> None:
    # the introduction's 99.9 and the list of references are not asked about; the discussion's 77.7 is
    assert uncovered(over(VARIANTS[variant])) == ["77.7"]


@pytest.mark.parametrize(
    ("section", "source", "words", "is_there"),
    [
        ("results", "Anywhere", "with the drug", True),
        # broken between two lines
        ("results", "Anywhere", "drug and 8.7 months", True),
        ("results", "Anywhere", "with a drug", False),
        ("methods", "Anywhere", "with the drug", False),
        ("abstract", "Title", "fictitious comparison", True),
        ("abstract", "Abstract", "fictitious comparison", False),
    ],
)
def test_a_statement_is_looked_for_in_its_section(
    tmp_path: Path, section: str, source: str, words: str, is_there: bool
) -> None:
    shutil.copytree(PAPERS, tmp_path, dirs_exist_ok=True)
    with (tmp_path / "demo2020" / "claims.csv").open("a", encoding="utf-8") as stream:
        stream.write(f"compared_os,{section},{source},os,,after_psm,drug,none,,longer,,,,said,,{words}\n")
    verdict = lay_over(study.load("demo2020", tmp_path), CLEAN)
    assert [cell.cell for cell in verdict.not_found] == ([] if is_there else [words])
    if is_there:
        assert words.split()[0] in CLEAN.splitlines()[verdict.checked[-1].text_line - 1]


def test_what_is_left_out_is_counted_by_rule() -> None:
    left_out = over(CLEAN).left_out
    assert left_out["references and addresses"] == 4  # [1], [4] and [5–7]; those of the introduction count as its own
    assert left_out["introduction matter"] == 3
    assert left_out["parts of names and versions"] == 1
    assert left_out["the list of references"] == 5


CHANGES = {
    "a digit in a table": ("50 (83.3%)", "50 (83.8%)", [("1_baseline.csv", 4, "drug_before")], ["83.8", "77.7"]),
    "a digit in a count": ("PR\t20", "PR\t26", [("2_response.csv", 3, "drug")], ["26", "77.7"]),
    "a decimal lost": ("0.028", "0.28", [("3_cox.csv", 2, "p")], ["0.28", "77.7"]),
    "a digit in the text": ("(P = 0.026)", "(P = 0.025)", [("claims.csv", 8, "printed")], ["0.025", "77.7"]),
    "a sign": ("(P = 0.026)", "(P < 0.026)", [("claims.csv", 8, "printed")], ["<0.026", "77.7"]),
    "a limit": ("10.9–not reached", "10.9–18.0", [("claims.csv", 4, "printed")], ["18.0", "77.7"]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_planted_change_is_reported(change: str) -> None:
    old, new, cells, figures = CHANGES[change]
    assert CLEAN.count(old) == 1
    verdict = over(CLEAN.replace(old, new))
    assert not_found(verdict) == cells
    assert uncovered(verdict) == figures


def test_two_swapped_cells_look_shifted() -> None:
    verdict = over(CLEAN.replace("18 (36.0%)\t20 (40.0%)", "20 (40.0%)\t18 (36.0%)"))
    assert [(row.label, row.what) for row in verdict.shifted] == [("SD", "its figures stand in another order")]
    assert {cell.label for cell in verdict.not_found} == {"SD"}


def test_a_shifted_row_is_named_with_the_line_where_its_figures_stand() -> None:
    lines = CLEAN.splitlines()
    sd, pd = (next(i for i, line in enumerate(lines) if line.startswith(label)) for label in ("SD\t", "PD\t"))
    lines[sd], lines[pd] = "SD" + lines[pd][2:], "PD" + lines[sd][2:]
    verdict = over("\n".join(lines))
    assert [(row.label, row.text_line) for row in verdict.shifted] == [("SD", pd + 1), ("PD", sd + 1)]
    assert len(verdict.not_found) == 4


def test_a_row_that_the_data_omit_is_reported() -> None:
    verdict = over(CLEAN.replace("Nausea\t", "Rash\t7 (14.0%)\t3 (6.0%)\t5 (10.0%)\t0\nNausea\t"))
    assert not_found(verdict) == []
    assert uncovered(verdict) == ["7", "14.0", "3", "6.0", "5", "10.0", "0", "77.7"]


def test_a_sentence_that_the_data_omit_is_reported() -> None:
    verdict = over(CLEAN.replace("were alive.", "were alive. Thirteen patients (9.3%) were lost."))
    assert uncovered(verdict) == ["13", "9.3", "77.7"]


def test_a_lost_table_is_not_found() -> None:
    start, end = CLEAN.index("Table 4"), CLEAN.index("Discussion")
    verdict = over(CLEAN[:start] + CLEAN[end:])
    assert {Path(cell.file).name for cell in verdict.not_found} == {"4_adverse_events.csv"}
    assert {cell.note for cell in verdict.not_found} == {"the text has no such table"}


def test_a_claim_under_another_heading_is_not_found_but_its_line_is_told() -> None:
    verdict = over(CLEAN.replace("We enrolled 140 patients.", "").replace("Survival\n", "Of 140 patients.\nSurvival\n"))
    assert [cell.note for cell in verdict.not_found] == ["found in line 17, results"]


def test_a_number_word_is_found_where_the_cell_has_the_word() -> None:
    (word,) = read_cell("Eleven")
    items = [item for item in read_items(["Fve or eleven patients"]) if item.findable]
    assert [(item.kind, item.text) for item in items] == [("number word", "5"), ("number word", "11")]
    assert (word.kind, word.text) == ("number word", "11")


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        (".03", "P = .03"),
        ("<.001", "P < .001"),
        ("0.03", "P=.03"),
        ("0,580 (0,450–0,750)", "HR 0,580 (IC 95% 0,450–0,750)"),
        ("~14.2", "about ∼14.2 months"),
        ("27% (89)", "27 % (89 patients)"),
        ("65 (IQR 57–72)", "65 years (IQR, 57 to 72)"),
        ("12.4 (9.0, NC)", "12.4 months (9.0 to NC)"),
        ("not evaluable", "the median was not evaluable"),
        ("0.005 (one-sided)", "one-sided P = .005"),
        (">36", "more than 36 months"),
    ],
)
def test_a_cell_is_found_in_the_form_of_the_text(cell: str, line: str) -> None:
    expected, text = read_cell(cell), [item for item in read_items([clean(line)]) if item.findable]
    found = [any(same(item, other, exact_sign=False) for other in text) for item in expected]
    assert found
    assert all(found)


@pytest.mark.parametrize(
    ("line", "figures"),
    [
        ("See Table 3, Fig. 2A and Supplementary Figures S5, 6.", []),
        ("2.1 Patients and groups", []),
        ("It fell by 8.9 months [12, 13], then (14–16) rose.", ["8.9"]),
        ("mRECIST, RECIST 1.1, PD-1, CA199, FOLFOX4 and 5-FU", []),
        ("85 mg/m<sup>2</sup> and 2.4 g/m^2, m²", ["85", "2.4"]),
        ("95% CI 1.2–3.4 (grade 3–4)", ["1.2", "3.4"]),
        ("3,923 patients; 1.115 (0.743–1.1.674)", ["3923", "1.115", "0.743", "1.1.674"]),
        ("$n = 48$, $P<0.001$, 28·8", ["48", "0.001", "28.8"]),
        ("17.8 v 11.5 months (P<.001), 62% v 48%", ["17.8", "11.5", "0.001", "62", "48"]),
        ("14.2 months v 8.7 months, by SPSS v 26.0 and R v4.1", ["14.2", "8.7"]),
        ("about ~14.2 (96.02% CI, .43–.89)", ["14.2", "0.43", "0.89"]),
    ],
)
def test_figures_of_running_text(line: str, figures: list[str]) -> None:
    assert [item.text for item in read_items([clean(line)]) if item.counts and item.kind == "figure"] == figures


# --- strictness -------------------------------------------------------------------------------------------------------


@st.composite
def misprints(draw: st.DrawFn) -> tuple[str, int, str, str]:
    """One digit of one figure of the data changed: file, line, column, and the cell that results."""
    cells = PAPER.values[PAPER.values.cell.str.contains(r"\d")].drop_duplicates(["file", "line", "column"])
    cell = cells.iloc[draw(st.integers(0, len(cells) - 1))]
    digits = [match.start() for match in re.finditer(r"\d", cell.cell)]
    place = draw(st.sampled_from(digits))
    digit = draw(st.sampled_from([d for d in "0123456789" if d != cell.cell[place]]))
    return cell.file, int(cell.line), cell.column, cell.cell[:place] + digit + cell.cell[place + 1 :]


def _paper_with(file: str, line: int, column: str, printed: str, folder: Path) -> study.Paper:
    """The study again from files in which one cell is changed."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PAPERS, folder)
    path = folder / file
    rows = list(csv.reader(path.open(encoding="utf-8", newline="")))
    rows[line - 1][rows[0].index(column)] = printed
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
    paper, _ = study.inspect("demo2020", folder)  # what check would refuse, verify must see too
    assert paper is not None
    return paper


@settings(max_examples=150, deadline=None)
@given(misprint=misprints())
def test_any_changed_digit_makes_exactly_that_value_not_found(
    misprint: tuple[str, int, str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file, line, column, printed = misprint
    paper = _paper_with(*misprint, tmp_path_factory.getbasetemp() / "changed")
    verdict = lay_over(paper, CLEAN)
    assert [(cell.file, cell.line, cell.column, cell.cell) for cell in verdict.not_found] == [
        (file, line, column, printed)
    ]


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that holds the study, and a folder with its text."""
    shutil.copytree(PAPERS, tmp_path / "data")
    monkeypatch.setenv("HAICBOOK_ROOT", str(tmp_path))
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "demo2020.txt").write_text(CLEAN, encoding="utf-8")
    return tmp_path


def test_all_found_is_exit_0(project: Path) -> None:
    result = CliRunner().invoke(main, ["verify", "--text", str(project / "texts")])
    assert result.exit_code == 0, result.output
    assert "77.7" in result.output
    assert "not found:" not in result.output


def test_a_value_not_found_is_exit_1_with_its_place(project: Path) -> None:
    text = project / "texts" / "demo2020.txt"
    text.write_text(CLEAN.replace("0.028", "0.029"), encoding="utf-8")
    result = CliRunner().invoke(main, ["verify", "--text", str(project / "texts"), "demo2020"])
    assert result.exit_code == 1
    assert "not found: data/demo2020/tables/3_cox.csv:2:p: 0.028 (Table 3, Drug (yes/no))" in result.output


def test_formats(project: Path) -> None:
    text = project / "texts"
    as_csv = CliRunner().invoke(main, ["verify", "--text", str(text), "--format", "csv"])
    rows = list(csv.DictReader(io.StringIO(as_csv.output)))
    assert [row["verdict"] for row in rows] == ["found"] * CELLS + ["in no data file"]
    as_json = CliRunner().invoke(main, ["verify", "--text", str(text), "--format", "json"])
    (verdict,) = json.loads(as_json.output)
    assert len(verdict["checked"]) == CELLS
    assert verdict["uncovered"][0]["figure"] == "77.7"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--text", "nowhere"], "no folder nowhere"),
        (["--text", "texts", "other2021", "demo2020"], "no study 'other2021'; there are demo2020"),
        (["--text", "data"], "no text in data; expected demo2020.txt"),
        (["--text", "data", "demo2020"], "no text data/demo2020.txt for demo2020"),
    ],
)
def test_usage(project: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str) -> None:
    monkeypatch.chdir(project)
    result = CliRunner().invoke(main, ["verify", *arguments])
    assert result.exit_code == 2
    assert said in result.output
