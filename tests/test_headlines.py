"""What changed between two runs: in words, with units, largest first; every headline of the book is declared."""

from __future__ import annotations

import re

import pytest

from haicbook.headlines import DECLARED, changes
from haicbook.results import Results, SavedResults, load_results

# what the chapters' results are, and are not, of those declared
KEYS = {
    "os.rmst_difference": ({"": 3.6, ".low": 3.0, ".high": 4.6}, {"": 2.5, ".low": 1.9, ".high": 3.2}),
    "rerun.pairs_p": ({"": 0.087956}, {"": 0.575712}),
    "response.orr.difference": ({"": 0.375, ".low": 0.178, ".high": 0.534}, {"": 0.375, ".low": -0.01, ".high": 0.6}),
    "os.haic.median": ({"": 9.49}, {"": None}),
    "os.digest": ({"": "a"}, {"": "b"}),
    "something.else": ({"": 1.23456789}, {"": 2.0}),
    "audit.errors": ({"": 23}, {"": 23}),
}


@pytest.fixture
def two(tmp_path) -> tuple[SavedResults, SavedResults]:
    runs = []
    for which in range(2):
        results = Results("liu_hepa", {"horizon": 24.0})
        for key, values in KEYS.items():
            for end, value in values[which].items():
                results.record(f"{key}{end}", value)
        runs.append(load_results(results.save(tmp_path / f"{which}.json")))
    return runs[0], runs[1]


def test_a_change_is_told_in_words_with_its_unit_what_flips_and_the_largest_first(two) -> None:
    found, others = changes(*two)
    assert [(change.words, change.before, change.after, change.remark) for change in found] == [
        (
            "Objective response, difference",
            *("38 (18 to 53) percentage points", "38 (−1 to 60) percentage points"),
            "no difference is now within the interval",
        ),
        ("Median overall survival, HAIC (reconstructed)", "9.5 months", "not available", ""),
        ("Simulated p of the printed number of pairs", "0.088", "0.58", ""),
        (
            "Mean overall survival to 24 months, difference (range over the reconstructions)",
            *("3.6 (3.0 to 4.6) months", "2.5 (1.9 to 3.2) months", ""),
        ),
    ]
    assert [(change.words, change.before, change.after) for change in others] == [("something.else", "1.23", "2")]


def test_what_changed_by_less_than_its_decimals_show_is_among_the_others(tmp_path) -> None:
    runs = []
    for value in (5.81, 5.84):
        results = Results("liu_hepa", {"horizon": 24.0})
        results.record("pfs.haic.median", value, "months")
        runs.append(load_results(results.save(tmp_path / f"{value}.json")))
    found, others = changes(*runs)
    assert found == []
    assert [(change.words, change.before, change.after) for change in others] == [("pfs.haic.median", "5.81", "5.84")]


def test_nothing_changed_from_a_run_to_itself(two) -> None:
    assert changes(two[0], two[0]) == ([], [])


def test_no_key_is_declared_twice_and_limits_are_given_in_pairs() -> None:
    for key in KEYS:
        assert sum(bool(re.fullmatch(headline.pattern, key)) for headline in DECLARED) <= 1
    assert all(bool(headline.low) == bool(headline.high) for headline in DECLARED)
    assert all(headline.low or headline.nothing is None for headline in DECLARED)
