"""The chapter that a study's data give: sections for what is there, a line for what is not, and it runs."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console

from haicbook import simulate
from haicbook.book.notebooks import read_source
from haicbook.book.run import run
from haicbook.cli import main
from haicbook.intake import NewArm, NewStudy, chapter_source, lay_out
from haicbook.results import load_results
from haicbook.simulate.specs import DESIGNS
from haicbook.simulate.specs import Design as SyntheticDesign
from haicbook.study import load

HOSTILE = "{py}`print` <b>bold</b> [x](http://a.b) $x$ ```"


@pytest.mark.parametrize("design", DESIGNS)
def test_a_whole_paper_has_every_section_that_its_design_has(design: SyntheticDesign, project: Path) -> None:
    paper = simulate.synthetic_paper(np.random.default_rng(2), study="smith2026", design=design).paper()
    path = project / "notebooks" / "smith2026.md"
    path.write_text(chapter_source(paper), encoding="utf-8")
    source = read_source(path)
    compared = {"Balance", "Cox models"} if design != "single_arm" else set()
    assert set(re.findall(r"^## (.+)$", source.text, re.MULTILINE)) == compared | {
        "The paper at a glance",
        "Baseline characteristics",
        "Tumour response",
        "Survival",
        "Adverse events",
        "Does it add up?",
        "Assumptions",
    }
    assert "not entered" not in source.text
    assert ("caliper" in source.defaults) == (design == "propensity_matched")
    included = re.findall(r"_shared/(\w+\.md)", source.text)
    assert [name for name in included if not (project / "notebooks/_shared" / name).is_file()] == []


def test_a_half_filled_study_runs_as_far_as_it_goes(project: Path) -> None:
    """Nothing but the response is entered, and names of arms try to be more than names."""
    arms = (NewArm("drug", HOSTILE, (90,)), NewArm("old", "Standard", (88,)))
    lay_out(NewStudy("smith2026", "unmatched", arms), project / "data")
    table = project / "data/smith2026/tables/2_response.csv"
    with table.open("a", newline="") as stream:
        csv.writer(stream).writerow(["orr", "ORR", "", "", "45 (50.0)", "30 (34.1)", "0.03"])
    for arguments in (["chapter", "smith2026"], ["chapter", "smith2026"]):
        result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "--force" in result.output
    (outcome,) = run((), {}, console=Console(quiet=True))
    assert outcome.well, outcome
    results = load_results(project / "book/_executed/smith2026.json")
    assert results.value("response.orr.drug.low") < 0.5 < results.value("response.orr.drug.high")
    assert "os.digest" not in results.values
    said = (project / "notebooks/smith2026.md").read_text()
    assert "Overall survival cannot be reconstructed" in said
    assert said.count("not entered") == 4


def test_a_chapter_of_no_study_is_refused(project: Path) -> None:
    result = CliRunner().invoke(main, ["chapter", "smith2026"])
    assert result.exit_code == 2
    assert not (project / "notebooks" / "smith2026.md").exists()


def test_the_chapters_of_this_book_could_be_laid_out_again() -> None:
    for name in ("cao2024", "lin2023", "liu_hepa", "lee2024", "shen2025"):
        text = chapter_source(load(name))
        assert "page.reconstruct(" in text, name
