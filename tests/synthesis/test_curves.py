"""All arms on one axis: what is drawn, what is left out, and the data sets that several chapters share."""

from __future__ import annotations

import numpy as np
import pytest
from ensembles import ensemble, exponential

from haicbook import endpoints, study, survival, synthesis
from haicbook.results import SavedResults

LIN = study.load("lin2023")
SHEN = study.load("shen2025")


def saved(name: str, **values: object) -> SavedResults:
    item = {"unit": "", "source": [], "note": "", "state": "present"}
    content = {key.replace("__", "."): {"value": value, **item} for key, value in values.items()}
    return SavedResults.model_validate(
        {
            "kind": "haicbook-results",
            "schema": 1,
            "study": name,
            "parameters": {"seed": 1, "censoring": "uniform", "replicates": 4},
            "values": content,
        }
    )


@pytest.fixture
def two_arms() -> survival.Ensemble:
    rng = np.random.default_rng(7)
    return ensemble(hlp=exponential(rng, 5, 75, 18.0, 30.0), hl=exponential(rng, 5, 74, 11.0, 30.0))


@pytest.fixture
def rebuilt(monkeypatch: pytest.MonkeyPatch, two_arms: survival.Ensemble) -> synthesis.Rebuilt:
    """As the chapters' data sets, with rows made here in place of the engine's."""
    monkeypatch.setattr(endpoints, "reconstruct", lambda *_: two_arms)
    return synthesis.rebuild([LIN], {"lin2023": saved("lin2023", os__digest=two_arms.digest())}, "os", 4)


def test_the_data_sets_are_compared_with_the_chapters(rebuilt: synthesis.Rebuilt, two_arms: survival.Ensemble) -> None:
    assert rebuilt.same == {"lin2023": True}
    other = synthesis.rebuild([LIN], {"lin2023": saved("lin2023", os__digest="another")}, "os", 4)
    assert other.same == {"lin2023": False}
    more = synthesis.rebuild([LIN], {"lin2023": saved("lin2023", os__digest=two_arms.digest())}, "os", 5)
    assert more.same == {}


def test_a_study_that_cannot_be_rebuilt_is_left_out_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> survival.Ensemble:
        raise survival.ReconstructionError("no data set was found")

    monkeypatch.setattr(endpoints, "reconstruct", fail)
    found = synthesis.rebuild([LIN], {"lin2023": saved("lin2023")}, "os", 4)
    assert (found.ensembles, found.left_out) == ({}, {"lin2023": "no data set was found"})
    assert synthesis.bands([LIN], found, 24).empty
    assert synthesis.landmarks([LIN], found, (6, 12)).empty


def test_curves_end_where_follow_up_does(rebuilt: synthesis.Rebuilt, two_arms: survival.Ensemble) -> None:
    end = two_arms.targets.follow_up_end
    bands = synthesis.bands([LIN], rebuilt, end + 20)
    assert bands.time.max() <= end
    assert (bands.low <= bands.survival).all()
    assert (bands.survival <= bands.high).all()
    first = bands[bands.time == 0]
    assert (first.survival == 1).all()


def test_rates_are_medians_over_the_data_sets(rebuilt: synthesis.Rebuilt, two_arms: survival.Ensemble) -> None:
    end = two_arms.targets.follow_up_end
    found = synthesis.landmarks([LIN], rebuilt, (6, end + 1))
    here = found[(found.arm == "hlp") & (found.time == 6)].iloc[0]
    assert here.survival == pytest.approx(np.median(two_arms.curve("hlp", [6])[:, 0]))
    assert here.state == "reconstructed"
    assert set(found[found.time == end + 1].state) == {"beyond"}


def test_a_rate_with_few_at_risk_is_called_thin(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (np.array([[1.0, 2.0, 3.0, 13.0]]), np.array([[True, True, True, False]]))
    few = ensemble(hlp=rows, hl=rows)
    monkeypatch.setattr(endpoints, "reconstruct", lambda *_: few)
    found = synthesis.landmarks([LIN], synthesis.rebuild([LIN], {"lin2023": saved("lin2023")}, "os", 1), (6,))
    assert set(found.state) == {"thin"}


def test_periods_of_several_studies_stand_below_each_other(two_arms: survival.Ensemble) -> None:
    found = synthesis.periods_of({"a": two_arms, "b": two_arms}, (0.0, 6.0, 12.0), 0.95)
    assert found.label.tolist() == ["a", "a", "b", "b"]


def test_responders_by_lot_are_of_every_arm_with_a_rate(rebuilt: synthesis.Rebuilt) -> None:
    found = synthesis.lucky_responders([LIN], rebuilt, 2.0, np.random.default_rng(1))
    assert list(found) == ["Lin 2023: HAIC+L+P", "Lin 2023: HAIC+L"]
    # who is called a responder had to live to the scan
    assert all(np.nanmedian(bias.from_start) < np.nanmedian(bias.from_assessment) for bias in found.values())


# --- the trial --------------------------------------------------------------------------------------------------------


def test_the_trial_is_the_study_with_two_stages() -> None:
    found = synthesis.two_stage([LIN, SHEN], 0.05, 0.1, 0.4, 0.6, 80)
    assert found is not None
    assert (found.paper.study, found.responders, found.n, found.message) == ("shen2025", 11, 25, "")
    assert synthesis.two_stage([LIN], 0.05, 0.1, 0.4, 0.6, 80) is None


def test_aims_that_nothing_meets_give_a_message() -> None:
    found = synthesis.two_stage([SHEN], 0.05, 0.1, 0.6, 0.4, 80)
    assert found is not None
    assert found.message.startswith("No design for these aims: p0 is 0.6")
    assert synthesis.decision_by_best(found) == found.message
    assert synthesis.best_values(found) == {}
    assert set(synthesis.operating(found).design) == {"as printed"}


def test_the_printed_interval_comes_nearest_to_wald() -> None:
    found = synthesis.two_stage([SHEN], 0.05, 0.1, 0.4, 0.6, 80)
    assert found is not None
    readings = synthesis.readings(found, 0.4, 0.95)
    printed = readings.iloc[0]
    assert printed.method == "as printed"
    assert (printed.low, printed.high) == pytest.approx((0.246, 0.635))
    assert synthesis.nearest_method(readings) == "Wald"
    staged = readings[readings.method.str.startswith("by stages")].iloc[0]
    exact = readings[readings.method.str.startswith("Clopper")].iloc[0]
    assert (staged.low, staged.high) == pytest.approx((exact.low, exact.high), abs=1e-6)


def test_the_chance_of_success_rises_with_the_rate() -> None:
    found = synthesis.two_stage([SHEN], 0.05, 0.1, 0.4, 0.6, 80)
    assert found is not None
    chances = synthesis.chances(found, (1.0, 1.0))
    assert chances.chance.is_monotonic_increasing
    assert np.trapezoid(chances.posterior, chances.rate) == pytest.approx(1, abs=1e-3)
