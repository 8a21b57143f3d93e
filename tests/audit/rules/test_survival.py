"""Rules on survival curves, on both sides: R's output passes, an injected error is found and called by name."""

import csv
import itertools
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from cox_paper import FILES, HEADER, found_by, injected, made_of, study
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook import audit
from haicbook.audit.rules.survival.cut_log_rank import ArmUntil, cut_log_rank
from haicbook.audit.rules.survival.rates import Goal, life_table, simple_curve, widths
from haicbook.audit.rules.survival.survival_intervals import SCALES, error_of_log, fits, least_error_of_log
from haicbook.study import load
from haicbook.survival.estimators import km, survival_at
from haicbook.survival.exact import reach
from haicbook.survival.knots import Knot

ORACLE = Path(__file__).parents[2] / "oracle" / "audit_rates.csv"
RULES = [rule for rule in audit.RULES if rule.topic == "survival"]
R_NAMES = {"arcsin": "arcsine"}


def oracle():
    with ORACLE.open(encoding="utf-8") as handle:
        return [row for row in csv.DictReader(handle) if 0.02 < float(row["rate"]) < 0.98]


def rounded(value, decimals=3):
    half = 0.5 * 10**-decimals
    return round(value, decimals) - half, round(value, decimals) + half


def one_arm(*claims, n=25, **of_study):
    """A paper with these claims of the new arm: (endpoint, time or '', statistic, printed)."""
    rows = [
        f"{endpoint}_{time}_{place},results,Results,{endpoint},,all,new,,,,,,{time},{statistic},"
        f'{"percent" if time else "months"},"{printed}"'
        for place, (endpoint, time, statistic, printed) in enumerate(claims)
    ]
    files = {"base": FILES["base"], "claims": "\n".join([HEADER, *rows]) + "\n"}
    return made_of(files, study(n=(n, n), tables=(), **of_study))


# --- scales against R -------------------------------------------------------------------------------------------------


def test_an_interval_of_r_is_symmetric_on_its_scale_and_tells_its_standard_error():
    scales = {scale.name: scale for scale in SCALES}
    for row in oracle():
        low, high = float(row["low"]), float(row["high"])
        if (row["scale"] == "plain" and not 0 < low < high < 1) or high >= 1:
            continue  # cut at the ends
        scale = scales[R_NAMES.get(row["scale"], row["scale"])]
        rate, limits = rounded(float(row["rate"])), (rounded(low), rounded(high))
        assert fits(scale, rate, limits), row
        least, most = error_of_log(scale, rate, limits)
        assert least <= float(row["se_log"]) <= most, row


def test_greenwood_is_never_below_the_bound():
    for row in oracle():
        assert float(row["se_log"]) >= least_error_of_log(float(row["rate"]), int(row["n"])) - 1e-9


@settings(max_examples=80, deadline=None)
@given(st.integers(3, 40), st.integers(0, 10**6))
def test_the_bound_holds_for_any_data(n, seed):
    rng = np.random.default_rng(seed)
    curve = km(np.ceil(rng.exponential(10, n)), rng.random(n) < rng.uniform(0.2, 1))
    for survival, greenwood in zip(curve.survival[0], curve.greenwood[0], strict=True):
        if 0 < survival < 1:
            assert math.sqrt(greenwood) >= least_error_of_log(survival, n) - 1e-9


def test_medians_and_rates_of_r_agree():
    """Brookmeyer and Crowley's limits by R, on three scales, hold the times whose rates may be one half."""
    rows = [row for row in oracle() if row["scale"] in ("plain", "log", "log-log")]
    for row in rows[::2]:
        limits = ["NR" if row[name] == "NA" else f"{float(row[name]):.2f}" for name in ("median_low", "median_high")]
        if row["median"] == "NA":
            continue
        rate, low, high = (100 * float(row[name]) for name in ("rate", "low", "high"))
        for printed, statistic in [(f"{rate:.1f} ({low:.1f}–{high:.1f})", "rate_ci"), (f"{rate:.1f}", "rate")]:
            paper = one_arm(
                ("os", "", "median_ci", f"{float(row['median']):.2f} ({'–'.join(limits)})"),
                ("os", 12, statistic, printed),
                n=int(row["n"]),
                median_method="Brookmeyer–Crowley",
            )
            of_interval = [rule for rule in RULES if rule.key in ("median_interval", "rate_interval", "landmark")]
            assert found_by(of_interval, paper) == [], row


