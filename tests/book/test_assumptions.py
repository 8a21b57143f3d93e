"""Parameters are declared once: the notebooks' cells agree with it, and who lists parameters shows what is declared."""

from __future__ import annotations

import pytest

from haicbook.book.assumptions import DECLARED, as_declared, movers
from haicbook.book.notebooks import choose, parameters_at_once, read_sources
from haicbook.book.parameters import read_parameters
from haicbook.book.report import parameter_records


def test_every_parameter_of_the_book_is_declared_and_every_declared_one_is_of_a_notebook():
    found = {parameter.name for source in read_sources(choose(())).values() for parameter in source.parameters}
    assert found == {*DECLARED}


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("horizon: int = 24  # 3 to 60: months shown, and over which mean survival is taken", "type int"),
        ("horizon: float = 24.0  # 3 to 90: months shown, and over which mean survival is taken", "3 to 90"),
        ("horizon: float = 24.0  # 3 to 60: months", "'months'"),
        ("p0: float = 0.4  # 0.05 to 0.9: response rate of no interest", "0.05 to 0.9, below p1"),
        ("etiology: str = 'hbv'  # hbv | hdv: level whose count in the HAIC arm is taken as too large by two", "hdv"),
    ],
)
def test_a_cell_that_differs_from_what_is_declared_is_told_so(line: str, wrong: str) -> None:
    _, (problem,) = as_declared(read_parameters(line, "cell"), "")
    assert wrong in problem
    assert problem.startswith(line.partition(":")[0] + ": found ")


def test_a_cell_may_narrow_a_range_have_its_own_default_and_add_a_remark() -> None:
    line = "caliper: float = 0.3  # 0.1 to 1: largest difference between matched patients, on the scale below; unsaid"
    (found,), problems = as_declared(read_parameters(line, "cell"), "page.rerun(setting)")
    assert (found.default, found.allowed.low, found.moves) == (0.3, 0.1, ("the matching re-run",))
    assert problems == []


def test_a_parameter_of_ones_own_is_what_its_cell_says() -> None:
    (found,), problems = as_declared(read_parameters("dose: float = 1.0  # 0 to 2: mg", "cell"), "")
    assert (found.unit, found.moves, problems) == ("", (), [])


def test_a_notebook_s_parameter_moves_what_the_notebook_has() -> None:
    moves = {
        name: {item.name: item.moves for item in source.parameters}
        for name, source in read_sources(["cao2024", "liu_hepa", "trial"]).items()
    }
    assert moves["cao2024"]["seed"] == ("the reconstructed curves", "mean survival")
    assert moves["liu_hepa"]["seed"] == ("the reconstructed curves", "mean survival", "the matching re-run")
    assert moves["trial"]["confidence"] == ("posterior and intervals of the trial",)
    assert all(item for of_one in moves.values() for item in of_one.values())


def test_completion_reads_the_same_as_the_rest() -> None:
    (source,) = read_sources(["liu_hepa"]).values()
    assert parameters_at_once(source.path) == source.parameters


def test_programs_are_told_unit_and_what_it_moves() -> None:
    records = {item["name"]: item for item in parameter_records(read_sources(["cao2024"]).values())}
    assert records["horizon"]["unit"] == "months"
    assert records["confounder_gap"]["moves"] == ["the unmeasured confounder"]


def test_a_result_of_no_kind_may_be_moved_by_all() -> None:
    assert movers("something.else") == {*DECLARED}
    assert movers("rerun.pairs") == {"seed", "caliper", "caliper_scale", "etiology", "rho", "spread", "cohorts"}
