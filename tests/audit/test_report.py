"""`haicbook audit`: for people and for programs, on the project's studies and on a folder of one's own."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from haicbook import simulate
from haicbook.audit import ranked, touches
from haicbook.audit.finding import SEVERITIES, Finding
from haicbook.audit.report import Audited, show, to_csv, to_json, to_markdown
from haicbook.cli import main
from haicbook.simulate.calibration import inject
from haicbook.study import load

STUDY = "lee2024"
Audits = dict[str, list[Finding]]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", *arguments], terminal_width=100)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of one's own: a synthetic paper in which nothing but one thing is wrong."""
    rng = np.random.default_rng(3)
    draft = simulate.synthetic_paper(rng, study="my_paper", design="unmatched")
    injected = inject("grades", draft, draft.paper(), rng)
    assert injected is not None
    return injected.draft.write(tmp_path_factory.mktemp("papers"))


def test_the_table_names_every_finding(audits: Audits) -> None:
    shown = " ".join(run(STUDY).output.split())
    for finding in audits[STUDY]:
        assert finding.sentence.split(":")[0].split(",")[0] in shown
    assert shown.startswith(f"{STUDY}: ")


def test_json_holds_the_findings_and_the_rules(audits: Audits) -> None:
    result = run(STUDY, "--format", "json")
    said = json.loads(result.output)
    found = ranked(load(STUDY), audits[STUDY])
    assert result.exit_code == 0
    assert [item["sentence"] for item in said["studies"][0]["findings"]] == [f.sentence for f in found]
    assert {item["rule"] for item in said["studies"][0]["findings"]} <= {rule["key"] for rule in said["rules"]}


def test_csv_has_a_line_for_each_finding(audits: Audits) -> None:
    rows = list(csv.DictReader(io.StringIO(run(STUDY, "--format", "csv").output)))
    found = ranked(load(STUDY), audits[STUDY])
    assert [(row["rule"], row["printed"]) for row in rows] == [(f.rule, f.printed) for f in found]
    assert [row["value_ids"].split() for row in rows] == [list(f.value_ids) for f in found]


def test_markdown_leaves_no_sign_of_its_own_unescaped(audits: Audits) -> None:
    text = run(STUDY, "--format", "markdown").output
    assert text.startswith(f"## {STUDY}\n")
    assert text.count("* **Error**") == sum(f.severity == "error" for f in audits[STUDY])
    assert "<0" not in text.replace("\\<0", "")


def test_a_label_is_text_on_the_terminal_in_markdown_and_in_csv(capsys: pytest.CaptureFixture[str]) -> None:
    label = "=cmd() [red]x[/red] \x1b[31m {{ 7 }} [a](b)"
    found = Finding("nested", "error", "x2020", (), "-12", "1", f"{label}: too many")
    items = [Audited("x2020", None, (found,))]
    show(items)
    shown = " ".join(capsys.readouterr().out.split())
    assert "=cmd() [red]x[/red] ⟨U+001B⟩[31m {{ 7 }} [a](b): too many" in shown
    assert "\\=cmd() \\[red\\]x\\[/red\\] ⟨U+001B⟩\\[31m \\{\\{ 7 \\}\\} \\[a\\](b)" in to_markdown(items)
    (row,) = csv.DictReader(io.StringIO(to_csv(items)))
    assert (row["sentence"], row["printed"]) == (f"'{found.sentence}", "-12")
    assert json.loads(to_json(items))["studies"][0]["findings"][0]["sentence"] == found.sentence


@pytest.mark.parametrize("severity", SEVERITIES)
def test_a_severity_shows_only_its_own(severity: str) -> None:
    said = json.loads(run("cao2024", "--format", "json", "--severity", severity).output)
    assert {item["severity"] for item in said["studies"][0]["findings"]} == {severity}


def test_it_fails_only_when_asked_to() -> None:
    assert run(STUDY).exit_code == 0
    assert run(STUDY, "--fail-on", "error").exit_code == 1
    assert run(STUDY, "--fail-on", "error", "--severity", "info").exit_code == 1


def test_a_folder_of_ones_own(own: Path) -> None:
    result = run(str(own), "--format", "json", "--fail-on", "error")
    found = json.loads(result.output)["studies"]
    assert result.exit_code == 1
    assert [study["study"] for study in found] == ["my_paper"]
    # a count that is wrong may contradict its row's p-value too
    assert "grades" in {item["rule"] for item in found[0]["findings"] if item["severity"] == "error"}


def test_a_clean_paper_does_not_fail(tmp_path: Path) -> None:
    folder = simulate.synthetic_paper(np.random.default_rng(4), study="clean", design="single_arm").write(tmp_path)
    assert run(str(folder), "--fail-on", "warning").exit_code == 0


def test_what_is_no_study_is_named_with_what_there_is(tmp_path: Path) -> None:
    result = run("nobody2020", str(tmp_path))
    assert result.exit_code == 2
    said = " ".join(result.output.split())
    assert "no study 'nobody2020'; there are cao2024" in said
    assert "no study.yml in the folder" in said


def test_files_that_cannot_be_read_are_said_with_their_place(own: Path, tmp_path: Path) -> None:
    broken = tmp_path / "my_paper"
    broken.mkdir()
    (broken / "tables").mkdir()
    for file in ("study.yml", "claims.csv", *(f"tables/{path.name}" for path in (own / "tables").iterdir())):
        (broken / file).write_text((own / file).read_text(encoding="utf-8"), encoding="utf-8")
    claims = (broken / "claims.csv").read_text(encoding="utf-8")
    (broken / "claims.csv").write_text(claims.replace("abstract", "appendix"), encoding="utf-8")
    alone, together = run(str(broken)), run(str(broken), STUDY)
    assert (alone.exit_code, together.exit_code) == (1, 3)
    assert "my_paper/claims.csv:2:section: found 'appendix'" in alone.output
    assert f"{STUDY}: " in together.output


# --- what matters first -----------------------------------------------------------------------------------------------


def test_errors_come_first_and_survival_before_percentages(audits: Audits) -> None:
    for name, found in audits.items():
        paper = load(name)
        in_order = ranked(paper, found)
        order = ("survival", "response", "adverse events", "all else")
        keys = [(SEVERITIES.index(f.severity), order.index(touches(paper, f))) for f in in_order]
        assert keys == sorted(keys)
        assert sorted(map(id, in_order)) == sorted(map(id, found))


def test_one_kind_of_slip_does_not_hide_another() -> None:
    paper = load("cao2024")

    def made(rule: str) -> Finding:
        return Finding(rule, "error", "cao2024", (), "", "", "")

    found = [made("levels"), made("levels"), made("levels"), made("grades")]
    assert [finding.rule for finding in ranked(paper, found)] == ["levels", "grades", "levels", "levels"]
