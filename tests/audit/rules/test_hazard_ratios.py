"""Rules on hazard ratios, on both sides: R's output passes, an injected error is found and called by name."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from cox_paper import COX_OS, COX_PFS, FILES, found_by, injected, made_of, study
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook import audit
from haicbook.audit.edits import EditKind
from haicbook.audit.rules.hazard_ratios.events import Groups, _best, most_information
from haicbook.audit.rules.hazard_ratios.ratios import PrintedRatio, asymmetry, repairs, se_span, z_of_p, z_span
from haicbook.audit.rules.hazard_ratios.wald import TEST_DISTANCE
from haicbook.audit.rules.p_values import two_sided
from haicbook.printed import parse_number
from haicbook.study import load
from haicbook.survival.estimators import cox

ORACLE = Path(__file__).parents[2] / "oracle" / "audit_cox.csv"
RULES = [rule for rule in audit.RULES if rule.topic == "hazard_ratios"]
GROWN = {
    "1.530 (0.996–2.350)": "1.530 (1.206–1.941)",
    "0.052,1.498 (0.972–2.309),0.067": "<0.001,1.498 (1.175–1.909),0.001",
}


def ratio(hr, low, high):
    figures = [parse_number(figure) for figure in (hr, low, high)]
    return PrintedRatio((), *figures)


def oracle():
    with ORACLE.open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


# --- arithmetic against R ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decimals", [2, 3, 4])
def test_what_r_prints_is_allowed_for(decimals):
    for row in oracle():
        figures = [f"{float(row[name]):.{decimals}f}" for name in ("hr", "low", "high")]
        printed = ratio(*figures)
        if not printed.readable:
            continue
        least, most = se_span(printed)
        assert least <= float(row["se"]) <= most
        assert asymmetry(printed) == 0
        z = abs(math.log(float(row["hr"]))) / float(row["se"])
        low, high = z_span(printed, cut=False)
        assert low - 1e-9 <= z <= high + 1e-9
        assert two_sided(z) == pytest.approx(float(row["p"]), abs=1e-9)


def test_z_is_exact_when_digits_abound():
    for row in oracle():
        low, high = z_span(ratio(*(f"{float(row[name]):.9f}" for name in ("hr", "low", "high"))), cut=False)
        z = abs(math.log(float(row["hr"]))) / float(row["se"])
        assert (low, high) == pytest.approx((z, z), rel=1e-5, abs=1e-5)


def test_no_standard_error_of_r_is_below_the_bound():
    """Univariable and multivariable, Efron and Breslow, with many ties and without."""
    for row in oracle():
        e1, e0 = int(row["e1"]), int(row["e0"])
        if e1 and e0:
            assert float(row["se"]) >= math.sqrt(1 / e1 + 1 / e0) - 1e-9
            assert float(row["se"]) >= 1 / math.sqrt(most_information(int(row["n1"]), int(row["n0"]), e1 + e0)) - 1e-9


def test_log_rank_and_wald_are_as_near_as_the_tolerance_says():
    rows = [row for row in oracle() if row["model"] == "univariable"]
    apart = [
        abs(
            abs(math.log(float(row["hr"]))) / float(row["se"]) - z_of_p(parse_number(f"{float(row['logrank']):.9f}"))[0]
        )
        for row in rows
        if float(row["logrank"]) > 1e-8
    ]
    assert np.mean(np.array(apart) > TEST_DISTANCE) <= 0.05
    assert max(apart) < 2 * TEST_DISTANCE


@settings(max_examples=60, deadline=None)
@given(st.integers(8, 60), st.integers(0, 10**6), st.sampled_from(["efron", "breslow"]), st.sampled_from([1.0, 0.1]))
def test_the_bound_holds_for_any_data(n, seed, ties, step):
    rng = np.random.default_rng(seed)
    group = rng.random(n) < rng.uniform(0.1, 0.9)
    time = np.ceil(rng.exponential(10 * np.exp(rng.normal(0, 1) * group), n) / step) * step
    event = rng.random(n) < 0.7
    _, se = cox(time, event, group.astype(float), ties=ties)
    e1, e0 = int(event[group].sum()), int(event[~group].sum())
    if e1 and e0 and np.isfinite(se[0]):
        assert se[0] >= math.sqrt(1 / e1 + 1 / e0) - 1e-9


def test_most_information_is_the_best_split_there_is():
    for one, other in [(3, 20), (10, 10), (1, 5)]:
        for events in range(1, one + other + 1):
            splits = [(e, events - e) for e in range(events + 1) if e <= one and events - e <= other]
            best = max(a * b / (a + b) for a, b in splits)
            assert most_information(one, other, events) == pytest.approx(best)


def test_extremes_of_z_are_those_of_the_whole_polygon():
    """Against many points of the rounding box, the estimate in the middle of its limits."""
    rng = np.random.default_rng(5)
    for figures in [
        ("0.61", "0.44", "0.84"),
        ("1.04", "1.00", "1.07"),
        ("0.99", "0.61", "1.61"),
        ("2.4", "1.6", "3.6"),
    ]:
        printed = ratio(*figures)
        (e, a, b), (low, high) = printed.spans(cut=False), z_span(printed, cut=False)
        x, y = np.log(rng.uniform(*a, 200_000)), np.log(rng.uniform(*b, 200_000))
        inside = ((x + y) / 2 >= math.log(e[0])) & ((x + y) / 2 <= math.log(e[1]))
        z = 1.959964 * np.abs(x + y)[inside] / (y - x)[inside]
        assert low - 1e-6 <= z.min() <= low + 0.05 * (high - low) + 0.02
        assert high - 0.05 * (high - low) - 0.02 <= z.max() <= high + 1e-6


# --- repairs ----------------------------------------------------------------------------------------------------------


def test_digits_that_changed_places_are_put_back():
    found = repairs(ratio("1.614", "0.888", "3.032"))
    assert ("hr", "1.641", EditKind.SWAPPED_DIGITS) in [(r.part, r.repaired, r.change) for r in found]


def test_stray_characters_are_left_out():
    assert "1.674" in [repair.repaired for repair in repairs(ratio("1.115", "0.743", "1.1.674"))]


def test_nothing_is_repaired_by_force():
    assert repairs(ratio("5.000", "0.888", "3.032")) == []


# --- the rules --------------------------------------------------------------------------------------------------------


def test_a_paper_that_adds_up_has_no_finding():
    assert found_by(RULES, injected()) == []


INJECTED = {
    "digits that changed places": (
        [("cox_os", "1.880 (0.968–3.651)", "1.808 (0.968–3.651)")],
        ("ratio_interval", "error", "the middle of the limits is 1.880"),
    ),
    "an estimate slightly off the middle": (
        [("cox_os", "1.880 (0.968–3.651),0.062", "1.886 (0.968–3.651),")],
        ("ratio_interval", "warning", "the middle of the limits is 1.880"),
    ),
    "an estimate far from the middle": (
        [("cox_os", "1.880 (0.968–3.651)", "1.280 (0.968–3.651)")],
        ("ratio_interval", "error", "not symmetric on the log scale"),
    ),
    "a misprint": (
        [("cox_os", "1.210 (0.709–2.065)", "1.210 (0.709–2.0.65)")],
        ("ratio_interval", "warning", "2.0.65 is not a number"),
    ),
    "another p": (
        [("cox_os", "0.485", "0.285")],
        ("ratio_p", "warning", "gives p 0.482 to 0.486; the paper prints p = 0.285"),
    ),
    "a p on the other side": (
        [("cox_os", "0.038", "0.083")],
        ("ratio_p", "error", "One is significant at 0.05, the other is not"),
    ),
    "a p below": (
        [("cox_os", "0.062", "<0.001")],
        ("ratio_p", "error", "the paper prints p <0.001"),
    ),
    "a log-rank p far from the ratio": (
        [("claims", "old,,,,,,p,,0.009", "old,,,,,,p,,0.029")],
        ("log_rank", "warning", "p = 0.029 between the curves"),
    ),
    "a log-rank p on the other side": (
        [("claims", "old,,,,,,p,,0.036", "old,,,,,,p,,0.36")],
        ("log_rank", "error", "One is significant at 0.05"),
    ),
    "an interval of more patients than there are": (
        [("cox_os", *pair) for pair in GROWN.items()],
        ("ratio_precision", "error", "cannot be below"),
    ),
    "an interval of more events than a small group has": (
        [("cox_os", "1.880 (0.968–3.651),0.062", "1.880 (1.126–3.138),0.016")],
        ("ratio_precision", "error", "with 12 of 120 patients in the smaller group and 88 deaths"),
    ),
    "an interval of fewer events than there are": (
        [("cox_os", "0.640 (0.420–0.975),0.038", "0.640 (0.325–1.261),0.197")],
        ("ratio_events", "warning", "88 are printed. The ratio does not seem to be of all patients"),
    ),
    "fewer events than the model needs": (
        [("claims", "progressions,,,,,n,patients,103", "progressions,,,,,n,patients,44")],
        ("progressions", "warning", "needs at least 102 events. At least 58 must be deaths without progression"),
    ),
    "fewer events than the model needs, as deaths may be": (
        [("claims", "progressions,,,,,n,patients,103", "progressions,,,,,n,patients,52")],
        ("progressions", "info", "At least 50 must be deaths without progression"),
    ),
    "fewer events than there can be": (
        [
            ("claims", "progressions,,,,,n,patients,103", "progressions,,,,,n,patients,10"),
        ],
        ("progressions", "error", "Even with all 12 deaths there cannot be so many"),
    ),
    "one ratio for two covariates": (
        [("cox_pfs", "1.618 (0.871–3.006),0.128", "1.105 (0.673–1.814),0.694")],
        ("ratio_twice", "error", "have the same ratio and interval"),
    ),
    "nearly one ratio for two covariates": (
        [("cox_pfs", "1.618 (0.871–3.006),0.128", "1.105 (0.673–1.815),0.693")],
        ("ratio_twice", "warning", "nearly the same ratio"),
    ),
    "arms that changed places": (
        [("cox_os", "0.640 (0.420–0.975)", "1.562 (1.026–2.381)")],
        ("ratio_direction", "error", "says that the hazard is higher than in the other arm"),
    ),
    "a ratio that changes sides": (
        [("cox_pfs", "0.611 (0.412–0.906)", "1.637 (1.104–2.427)")],
        ("ratio_adjustment", "warning", "lie on opposite sides of 1, both significantly"),
    ),
    "deaths that go the other way": (
        # (12/48)/(48/12) = 0.06 and ln 0.8/ln 0.2 = 0.14 against 0.64: 3.3 standard errors
        [("claims", "deaths,,,,,n,patients,40", "deaths,,,,,n,patients,12")],
        ("ratio_deaths", "warning", "although 12 of 60 against 48 of 60 died"),
    ),
    "deaths that hardly go together": (
        # (50/10)/(48/12) = 1.25 and ln 0.167/ln 0.2 = 1.11 against 0.5: 1.7 standard errors
        [
            ("claims", "deaths,,,,,n,patients,40", "deaths,,,,,n,patients,50"),
            ("cox_os", "0.640 (0.420–0.975)", "0.500 (0.328–0.762)"),
        ],
        ("ratio_deaths", "info", "follow-up differed between the arms, or the hazards are not proportional"),
    ),
    "an adjusted interval of something else": (
        [("cox_os", "1.498 (0.972–2.309),0.067", "1.498 (0.699–3.210),0.298")],
        ("ratio_inflation", "warning", "grows from 0.219 to 0.389"),
    ),
    "groups the other way round": (
        [("cox_pfs", "female vs. male", "male vs. female")],
        ("ratio_coding", "info", "Sex is compared as “"),
    ),
    "digits that are not there": (
        [("cox_pfs", "1.402 (0.944–2.082)", "1.400 (0.940–2.080)")],
        ("ratio_digits", "info", "seem to be rounded to 2 decimals"),
    ),
}


@pytest.mark.parametrize("error", INJECTED)
def test_an_injected_error_is_found(error):
    changes, (rule, severity, words) = INJECTED[error]
    few = rule == "progressions" and severity == "error"
    paper = _few_deaths(changes) if few else injected(*changes)
    found = [finding for finding in found_by(RULES, paper) if finding.rule == rule]
    assert [finding.severity for finding in found].count(severity) >= 1, [f.sentence for f in found]
    assert any(words in finding.sentence for finding in found), [finding.sentence for finding in found]
    assert all(set(finding.value_ids) <= set(paper.by_id.index) for finding in found)


def _few_deaths(changes):
    """The paper with a dozen deaths, so that deaths cannot make up for progressions."""
    deaths = [("claims", f"deaths,,,,,n,patients,{count}", "deaths,,,,,n,patients,6") for count in (40, 48)]
    return injected(*changes, *deaths)


@pytest.mark.parametrize(
    ("one_size", "p", "severity"),
    [
        (False, "0.693", "warning"),
        (True, "0.693", "info"),
        # one group cannot have two p-values
        (True, "0.694", "error"),
    ],
)
def test_groups_of_one_size_may_be_the_same_patients(one_size, p, severity):
    sizes = [
        ("base", "child_pugh,A,a,,55 (91.7%),53 (88.3%)", "child_pugh,A,a,,48 (80.0%),50 (83.3%)"),
        ("base", "child_pugh,B,b,,5 (8.3%),7 (11.7%)", "child_pugh,B,b,,12 (20.0%),10 (16.7%)"),
    ]
    copied = ("cox_pfs", "1.618 (0.871–3.006),0.128", f"1.105 (0.673–1.814),{p}")
    paper = injected(copied, *(sizes if one_size else ()))
    (finding,) = [finding for finding in found_by(RULES, paper) if finding.rule == "ratio_twice"]
    assert finding.severity == severity
    assert ("unless the same patients are in both groups" in finding.sentence) == (severity == "info")


def test_a_repair_is_named_and_checked_against_p():
    paper = injected(("cox_os", "1.880 (0.968–3.651)", "1.808 (0.968–3.651)"))
    finding = next(f for f in found_by(RULES, paper) if f.rule == "ratio_interval")
    assert "1.880 instead of 1.808 as the ratio (two digits transposed)" in finding.repair


def test_other_tests_are_one_note():
    """Where a paper's p-values are not Wald's as a habit, those near the interval are one note."""
    changed = [("0.038", "0.035"), ("0.485", "0.477"), ("0.052,", "0.054,"), ("0.062", "0.056")]
    found = found_by(RULES, injected(*(("cox_os", *pair) for pair in changed)))
    notes = [finding for finding in found if finding.rule == "ratio_p" and finding.severity == "info"]
    assert len(notes) == 1
    assert "p-values of hazard ratios differ slightly from the Wald test" in notes[0].sentence


def test_rows_of_more_patients_than_the_treatment():
    """Other rows fitted to twice the patients: their intervals need more deaths than the treatment's stands for."""
    grown = COX_OS.replace("1.530 (0.996–2.350),0.052", "1.530 (1.206–1.941),<0.001")
    claims = "\n".join(line for line in FILES["claims"].splitlines() if not line.startswith("deaths")) + "\n"
    base = "\n".join(line for line in FILES["base"].splitlines() if not line.startswith("afp")) + "\n"
    paper = made_of(FILES | {"base": base, "cox_os": grown, "claims": claims}, study(n=(200, 200)))
    found = [finding for finding in found_by(RULES, paper) if finding.rule == "ratio_events"]
    assert [finding.severity for finding in found] == ["warning"]
    assert "AFP, 1.530 (1.206–1.941): at least 2" in found[0].sentence