# --- life tables and product-limit curves -----------------------------------------------------------------------------


def every_life_table(n, intervals):
    """Heights at the end of each interval, of every life table of n patients with somebody entering each."""
    tables = [((Fraction(1),), n)]
    for interval in range(intervals):
        following = []
        for heights, left in tables:
            for d, c in itertools.product(range(left + 1), repeat=2):
                exposed = left - Fraction(c, 2)
                if d + c <= left and d <= exposed and (left - d - c > 0 or interval == intervals - 1):
                    following.append(((*heights, heights[-1] * (1 - d / exposed)), left - d - c))
        tables = following
    return {heights[1:] for heights, _ in tables}


@pytest.mark.parametrize("n", [3, 5, 6])
def test_life_tables_are_all_listed(n):
    tables = every_life_table(n, 2)
    rng = np.random.default_rng(n)
    wanted = [tuple(sorted(rng.uniform(0, 1, 2).round(2), reverse=True)) for _ in range(60)]
    wanted += [tuple(float(round(height, 2)) for height in heights) for heights in list(tables)[::7]]
    for first, second in wanted:
        goals = tuple(Goal(time, rate - 0.005, rate + 0.005) for time, rate in ((6.0, first), (12.0, second)))
        there_is = any(
            abs(a - Fraction(str(first))) <= Fraction(5, 1000) and abs(b - Fraction(str(second))) <= Fraction(5, 1000)
            for a, b in tables
        )
        table = life_table(n, goals, 6.0)
        assert (table is not None) == there_is, (first, second)
        if table is not None:
            assert all(
                goal.low - 1e-9 <= height <= goal.high + 1e-9
                for goal, height in zip(goals, table.survival, strict=True)
            )


def test_a_life_table_says_its_arithmetic():
    table = life_table(25, (Goal(6.0, 0.3465, 0.3475), Goal(12.0, 0.2395, 0.2405)), 6.0)
    assert table is not None
    assert table.words == "(1 - 16/(25 - 1/2)) = 34.7%; × (1 - 2/(8 - 3/2)) = 24.0%"


def test_widths_divide_all_times():
    assert widths([6, 12, 18]) == [6, 3, 2, 1]
    assert widths([6, 15]) == [3, 1]
    assert widths([6.5]) == []


@settings(max_examples=100, deadline=None)
@given(st.integers(3, 14), st.floats(0.05, 0.95), st.floats(0.3, 1.0))
def test_a_simple_curve_is_one_of_all_curves(n, first, share):
    goals = (Goal(6.0, first - 0.01, first + 0.01), Goal(12.0, first * share - 0.01, first * share + 0.01))
    if simple_curve(n, goals):
        listed = reach(n, tuple(Knot(goal.time, goal.low - 1e-9, goal.high + 1e-9, rate=True) for goal in goals))
        assert listed is not None
        assert listed.possible


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_rates_of_real_curves_are_attainable(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 30))
    time = rng.exponential(12, n).round(1) + 0.1
    curve = km(time, rng.random(n) < 0.7)
    times = [t for t in (6, 12, 24) if t < time.max()]
    rates = [("os", t, "rate", f"{100 * survival_at(curve, [t])[0, 0]:.1f}") for t in times]
    paper = one_arm(*rates, n=n) if rates else None
    assert paper is None or found_by([rule for rule in RULES if rule.key == "rate_attainable"], paper) == []


ATTAINABLE = {
    "only by a life table": ([(6, "34.7%"), (12, "24.0%")], "warning", "An actuarial life table with intervals of 6"),
    "one only if it is cut off": ([(6, "38.8%"), (12, "23.2%")], "info", "only if one of them is cut off"),
    "by neither": ([(6, "97.7%")], "error", "Nor does an actuarial life table"),
}


@pytest.mark.parametrize("case", ATTAINABLE)
def test_rates_out_of_reach_are_found(case):
    rates, severity, words = ATTAINABLE[case]
    paper = one_arm(*(("pfs", time, "rate", printed) for time, printed in rates))
    found = [finding for finding in found_by(RULES, paper) if finding.rule == "rate_attainable"]
    assert [finding.severity for finding in found] == [severity]
    assert words in found[0].sentence


