"""Targets by hand as YAML: what the form can say, and clear words for what it cannot."""

import math
import textwrap
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook.survival import Conventions, TargetError, read_targets
from haicbook.survival.yaml_targets import KEYS

TRIAL = """\
# a fictitious trial
unit: months
arms: {a: {n: "90", events: "55"}, b: {n: "88"}}
events_total: "118"
median: {a: {estimate: "14.2", ci: ["10.9", NR]}, b: {estimate: "8.7", ci: ["7.1", "10.4"]}, pooled: {estimate: "10.8"}}
landmarks: {a: {"6": {rate: "81.1"}, "12": {rate: "56.3", ci: ["45.9", "69.0"]}}}
hazard_ratio: {arm: a, reference: b, estimate: "0.62", ci: ["0.43", "0.89"]}
logrank_p: "0.009"
follow_up: {median: {a: "16.0", b: "15.1"}, maximum: "40.2", method: reverse_km}
conventions: {interval: auto, ties: breslow, time_grid: auto, rounding: auto, rates: auto}
"""


def changed(old, new):
    assert old in TRIAL
    return TRIAL.replace(old, new)


def ends(interval):
    return pytest.approx((interval.low, interval.high))


def test_the_form_says_all_of_a_trial():
    targets = read_targets(TRIAL)
    a, b = targets.arms["a"], targets.arms["b"]
    assert (a.n, a.events, b.n, b.events, targets.events_total) == (90, 55, 88, None, 118)
    assert ends(a.median) == (14.15, 14.25)
    assert ends(a.median_ci.lower) == (10.85, 10.95)
    assert not a.median_ci.upper.reached
    assert ends(targets.pooled_median) == (10.75, 10.85)
    assert [mark.time for mark in a.landmarks] == [6, 12]
    assert ends(a.landmarks[1].interval) == (0.5625, 0.5635)
    assert ends(a.landmarks[1].ci.upper) == (0.6895, 0.6905)
    assert (targets.hr.arm, targets.hr.reference) == ("a", "b")
    assert ends(targets.hr.ci.lower) == (0.425, 0.435)
    assert ends(targets.logrank_p) == (0.0085, 0.0095)
    assert (a.follow_up_median.printed, targets.follow_up_median) == ("16.0", None)
    assert ends(targets.follow_up_max) == (40.15, 40.25)
    assert targets.follow_up_method == "reverse_km"
    assert targets.conventions == Conventions(ties="breslow")
    assert targets.endpoint == ""  # none is named: death or progression


@pytest.mark.parametrize("dropped", range(3, len(TRIAL.splitlines())))
def test_every_entry_but_the_arms_is_optional(dropped):
    lines = TRIAL.splitlines()
    read_targets("\n".join(lines[:dropped] + lines[dropped + 1 :]))


def test_a_file_is_read_and_names_the_targets(tmp_path):
    path = tmp_path / "trial_x.yml"
    path.write_text(TRIAL)
    assert read_targets(path) == read_targets(str(path))
    assert read_targets(path).study == "trial_x"


def test_plain_whole_numbers_count_patients_events_and_landmark_times():
    written = changed('n: "90", events: "55"', "n: 90, events: 55").replace('"12":', "12:").replace('"118"', "118")
    assert read_targets(written) == read_targets(TRIAL)


def test_other_units_become_months():
    targets = read_targets(
        "unit: days\narms: {a: {n: 40}}\nmedian: {a: {estimate: '426'}}\nlandmarks: {a: {365: {rate: '56'}}}"
    )
    assert targets.arms["a"].median.middle == pytest.approx(426 / 30.4375)
    assert targets.arms["a"].median.high - targets.arms["a"].median.low == pytest.approx(1 / 30.4375)
    assert targets.arms["a"].landmarks[0].time == pytest.approx(365 / 30.4375)


def test_truncated_figures_lie_above_what_is_printed():
    targets = read_targets(changed("rounding: auto", "rounding: truncate"))
    median = targets.arms["a"].median
    assert ends(median) == (14.2, 14.3)
    assert median.contains(14.2)
    assert median.contains(14.29)
    assert not median.contains(14.3)
    assert not median.contains(14.19)
    assert ends(targets.under("round").arms["a"].median) == (14.15, 14.25)