def test_two_endpoints_with_one_set_of_standard_errors():
    os = COX_OS + "cirrhosis,Cirrhosis (yes vs. no),,,1.310 (0.850–2.019),0.221,,\n"
    pfs = COX_PFS.splitlines()[0] + "\n"
    for line, hr in zip(os.splitlines()[1:], [0.602, 1.105, 1.402, 1.618, 1.009, 1.2], strict=True):
        name, words, _, _, cell, *_ = line.split(",")
        old, low, high = (float(part) for part in cell.replace("(", "").replace(")", "").replace("–", " ").split())
        pfs += f"{name},{words},,,{hr:.3f} ({low * hr / old:.3f}–{high * hr / old:.3f}),,,\n"
    paper = made_of(FILES | {"cox_os": os, "cox_pfs": pfs}, study())
    found = [finding for finding in found_by(RULES, paper) if finding.rule == "ratio_endpoints"]
    assert [finding.severity for finding in found] == ["warning"]
    assert "88 deaths of 120 patients are printed" in found[0].sentence


STAGES = "child_pugh,A,a,,35 (58.3%),33 (55.0%),\nchild_pugh,B,b,,25 (41.7%),27 (45.0%),\n"


@pytest.mark.parametrize(("row", "found"), [("1.402 (0.976–2.014),0.067", 1), ("1.402 (0.960–2.048),0.080", 0)])
def test_a_row_that_needs_more_events_than_the_others_imply(row, found):
    # 4/0.185² is 117 events, 4/0.193² 107; the others imply 103, 98 and 95
    base = "\n".join(line for line in FILES["base"].splitlines() if not line.startswith("child_pugh,")) + "\n"
    base += "child_pugh,Child-Pugh,,,,,\n" + STAGES
    rows = ("afp,AFP (>400 vs. ≤400),,,", "child_pugh,Child-Pugh (B vs. A),,,", "ecog,ECOG (1 vs. 0),,,")
    base += "ecog,ECOG,,,,,\necog,0,0,,30 (50.0%),33 (55.0%),\necog,1,1,,30 (50.0%),27 (45.0%),\n"
    pfs = COX_PFS.splitlines()[0] + "\ntreatment,Treatment (new vs. old),,,0.602 (0.409–0.887),0.010,,\n"
    pfs += f"{rows[0]}{row},,\n{rows[1]}1.105 (0.741–1.649),0.624,,\n{rows[2]}1.310 (0.876–1.959),0.188,,\n"
    claims = "\n".join(line for line in FILES["claims"].splitlines() if not line.startswith("events")) + "\n"
    paper = made_of(FILES | {"base": base, "cox_pfs": pfs, "claims": claims}, study())
    assert len([finding for finding in found_by(RULES, paper) if finding.rule == "ratio_outlier"]) == found


