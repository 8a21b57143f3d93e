"""Every chapter with each parameter changed: what moves, and what does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import pytest
from rich.console import Console

from chapters import ACROSS, CHAPTERS, default, silently
from haicbook.book.alone import alone
from haicbook.book.assumptions import movers
from haicbook.book.notebooks import names, read_sources
from haicbook.book.run import run
from haicbook.headlines import DECLARED
from haicbook.paths import executed_dir
from haicbook.results import SavedResults, load_results

# numbers of overall survival that no data set was found to have together with the others: a median follow-up of all
# patients that is below that of each arm
LEFT_OUT = {"cao2024": 1}


@cache
def changed(name: str, run_name: str) -> SavedResults:
    """The results of one of a notebook's `RUNS`; of the book's own when it is called `DEFAULTS`."""
    if run_name == DEFAULTS:
        return default(name)
    known = read_sources([name])[name].defaults
    values = {parameter: value for parameter, value in RUNS[name][run_name].items() if parameter in known}
    with alone(silently):
        found = run([name], values, console=Console(quiet=True))
    assert all(outcome.well for outcome in found), found
    (folder,) = {outcome.job.folder for outcome in found if outcome.job.changed}
    return load_results(folder / f"{name}.json")


# --- parameters -------------------------------------------------------------------------------------------------------

Direction = Callable[[SavedResults, SavedResults], bool]


def smaller(*ids: str, by: float = 0.0) -> Direction:
    return lambda before, after: all(after.value(name) < (1 - by) * before.value(name) for name in ids)


def larger(*ids: str, by: float = 0.0) -> Direction:
    return lambda before, after: all(after.value(name) > (1 + by) * before.value(name) for name in ids)


def differs(*ids: str) -> Direction:
    return lambda before, after: all(after.value(name) != before.value(name) for name in ids)


def narrower(before: SavedResults, after: SavedResults) -> bool:
    pairs = [
        name.removesuffix(".low") for name in before.values if re.fullmatch(r"response\.orr\.\w+(\.\w+)?\.low", name)
    ]
    assert pairs
    return all(_width(after, pair) < _width(before, pair) for pair in pairs)


def _width(results: SavedResults, name: str) -> float:
    return float(results.value(f"{name}.high") - results.value(f"{name}.low"))


def shorter_means(before: SavedResults, after: SavedResults) -> bool:
    means = [name for name in before.values if name.endswith(".rmst")]
    assert means
    return all(after.value(name) < before.value(name) for name in means)


def fewer_members_within_their_range(before: SavedResults, after: SavedResults) -> bool:
    """The first members are the same, so the range over fewer of them lies within the range over all."""
    bands = [name for name in before.values if name.endswith(".band")]
    assert bands
    members = after.value("os.members") < before.value("os.members")
    return members and all(after.value(name) <= before.value(name) for name in bands)


def more_leave_early(before: SavedResults, after: SavedResults) -> bool:
    """With patients leaving early, more leave before half of an arm have had the event, in all arms together: in one
    arm, twenty data sets tell it only where many leave."""
    counts = [name for name in before.values if re.fullmatch(r"pfs\.\w+\.left_early", name)]
    assert counts
    return sum(map(after.value, counts)) > sum(map(before.value, counts))


def another_number_leaves_early(before: SavedResults, after: SavedResults) -> bool:
    counts = [name for name in before.values if re.fullmatch(r"pfs\.\w+\.left_early", name)]
    return any(after.value(name) != before.value(name) for name in counts)


ALL = tuple(CHAPTERS)
TWO_ARMS = ("cao2024", "lin2023", "liu_hepa", "lee2024")
MATCHED = ("lin2023", "liu_hepa")
DEFAULTS = "the book's own"
Values = dict[str, str]


def chapter_runs(name: str) -> dict[str, Values]:
    """Each changes several parameters, told apart by the results that move; a chapter leaves out what it has not."""
    few = {"replicates": "20", "cohorts": "20", "confidence": "0.8", "etiology": "hbv"}
    few |= {"null_rate": "0.3", "alternative_rate": "0.7"}
    other_scale = "score" if name == "liu_hepa" else "sd_logit"
    return {
        "few": few,
        # data sets whose patients leave late are seldom found beside some papers' rates: the others cost a tenth
        "early": few | {"censoring": "early", "confounder_effect": "4.0", "caliper": "0.01"},
        "seed": few | {"seed": "4711", "horizon": "9.0", "confounder_gap": "0.4", "caliper_scale": other_scale},
        "rho": few | {"rho": "0.8"},
        "spread": few | {"rho": "0.8", "spread": "0.0"},
    }


RUNS: dict[str, dict[str, Values]] = {name: chapter_runs(name) for name in CHAPTERS} | {
    "reconstruction": {
        "few": {"replicates": "23", "horizon": "12.0"},
        "seed": {"replicates": "23", "seed": "4713"},
    },
    "across": {
        "later": {"confidence": "0.81", "first_period": "4.0", "second_horizon": "20.0", "third_horizon": "30.0"},
    },
    "response_safety": {"all": {"confidence": "0.82", "discovery_rate": "0.3", "shown_differences": "5"}},
    "effects_bias": {
        "months": {"entry_months": "1.0", "landmark_months": "1.0", "lead_months": "1.0", "scan_month": "4.0"}
        | {"missed_share": "0.1", "confidence": "0.83", "confounder_effect": "4.5"},
    },
    "trial": {"rates": {"p0": "0.3", "p1": "0.7", "prior_a": "10.0"}},
    "conclusions": {"size": {"information_size": "50"}},
}
# parameter, the run that changes it, the run that it is compared with, notebooks, what must have moved
CHANGES: list[tuple[str, str, str, tuple[str, ...], Direction]] = [
    ("replicates", "few", DEFAULTS, ALL, fewer_members_within_their_range),
    ("cohorts", "few", DEFAULTS, MATCHED, smaller("rerun.cohorts")),
    ("confidence", "few", DEFAULTS, ALL, narrower),
    ("etiology", "few", DEFAULTS, ("liu_hepa",), larger("rerun.rows")),
    ("null_rate", "few", DEFAULTS, ("shen2025",), smaller("design.type_one")),
    ("alternative_rate", "few", DEFAULTS, ("shen2025",), larger("design.power")),
    ("censoring", "early", "few", ("cao2024", "lin2023"), more_leave_early),
    # few patients, or printed rates and dates, say when they left: what is assumed moves the number by chance at most
    ("censoring", "early", "few", ("lee2024", "liu_hepa", "shen2025"), another_number_leaves_early),
    ("confounder_effect", "early", "few", TWO_ARMS, larger("confounding.hr_adjusted")),
    ("caliper", "early", "few", MATCHED, smaller("rerun.pairs")),
    ("seed", "seed", "few", ALL, differs("os.digest", "pfs.digest")),
    ("horizon", "seed", "few", ALL, shorter_means),
    ("confounder_gap", "seed", "few", TWO_ARMS, larger("confounding.hr_adjusted")),
    ("caliper_scale", "seed", "few", ("lin2023",), smaller("rerun.pairs", by=0.2)),
    ("caliper_scale", "seed", "few", ("liu_hepa",), larger("rerun.pairs", by=0.2)),
    ("rho", "rho", "few", MATCHED, smaller("rerun.pairs")),
    ("spread", "spread", "rho", MATCHED, differs("rerun.distance")),
    ("replicates", "few", DEFAULTS, ("reconstruction",), smaller("members")),
    ("horizon", "few", DEFAULTS, ("reconstruction",), larger("last.a", "last.b")),
    ("seed", "seed", "few", ("reconstruction",), differs("digest")),
    ("confidence", "later", DEFAULTS, ("across",), smaller("rmst.cao2024.h1.width", "rmst.liu_hepa.h1.width")),
    ("first_period", "later", DEFAULTS, ("across",), differs("period.cao2024.from_0")),
    ("second_horizon", "later", DEFAULTS, ("across",), larger("rmst.cao2024.h2")),
    ("third_horizon", "later", DEFAULTS, ("across",), larger("rmst.cao2024.h3")),
    ("confidence", "all", DEFAULTS, ("response_safety",), smaller("orr.cao2024.si.width", "differences.any.widest")),
    ("discovery_rate", "all", DEFAULTS, ("response_safety",), larger("differences.any.discoveries")),
    ("shown_differences", "all", DEFAULTS, ("response_safety",), smaller("differences.shown")),
    ("confidence", "months", DEFAULTS, ("effects_bias",), smaller("summary.os.width", "summary.pfs.width")),
    ("confounder_effect", "months", DEFAULTS, ("effects_bias",), larger("tipping.cao2024.share")),
    ("entry_months", "months", DEFAULTS, ("effects_bias",), differs("entry.end")),
    ("landmark_months", "months", DEFAULTS, ("effects_bias",), differs("landmark.end")),
    ("lead_months", "months", DEFAULTS, ("effects_bias",), smaller("lead.end")),
    ("missed_share", "months", DEFAULTS, ("effects_bias",), smaller("missed.end")),
    ("scan_month", "months", DEFAULTS, ("effects_bias",), smaller("response_bias.lin_2023_haic_l")),
    ("p0", "rates", DEFAULTS, ("trial",), smaller("printed.type_one")),
    ("p1", "rates", DEFAULTS, ("trial",), larger("printed.power")),
    ("prior_a", "rates", DEFAULTS, ("trial",), larger("posterior.mean")),
    ("information_size", "size", DEFAULTS, ("conclusions",), smaller("steps.together", "steps.pd1")),
]
# of a kind of results, those that fewer parameters move than are declared to move some of its kind
RESTS_ON: list[tuple[str, set[str]]] = [
    (r"(os|pfs|liver)\w*\.(digest|members|.*(band|left_early))", {"seed", "replicates", "censoring"}),
    (r"rerun\.cohorts", {"cohorts"}),
    (r"rerun\.rows$", {"etiology"}),
    (r"design\.type_one", {"null_rate"}),
    (r"design\.power", {"alternative_rate"}),
    (r"printed\.type_one", {"p0"}),
    (r"printed\.power", {"p1"}),
    (r"(audit|p_values|robins|e_value)\.|os_median", set()),
    (r"digest", {"seed", "replicates"}),
    (r"last\.", {"seed", "replicates", "horizon"}),
    (r"rmst\.\w+\.h1", {"replicates", "first_horizon", "confidence"}),
    (r"rmst\.\w+\.h2", {"replicates", "second_horizon", "confidence"}),
    (r"rmst\.\w+\.h3", {"replicates", "third_horizon", "confidence"}),
    (r"period\.\w+\.from_0", {"replicates", "first_period"}),
    (r"differences\.any\.discoveries", {"discovery_rate"}),
    (r"differences\.shown", {"shown_differences"}),
    (r"tipping\.", {"confounder_effect"}),
    (r"entry\.", {"replicates", "entry_months"}),
    (r"landmark\.", {"replicates", "landmark_months"}),
    (r"lead\.", {"replicates", "lead_months"}),
    (r"missed\.", {"replicates", "missed_share", "missed_window"}),
    (r"response_bias\.", {"replicates", "seed", "scan_month"}),
    (r"posterior\.mean", {"prior_a", "prior_b"}),
    (r"interval\.", {"confidence"}),
]


@pytest.mark.parametrize(
    ("parameter", "run_name", "against", "notebooks", "moved"), CHANGES, ids=[f"{c[0]}-{c[3][0]}" for c in CHANGES]
)
def test_a_changed_parameter_moves_a_named_value(
    parameter: str, run_name: str, against: str, notebooks: tuple[str, ...], moved: Direction
) -> None:
    pairs = {name: (changed(name, against), changed(name, run_name)) for name in notebooks}
    assert all(before.parameters[parameter] != after.parameters[parameter] for before, after in pairs.values())
    assert {name for name, (before, after) in pairs.items() if not moved(before, after)} == set()


@pytest.mark.parametrize("name", RUNS)
def test_no_value_moves_with_a_parameter_that_it_does_not_rest_on(name: str) -> None:
    before = default(name)
    for run_name in RUNS[name]:
        after = changed(name, run_name)
        moved = {parameter for parameter, value in before.parameters.items() if after.parameters[parameter] != value}
        steady = [pattern for pattern, parameters in RESTS_ON if not parameters & moved]
        for key, item in before.values.items():
            if not movers(key) & moved or any(re.match(pattern, key) for pattern in steady):
                assert after.values[key].value == item.value, (run_name, key)


def test_every_parameter_is_in_that_list() -> None:
    """Those of the chapters across the studies are all tried by tests/show/test_pages_across.py, without the engine;
    how the print is read, by tests/test_endpoints.py, without a search for each way."""
    sources = read_sources([name for name in names() if name not in (*ACROSS, "trust")])
    declared = {(item.name, name) for name, source in sources.items() for item in source.parameters}
    tried = {(parameter, name) for parameter, _, _, notebooks, _ in CHANGES for name in notebooks}
    assert {(parameter, name) for parameter, name in tried if name not in ACROSS} == {
        item for item in declared if item[0] != "reading"
    }


def test_every_headline_is_a_result_of_a_chapter() -> None:
    keys = {key for name in CHAPTERS for key in default(name).values}
    assert [item.words for item in DECLARED if not any(re.fullmatch(item.pattern, key) for key in keys)] == []


def test_a_changed_run_leaves_the_book_alone() -> None:
    before = {name: default(name).parameters for name in ALL}
    assert all(changed(name, "few").parameters != before[name] for name in ALL)
    assert {name: load_results(executed_dir() / f"{name}.json").parameters for name in ALL} == before


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_printed_number_is_met_or_named(name: str) -> None:
    """No chapter drops a target silently: what is not met is counted, and the page says which."""
    results = default(name)
    # a median may not be reached, and where few are at risk at the horizon there is no interval of mean survival
    may_lack = ("median", "rmst_difference.ci_")
    assert all(
        item.state == "present" or any(word in key for word in may_lack)
        for key, item in results.values.items()
        if key.startswith("os.")
    )
    counts = {key: int(results.value(key)) for key in results.values if key.endswith("targets_dropped")}
    assert counts["os.targets_dropped"] == LEFT_OUT.get(name, 0)
    text = (executed_dir() / f"{name}.ipynb").read_text(encoding="utf-8")
    named = re.findall(r"no data set of \d+ patients|Data sets that have it together", text)
    assert len(named) == sum(counts.values())
