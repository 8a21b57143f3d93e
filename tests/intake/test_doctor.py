"""What is left to do, in order: less with each thing done, and never more than there is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from haicbook import simulate
from haicbook.cli import main
from haicbook.intake import EntryStep, NewArm, NewStudy, lay_out, steps
from haicbook.intake.doctor import report
from haicbook.study import studies

ARMS = (NewArm("drug", "Drug A", (90,)), NewArm("old", "Standard", (88,)))


def left(project: Path, study: str = "smith2026") -> list[EntryStep]:
    """The steps that are not done."""
    found = steps(study, project / "data", project / "notebooks", project / "_toc.yml")
    return [step for step in found if step.todo]


def test_a_study_that_is_not_there_is_to_be_laid_out(project: Path) -> None:
    assert [step.todo for step in left(project)] == [("haicbook new smith2026",)]


def test_each_thing_done_is_a_step_less(project: Path) -> None:
    lay_out(NewStudy("smith2026", "unmatched", ARMS), project / "data")
    before = left(project)
    folder = project / "data" / "smith2026"
    (folder / "study.yml").write_text((folder / "study.yml").read_text().replace('"?"', '"said"'))
    described = left(project)
    assert len(described) == len(before) - 1
    header = (folder / "tables/2_response.csv").read_text()
    (folder / "tables/2_response.csv").write_text(f"{header}orr,ORR,,,45 (50.0),30 (34.1),0.03\n")
    assert len(left(project)) == len(described) - 1
    assert [step for step in left(project) if step.state == "wrong"] == []


def test_what_cannot_be_read_is_told_with_its_place(project: Path) -> None:
    lay_out(NewStudy("smith2026", "unmatched", ARMS), project / "data")
    table = project / "data/smith2026/tables/2_response.csv"
    table.write_text(f"{table.read_text()}orr,ORR,,,45 of some,30 (34.1),0.03\n")
    (wrong,) = [step for step in left(project) if step.state == "wrong"]
    assert [todo.split(": found")[0] for todo in wrong.todo] == ["data/smith2026/tables/2_response.csv:2:drug"]


def test_a_whole_paper_lacks_only_judgements_and_its_chapter(project: Path) -> None:
    simulate.synthetic_paper(np.random.default_rng(1), study="smith2026").write(project / "data")
    assert {todo.split(":")[0] for step in left(project) for todo in step.todo} == {
        "data/risk_of_bias.csv",
        "data/questions.csv",
        "data/characteristics.csv",
        "data/facets.csv",
        "haicbook chapter smith2026",
        "_toc.yml",
    }
    result = CliRunner().invoke(main, ["chapter", "smith2026"])
    assert result.exit_code == 0, result.output
    assert not any("chapter" in todo or "_toc" in todo for step in left(project) for todo in step.todo)


def test_the_papers_of_this_book_are_all_done() -> None:
    from haicbook.paths import data_dir, notebooks_dir, root

    for study in studies():
        found = steps(study, data_dir(), notebooks_dir(), root() / "_toc.yml")
        open_ = [todo for step in found for todo in step.todo if "unavailable" not in todo]
        assert open_ == [], study


def test_programs_get_the_same_and_a_status(project: Path) -> None:
    lay_out(NewStudy("smith2026", "unmatched", ARMS), project / "data")
    result = CliRunner().invoke(main, ["doctor", "smith2026", "--format", "json"])
    assert result.exit_code == 1
    found = steps("smith2026", project / "data", project / "notebooks", project / "_toc.yml")
    assert [step["todo"] for step in json.loads(result.output)] == [list(step.todo) for step in found]
    assert all(todo in report(found) for step in found for todo in step.todo)