# --- the rules --------------------------------------------------------------------------------------------------------


def test_a_paper_that_adds_up_has_no_finding():
    assert found_by(RULES, injected()) == []
    assert found_by(RULES, injected(median_method="Brookmeyer–Crowley")) == []


RATE = "12,rate_ci,percent,61.2% (49.6–75.5)"
INJECTED = {
    "a follow-up longer than life": (
        [("claims", "14.1 (1.2–40.3)", "20.1 (1.2–40.3)")],
        ("follow_up", "warning", "longer than the longest median survival, 15.2"),
    ),
    "a rate below one half before the median": (
        [("claims", RATE, "12,rate_ci,percent,41.2% (33.4–50.8)")],
        ("landmark", "error", "41.2% at 12 months is below one half before the median 15.2 months"),
    ),
    "a rate above one half after the median": (
        [("claims", "12,rate,percent,36.1%", "12,rate,percent,63.1%")],
        ("landmark", "error", "63.1% at 12 months is above one half after the median 8.9 months"),
    ),
    "a rate that rises": (
        [("claims", "6,rate_ci,percent,86.5% (78.2–95.7)", "6,rate,percent,56.5%")],
        ("monotone", "error", "61.2% at 12 months is above 56.5% at 6 months"),
    ),
    "a progression-free survival above overall survival": (
        [("claims", "12,rate,percent,36.1%", "12,rate,percent,86.1%")],
        ("endpoint_order", "error", "PFS, 86.1% at 12 months, is above OS, 61.2% at 12 months"),
    ),
    "a progression-free survival above it by little": (
        [("claims", "12,rate,percent,36.1%", "12,rate,percent,65.1%")],
        ("endpoint_order", "warning", "Only censoring can reverse the order of the estimates"),
    ),
    "a progression-free survival above it by less than a patient": (
        [("claims", "12,rate,percent,36.1%", "12,rate,percent,61.9%")],
        ("endpoint_order", "info", "Only censoring can reverse the order of the estimates"),
    ),
    "a median longer than the one of overall survival": (
        [("claims", "months,8.9 (7.0–11.6)", "months,24.9 (20.0–29.6)")],
        ("endpoint_order", "error", "PFS, median 24.9 months, is longer than OS, median 15.2 months"),
    ),
    "a median slightly longer than the one of overall survival": (
        [("claims", "months,8.9 (7.0–11.6)", "months,16.9 (14.0–19.6)")],
        ("endpoint_order", "warning", "PFS, median 16.9 months, is longer than OS, median 15.2 months"),
    ),
    "a pooled median outside": (
        [("claims", "median,months,12.6", "median,months,16.2")],
        (
            "pooled_median",
            "warning",
            "16.2 for all arms together does not lie between those of the arms, 15.2 and 10.4",
        ),
    ),
    "a pooled median that is cut off": (
        [("claims", "median,months,12.6", "median,months,10"), ("claims", "10.4 (8.1–13.8)", "10.9 (8.1–13.8)")],
        ("pooled_median", "info", "It does if it is cut off"),
    ),
    "a follow-up longer than the study": (
        [("claims", "14.1 (1.2–40.3)", "14.1 (1.2–45.3)")],
        ("calendar", "error", "a longest follow-up of 45.3 months is longer than the study, 41.0 months"),
    ),
    "a limit longer than the study": (
        [("claims", "15.2 (11.1–19.9)", "15.2 (11.1–41.9)")],
        ("calendar", "warning", "an upper confidence limit of 41.9 months"),
    ),
    "an interval narrower than its patients": (
        [("claims", RATE, "12,rate_ci,percent,61.2% (56.1–66.8)")],
        ("rate_interval", "error", "with 60 patients it is at least"),
    ),
    "an interval on no scale": (
        [("claims", RATE, "12,rate_ci,percent,61.2% (59.6–95.5)")],
        ("rate_interval", "warning", "is not the middle of its limits on any usual scale"),
    ),
    "a test of two rates on the other side": (
        [("claims", "12,p,,0.056", "12,p,,0.003"), ("claims", "42.3% (31.0–57.7)", "58.3% (46.6–72.9)")],
        ("rate_test", "error", "a test of the two rates gives p"),
    ),
    "a test of two rates not reproduced": (
        [("claims", "12,p,,0.056", "12,p,,0.856")],
        ("rate_test", "warning", "a test of the two rates gives p"),
    ),
    "a test of two rates that only two scales at once would give": (
        [
            ("claims", "61.2% (49.6–75.5)", "60.9% (48.7–71.0)"),
            ("claims", "42.3% (31.0–57.7)", "36.1% (23.3–49.1)"),
            ("claims", "12,p,,0.056", "12,p,,0.003"),
        ],
        ("rate_test", "info", "gives p 0.0043 to 0.014"),
    ),
    "a median's interval that the rates do not allow": (
        [("claims", "15.2 (11.1–19.9)", "15.2 (13.1–19.9)")],
        ("median_interval", "warning", "leaves 12 months outside, although 50% is within the interval of 61.2%"),
    ),
    "a median's interval too wide for the rates": (
        [("claims", "15.2 (11.1–19.9)", "15.2 (5.1–19.9)")],
        ("median_interval", "warning", "leaves 6 months inside, although 50% is not within the interval of 86.5%"),
    ),
}


