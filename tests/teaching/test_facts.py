"""Named values in teaching texts: what they become, and what is said of a name that stands for nothing."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from haicbook import results as recorded
from haicbook.results import Results
from haicbook.study import Problem, load
from haicbook.teaching.facts import Facts, fill, shown


@pytest.fixture
def lee(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Facts:
    """Lee 2024 with a chapter that recorded two values."""
    monkeypatch.setattr(recorded, "executed_dir", lambda: tmp_path)
    results = Results("lee2024", {"horizon": 24.0})
    results.record("os.post_ab.rmst", 11.77, "months")
    results.record("os.gap", -0.125)
    results.record("os.rmst_difference.ci_low", None)
    results.save(tmp_path / "lee2024.json")
    return Facts("lee2024")


def filled(text: str, facts: Facts, *, plain: bool = False) -> str:
    problems: list[Problem] = []
    found = fill(text, facts, "teaching/x.md", "ask", problems, plain=plain)
    assert problems == []
    return found


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("{{result os.post_ab.rmst .1f}} months", "11.8 months"),
        ("{{result os.gap .0%}}", "−12 %"),
        ("{{ parameter horizon }}", "24"),
        ("{{short post_ab}}, {{size post_ab}}", "post-ate-beva, 34"),
        ("{{level overall}}", "critical"),
        ("{{lin2023:middle table3/etiology/before_psm/multivariable/hr}}", "√(0.888 × 3.032) = 1.641"),
        ("{{shen2025:appraised 3}}", "Yes. Pathology in all patients."),
        ("{{shen2025:exact table2/orr/all/all/mrecist/n}}", "24.4 to 65.1 %"),
    ],
)
def test_a_name_becomes_what_the_book_has_under_it(lee: Facts, text: str, becomes: str) -> None:
    assert filled(text, lee) == becomes


def test_a_printed_figure_leads_to_its_row_and_on_slides_does_not(lee: Facts) -> None:
    text = "{{printed results/orr/all/post_ab/n}}"
    assert 'href="values.html#lee2024/results/orr/all/post_ab/n"' in filled(text, lee)
    assert filled(text, lee, plain=True) == "12/34 (35.3%)"


def test_the_answer_to_a_problem_is_the_arithmetic_of_the_finding(lee: Facts) -> None:
    assert filled("{{byhand p_value results/orr}}", lee).startswith("12/34 against 12/66: Pearson 0.058")


def test_events_follow_from_the_interval() -> None:
    value = "cao2024/results/os_hr_treatment/after_psm/si/univariable"
    low, high = (load("cao2024").value(f"{value}/{end}") for end in ("ci_low", "ci_high"))
    error = math.log(high / low) / 3.92
    assert filled(f"{{{{cao2024:events {value.partition('/')[2]}/hr}}}}", Facts()).endswith(f"= {4 / error**2:.0f}")


@pytest.mark.parametrize(("mean", "patients", "possible"), [("4.08", 48, True), ("4.09", 48, False)])
def test_a_mean_of_whole_numbers_has_a_total_or_none(mean: str, patients: int, possible: bool) -> None:
    found = filled(f"{{{{lin2023:totals_if {mean} {patients}}}}}", Facts())
    totals = [total for total in range(400) if round(total / patients, 2) == float(mean)]
    assert bool(totals) is possible
    assert found.startswith("none") is not possible


def test_every_name_that_stands_for_nothing_is_told_with_file_key_and_what_comes_near(lee: Facts) -> None:
    problems: list[Problem] = []
    text = "{{result os.post_ab.rms}} {{printed results/orr/nobody}} {{median os}} {{finding p_value results/nothing}}"
    fill(
        text + " {{result os.rmst_difference.ci_low .1f}} {{}} {{size post_ab all more}}", lee, "x.yml", "ask", problems
    )
    told = [str(problem) for problem in problems]
    assert len(told) == 7
    near = "os.post_ab.rmst, os.gap, os.rmst_difference.ci_low"
    assert told[0] == f"x.yml:ask: found {{{{result os.post_ab.rms}}}}, expected one of {near}"
    assert "results/orr/all/" in told[1]
    assert all(one.startswith("x.yml:ask: found {{") for one in told)


def test_without_a_study_a_name_needs_one() -> None:
    problems: list[Problem] = []
    fill("{{size post_ab}}", Facts(), "teaching/x.md", "", problems)
    assert "lin2023:size" in str(problems[0])


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [(0.583, ".0%", "58 %"), (-0.041, "points", "−4"), (-3.35, ".1f", "−3.4"), (3, "", "3"), ("x", "", "x")],
)
def test_numbers_are_written_as_in_the_book(value: object, form: str, text: str) -> None:
    assert shown(value, form) == text