def test_a_median_that_is_not_reached_is_a_target():
    median = read_targets(changed('"14.2", ci: ["10.9", NR]', 'NR, ci: ["15.9", NR]')).arms["a"].median
    assert not median.reached
    assert median.contains(math.nan)
    assert median.contains(math.inf)
    assert not median.contains(39.0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('["10.9", NR]', "[NR, NR]"),  # SPSS, where the curve ends above 45%
        ('"8.7", ci: ["7.1", "10.4"]', '"16.9", ci: ["7.1", "18.4"]'),  # crossing curves
        ('"14.2", ci: ["10.9", NR]', '"14.2", ci: ["14.2", "14.2"]'),
        ("unit: months\n", ""),
        ("method: reverse_km", "method: observed"),
    ],
)
def test_what_is_odd_but_possible_is_read(old, new):
    assert read_targets(changed(old, new)).n == 178


@pytest.mark.parametrize("figure", ['"<0.001"', '">0.05"'])
def test_bounds_of_p_are_read(figure):
    p = read_targets(changed('"0.009"', figure)).logrank_p
    assert p.contains(0.0005) == ("<" in figure)
    assert p.contains(0.5) == (">" in figure)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        # impossible
        ('"14.2"', '"41.2"', r"5:median.a: follow-up ends at 40.2 months, before the median of arm a, 41.2 months"),
        ('estimate: "10.8"', 'estimate: "50.8"', r"before the median of all arms together, 50.8"),
        (
            'rate: "56.3", ci: ["45.9", "69.0"]',
            'rate: "86.3"',
            r"6:landmarks.a.12: the rate of arm a rises from 81.1 at 6",
        ),
        ('"10.9", NR', '"14.9", NR', r"5:median.a.ci: the median of arm a, 14.2: its interval 14.9–NR excludes it"),
        ('"45.9", "69.0"', '"59.9", "69.0"', r"landmarks.a.12.ci: .*its interval 59.9–69.0 excludes it"),
        ('"45.9", "69.0"', '"69.0", "45.9"', r"its interval 69.0–45.9 ends before it begins"),
        ('"0.43", "0.89"', '"0.64", "0.89"', r"7:hazard_ratio.ci: .*0.62: its interval 0.64–0.89 excludes it"),
        ('"55"', '"95"', r"3:arms.a.events: arm a has 95 events among 90 patients"),
        ('"118"', '"180"', r"4:events_total: 180 events are printed in total; 55 to 143 are possible"),
        (
            "arm: a, reference: b",
            "arm: b, reference: a",
            r"hazard ratio of b against a, 0.62, is oriented against the medi",
        ),
        (
            '"0.62", ci: ["0.43", "0.89"]',
            '"1.62"',
            r"hazard ratio of a against b, 1.62, is oriented against the medians",
        ),
        ("reference: b", "reference: a", r"compares a with itself"),
        ('"55"', '"0"', r"3:arms.a.events: arm a has no events"),
        ('"118"', '"0"', r"all patients are censored"),
        ('"0.009"', '"1.009"', r"log-rank p, 1.009, is outside 0 to 1"),
        (
            '"40.2"',
            '"15.5"',
            r"follow_up.median.a: follow-up ends at 15.5 months, before the median follow-up of arm a",
        ),
        (
            '"14.2", ci: ["10.9", NR]',
            'NR, ci: ["10.9", "30.2"]',
            r"median of arm a, NR: its interval 10.9–30.2 excludes it",
        ),
        # one arm
        (', b: {n: "88"}', "", r"7:hazard_ratio: found a hazard ratio with one arm"),
        (', b: {n: "88"}', "", r"8:logrank_p: a log-rank p needs two arms"),
        # the form
        ("logrank_p", "logrank", r"8:logrank: found an unknown key, expected `logrank_p`, perhaps"),
        ('estimate: "14.2"', 'value: "14.2"', r"5:median.a.value: found an unknown key, expected estimate, ci"),
        ('{n: "88"}', '{n: "88"}, c: {n: "9"}', r"3:arms: found 3 arms, expected one arm or two"),
        ('{n: "88"}', '{n: "88"}, pooled: {n: "9"}', r"arms.pooled: found an arm of this name"),
        ('{n: "88"}', '{events: "8"}', r"arms.b: found no n, expected the number of patients, n"),
        ('{n: "88"}', "88", r"arms.b: found `88`, expected n, such as"),
        ('"14.2"', "14.2", r'median.a.estimate: found 14.2 without quotes, expected "14.2", in quotes'),
        ('"0.62"', "0.62", r"hazard_ratio.estimate: found 0.62 without quotes"),
        ('"0.009"', "0.009", r"logrank_p: found 0.009 without quotes"),
        ('"12":', "12.5:", r"landmarks.a.12.5: found 12.5 without quotes"),
        ('"12":', "soon:", r"landmarks.a.soon: found the time `soon`"),
        ('"55"', "55.5", r'arms.a.events: found `55.5`, expected a whole number such as "90"'),
        ('"55"', '"many"', r"arms.a.events: found \"many\", expected a whole number"),
        ('"0.62"', '"1.1.674"', r"hazard_ratio.estimate: found \"1.1.674\" \(not a number\)"),
        ('"0.62"', '"<0.62"', r"\"<0.62\" \(a bound\)"),
        ('"14.2"', '""', r"median.a.estimate: found an empty figure"),
        ('"81.1"', '"0.811"', r"landmarks.a.6.rate: found \"0.811\", as if a fraction, expected a rate in per cent"),
        ('["10.9", NR]', '["10.9"]', r"median.a.ci: found a list of 1, expected a list of two figures"),
        ('["10.9", NR]', '"10.9-NR"', r"median.a.ci: found `10.9-NR`, expected a list of two figures"),
        ("unit: months", "unit: fortnights", r"2:unit: found `fortnights`, expected one of months, years, weeks, days"),
        (
            "ties: breslow",
            "ties: cox",
            r"10:conventions.ties: found `cox`, expected one of auto, efron, breslow, exact",
        ),
        (
            "method: reverse_km",
            "method: guess",
            r"follow_up.method: found `guess`, expected one of unknown, reverse_km",
        ),
        (
            ', estimate: "0.62", ci: ["0.43", "0.89"]',
            "",
            r"hazard_ratio: found no estimate, expected arm, reference and",
        ),
        ("reference: b", "reference: c", r"hazard_ratio.reference: found `c`, expected one of a, b"),
        ('b: {estimate: "8.7"', 'c: {estimate: "8.7"', r"median.c: found an unknown key, expected a, b, pooled"),
        ("arms:", "arm:", r"found no arms"),
        ("unit: months", "unit: months\nunit: months", r"3:unit: found the key twice"),
    ],
)
def test_bad_input_is_told_by_line_and_target(old, new, message):
    with pytest.raises(TargetError, match=message):
        read_targets(changed(old, new))