@pytest.mark.parametrize(("method", "severity"), [("Cox, stepwise", "info"), ("Cox", None)])
def test_what_a_stepwise_model_keeps(method, severity):
    spec = study()
    spec["methods"]["regression"] = method
    findings = [f for f in found_by(RULES, made_of(FILES, spec)) if f.rule == "ratio_stepwise"]
    assert [finding.severity for finding in findings] == ([severity] if severity else [])
    assert all("it keeps OS AFP (p = 0.067)" in finding.sentence for finding in findings)
    larger = FILES | {"cox_os": COX_OS.replace("1.498 (0.972–2.309),0.067", "1.298 (0.842–2.001),0.238")}
    beyond = [f for f in found_by(RULES, made_of(larger, spec)) if f.rule == "ratio_stepwise"]
    assert [finding.severity for finding in beyond] == (["warning"] if severity else [])


def test_stage_may_share_its_variance_with_what_it_follows_from():
    names = (("sex", "bclc"), ("afp", "extrahepatic_metastasis"))
    os = COX_OS.replace("1.210 (0.709–2.065),0.485,,", "1.210 (0.709–2.065),0.485,1.300 (0.470–3.600),0.614")
    for old, new in names:
        os = os.replace(f"\n{old},", f"\n{new},")
    found = found_by(RULES, made_of(FILES | {"cox_os": os}, study()))
    assert not [finding for finding in found if finding.rule == "ratio_inflation"]