@pytest.mark.parametrize("error", INJECTED)
def test_an_injected_error_is_found(error):
    changes, (rule, severity, words) = INJECTED[error]
    paper = injected(*changes)
    found = [finding for finding in found_by(RULES, paper) if finding.rule == rule]
    assert severity in [finding.severity for finding in found], [finding.sentence for finding in found]
    assert any(words in finding.sentence for finding in found), [finding.sentence for finding in found]
    assert all(set(finding.value_ids) <= set(paper.by_id.index) for finding in found)
    assert all(finding.recomputation for finding in found)


def test_the_claimed_method_makes_the_difference():
    """The same interval is a warning, and an error where the paper names the method that cannot give it."""
    change = ("claims", "15.2 (11.1–19.9)", "15.2 (13.1–19.9)")
    severities = [
        finding.severity
        for method in (None, "Brookmeyer–Crowley")
        for finding in found_by(RULES, injected(change, median_method=method))
        if finding.rule == "median_interval"
    ]
    assert severities == ["warning", "error"]


def test_two_endpoints_with_one_set_of_rates_are_a_note():
    claims = [(endpoint, "", "median", median) for endpoint, median in (("pfs", "4.33"), ("liver_pfs", "4.87"))]
    claims += [(endpoint, time, "rate", f"{rate}%") for endpoint in ("pfs", "liver_pfs") for time, rate in RATES]
    assert [(f.rule, f.severity) for f in found_by(RULES, one_arm(*claims))] == [("same_rates", "info")]
    assert found_by(RULES, one_arm(*claims[:1], *claims[2:])) == []


RATES = ((6, "36.0"), (12, "24.0"))
SYMMETRIC = [
    ("os", "", "median_ci", "16.04 (13.68–18.40)"),
    ("pfs", "", "median_ci", "9.03 (6.55–11.51)"),
]


def test_symmetric_medians_are_one_note_or_a_warning_against_the_claim():
    for method, severity in ((None, "info"), ("Brookmeyer–Crowley", "warning")):
        found = found_by(RULES, one_arm(*SYMMETRIC, median_method=method))
        assert [(f.rule, f.severity, f.count) for f in found] == [("median_symmetry", severity, 2)]


def test_medians_in_whole_months_are_symmetric_by_chance():
    claims = [("os", "", "median_ci", "16.00 (13.00–19.00)"), ("pfs", "", "median_ci", "9.00 (7.00–11.00)")]
    paper = one_arm(*claims, median_method="Brookmeyer–Crowley")
    assert found_by(RULES, paper) == []


def test_every_rule_has_an_injected_error():
    injected_rules = {rule for _, (rule, _, _) in INJECTED.values()}
    notes = {"same_rates", "late_rate", "second_test"}
    assert injected_rules | notes | {"rate_attainable", "median_symmetry"} == {rule.key for rule in RULES}