def test_all_problems_are_told_at_once():
    text = changed('"14.2"', "14.2").replace("ties: breslow", "ties: cox").replace('"55"', '"95"').replace("0.62", "x")
    with pytest.raises(TargetError) as refused:
        read_targets(text)
    assert len(refused.value.problems) == 4
    assert [problem.split(":")[1] for problem in refused.value.problems] == ["3", "5", "7", "10"]


def test_what_an_unreadable_figure_leaves_open_is_no_problem_of_its_own():
    with pytest.raises(TargetError) as refused:
        read_targets("arms: {a: {n: 20}}\nmedian: {a: {estimate: 9.0, ci: ['5', '13']}}\nfollow_up: {maximum: '30'}")
    assert len(refused.value.problems) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an empty text"),
        ("# nothing\n", "nothing but comments"),
        ("- a\n- b\n", "found a list, expected keys and values"),
        ("arms: {a: {n: 3\n", "malformed YAML"),
        ("arms:\n", "no arms"),
        ("arms: {}\n", "no arm"),
        ("arms: {a: {n: 9}}\n", "nothing says when patients die"),
        ("arms: {a: {n: 9, events: 4}}\n", "nothing says when patients die"),
        (
            "arms: {a: {n: 9}, b: {n: 9}}\nmedian: {a: {estimate: '4'}}\n",
            "arm b has no printed median and no printed rate",
        ),
        ("missing.yml", "missing.yml: found no such file"),
    ],
)
def test_documents_that_say_too_little(text, message):
    with pytest.raises(TargetError, match=message):
        read_targets(text)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_written_is_read_or_told(data):
    """One character of a good document changed: never another error than the one that tells."""
    place = data.draw(st.integers(0, len(TRIAL) - 1))
    text = TRIAL[:place] + data.draw(st.sampled_from("\"'{}[]:,.- x0\n&*!|>%@`#\t")) + TRIAL[place + 1 :]
    with suppress(TargetError):
        assert read_targets(text).n > 0


def test_the_form_in_the_docstring_is_one():
    """What the API page shows as all that can be written, is read, and has every key."""
    example = textwrap.dedent(read_targets.__doc__.split("count)::\n")[1].split("Examples")[0])
    assert read_targets(example).arms["a"].at_risk[2].patients == 41
    assert set(KEYS) == {line.split(":")[0] for line in example.splitlines() if line and not line.startswith(" ")}