def test_two_patients_one_in_each_group_are_no_crash():
    assert _best(Groups(2, ((1, 1),)), 2, "deaths").with_one_more == math.inf


def test_a_continuous_covariate_is_not_judged_by_groups():
    """Per-year ratios have narrow intervals by nature."""
    assert not [f for f in found_by(RULES, injected()) if f.rule == "ratio_precision"]


def test_deviation_contrasts_and_other_populations_are_named_as_explanations():
    changes = [("cox_os", "1.530 (0.996–2.350),0.052", "1.237 (0.998–1.533),0.052")]
    finding = next(f for f in found_by(RULES, injected(*changes)) if f.rule == "ratio_precision")
    assert "coded as -1 and 1" in finding.sentence


def test_every_rule_has_an_injected_error():
    injected_rules = {rule for _, (rule, _, _) in INJECTED.values()} | {
        "ratio_endpoints",
        "ratio_outlier",
        "ratio_stepwise",
    }
    assert injected_rules == {rule.key for rule in RULES}


FIVE = {
    "cao2024": [("ratio_events", "warning", "Extrahepatic metastasis, 1.46 (1.14–1.88): at least 237")],
    "lin2023": [
        ("ratio_interval", "error", "the middle of the limits is 1.641, the paper prints 1.614"),
        ("ratio_interval", "warning", "1.1.674 is not a number"),
        ("ratio_precision", "error", "Table 3, OS, Cirrhosis"),
        ("ratio_precision", "error", "Table 3, OS, AFP"),
        ("ratio_precision", "error", "Table 4, PFS, Cirrhosis"),
        ("ratio_endpoints", "warning", "10 of 11 rows"),
        ("progressions", "warning", "44 are printed"),
        # 4/0.1848² is 117; 92, 93, 97, 101, 89 and 104 are implied by others
        ("ratio_outlier", "warning", "AFP, univariable (before matching): the interval 0.908 (0.632–1.304) needs"),
        # (49/25)/(48/27) = 1.10
        ("ratio_deaths", "info", "1.837 (1.226–2.753), although 49 of 74 against 48 of 75 died"),
        ("ratio_stepwise", "warning", "it keeps OS Etiology (p = 0.114), PFS Etiology (p = 0.058)"),
        ("ratio_twice", "info", "identical to 3 decimals"),
        ("ratio_coding", "info", "Portal vein"),
    ],
    "liu_hepa": [
        # √(1/8 + 1/51) is 0.380, with one patient more √(1/9 + 1/50) = 0.362
        ("ratio_precision", "warning", "Table 4, OS, Etiology"),
        *(("ratio_precision", "error", f"Table 4, OS, {row}") for row in ("Child–Pugh", "AFP", "Previous")),
        ("ratio_precision", "error", "4/SE² is 57, with 59 events): another cut-off"),
        ("ratio_precision", "error", "4/SE² is 58, with 59 events): another cut-off"),
        ("ratio_precision", "error", "4/SE² is 56, with 59 events): another cut-off"),
        *(("ratio_precision", "error", f"Table 5, PFS, {row}") for row in ("Etiology", "AFP", "Previous")),
        ("ratio_twice", "error", "PFS, Sex, univariable and PFS, ECOG"),
        ("ratio_twice", "warning", "PFS, Tumour size, univariable and PFS, Previous treatment"),
        # 1 - (0.265/0.486)² = 0.70
        ("ratio_inflation", "warning", "1.450 (0.860–2.430) alone and 0.905 (0.349–2.349) adjusted"),
        ("ratio_p", "info", "6 of 29 p-values"),
        ("ratio_digits", "info", "4 hazard ratios"),
    ],
    "lee2024": [("ratio_interval", "info", "2.079 (1.232–3.497)")],
    "shen2025": [],
}


@pytest.mark.parametrize("key", FIVE)
def test_what_the_five_papers_hold(key):
    """Each of these was recomputed by hand from the printed figures, and there are no others."""
    found = [(finding.rule, finding.severity, finding.sentence) for finding in found_by(RULES, load(key))]
    assert all(any(words in sentence for _, _, words in FIVE[key]) for _, _, sentence in found), found
    for rule, severity, words in FIVE[key]:
        assert any((rule, severity) == (r, s) and words in sentence for r, s, sentence in found), (rule, words)