FIVE = {
    "cao2024": [
        ("pooled_median", "info", "10 for all arms together"),
        ("late_rate", "info", "at 24 months (SE, after matching): 42.1%, after a median of 10.75 months"),
    ],
    "lin2023": [("median_symmetry", "info", "4 of 4 medians")],
    "liu_hepa": [("follow_up", "warning", "24.2 (1.9–46.8) months is longer than the longest median survival, 22.4")],
    "lee2024": [
        # the first line's deaths before the others': of 34 and 66 patients, z up to 2.7, p from 0.007
        ("rate_test", "info", "p = 0.043 between 54.0 (34.9–83.4) and 40.3 (28.0–58.1)"),
        ("rate_test", "info", "p = 0.012 between 41.0 (25.0–67.1) and 12.9 (5.3–31.4)"),
        ("late_rate", "info", "4 rates are of more than twice the median follow-up"),
        ("second_test", "info", "p = 0.073 over all of the follow-up"),
    ],
    "shen2025": [
        ("rate_attainable", "warning", "PFS, RECIST 1.1 (all patients): no product-limit"),
        ("rate_attainable", "warning", "Liver PFS, mRECIST"),
        ("rate_attainable", "warning", "Liver PFS, RECIST 1.1"),
        ("median_symmetry", "warning", "9 of 10 medians"),
        ("median_interval", "error", "8.87 (8.17–9.57) leaves 6 months outside"),
        ("calendar", "warning", "43.7 months"),
        # its interval is printed, not a range of observed times
        ("follow_up", "info", "longer than the longest median survival, 8.87"),
        ("endpoint_order", "info", "22.7% at 12 months"),
        ("same_rates", "info", "4.33 and 4.87 months"),
    ],
}


@pytest.mark.parametrize("key", FIVE)
def test_what_the_five_papers_hold(key):
    """Each of these was recomputed by hand from the printed figures, and there are no others."""
    found = [(finding.rule, finding.severity, finding.sentence) for finding in found_by(RULES, load(key))]
    assert len(found) == len(FIVE[key]), found
    for rule, severity, words in FIVE[key]:
        assert any((rule, severity) == (r, s) and words in sentence for r, s, sentence in found), (rule, words)


# --- a log-rank test up to a time -------------------------------------------------------------------------------------


def log_rank_z(sizes, deaths, order):
    """|z| of lifelines' test of uncensored patients who die at the times of `order`, arm by arm, up to a time."""
    from lifelines.statistics import logrank_test

    until = len(order) + 1.0
    times = [[place + 1.0 for place, arm in enumerate(order) if arm == own] for own in (0, 1)]
    rest = [[until] * (size - count) for size, count in zip(sizes, deaths, strict=True)]
    died = [[True] * count + [False] * (size - count) for size, count in zip(sizes, deaths, strict=True)]
    test = logrank_test(times[0] + rest[0], times[1] + rest[1], died[0], died[1])
    return math.sqrt(test.test_statistic)


@settings(deadline=None, max_examples=25)
@given(st.integers(4, 15), st.integers(4, 15), st.data())
def test_a_log_rank_test_up_to_a_time_ranges_with_the_order_of_deaths(one, other, data):
    deaths = data.draw(st.integers(1, one - 1)), data.draw(st.integers(1, other - 1))
    order = data.draw(st.permutations([0] * deaths[0] + [1] * deaths[1]))
    arms = [
        ArmUntil(n, (1 - (dead + 1e-9) / n, 1 - (dead - 1e-9) / n), float(n))
        for n, dead in zip((one, other), deaths, strict=True)
    ]
    low, high = cut_log_rank(*arms)
    assert low - 0.05 <= log_rank_z((one, other), deaths, order) <= high + 0.05


@pytest.mark.parametrize("first", [0, 1])
def test_the_ends_of_the_range_are_lifelines_tests(first):
    sizes, deaths = (30, 40), (20, 10)
    order = [first] * deaths[first] + [1 - first] * deaths[1 - first]
    arms = [ArmUntil(n, (1 - d / n, 1 - d / n), float(n)) for n, d in zip(sizes, deaths, strict=True)]
    assert any(end == pytest.approx(log_rank_z(sizes, deaths, order), abs=1e-9) for end in cut_log_rank(*arms))
