"""Results: what is recorded is what is read back, and a file that is not one is refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from haicbook.results import Results, ResultsError, load_results, read_results


@pytest.fixture
def results() -> Results:
    return Results("tiny", {"seed": 7, "level": 0.95, "mode": "late", "strict": True})


def test_what_is_recorded_is_read_back(results, tmp_path):
    results.record("os.si.median", 15.25, "months", source="tiny/a/b", note="Kaplan-Meier")
    results.record("n", 3, source=["tiny/c", "tiny/d"])
    saved = load_results(results.save(tmp_path / "tiny.json"))
    assert saved.study == "tiny"
    assert saved.parameters == {"seed": 7, "level": 0.95, "mode": "late", "strict": True}
    median = saved.values["os.si.median"]
    assert (median.value, median.unit, median.source, median.note, median.state) == (
        15.25,
        "months",
        ["tiny/a/b"],
        "Kaplan-Meier",
        "present",
    )
    assert saved.values["n"].source == ["tiny/c", "tiny/d"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (np.float64(1.5), 1.5),
        (np.float32(0.5), 0.5),
        (np.int64(4), 4),
        (np.bool_(True), True),
        (np.str_("late"), "late"),
        (math.pi, 3.141592654),
        (1 / 3 * 1e-12, 3.333333333e-13),
        (-0.0, 0.0),
        (12345678901234, 12345678901234),
        ([np.float64(1.0), math.nan, 2], [1.0, None, 2]),
        (np.array([1.5, 2.5]), [1.5, 2.5]),
        (pd.Series([1, 2]), [1, 2]),
        ((), []),
        ("text", "text"),
    ],
)
def test_numbers_become_pythons_with_ten_digits(results, given, kept):
    results.record("x", given)
    value = results.value("x")
    assert value == kept
    assert type(value) is type(kept)
    assert math.copysign(1, value) == 1 if isinstance(value, float) else True


@pytest.mark.parametrize("given", [math.nan, math.inf, -math.inf, np.nan, np.float64("inf"), None, pd.NA])
def test_what_is_not_finite_is_missing(results, tmp_path, given):
    results.record("x", given, "months")
    saved = load_results(results.save(tmp_path / "tiny.json"))
    assert saved.value("x") is None
    assert saved.values["x"].state == "missing"
    assert json.loads((tmp_path / "tiny.json").read_text())["values"]["x"]["value"] is None


def test_parameters_keep_all_their_digits(tmp_path):
    saved = load_results(Results("tiny", {"p": 0.12345678901234567}).save(tmp_path / "tiny.json"))
    assert saved.parameters == {"p": 0.12345678901234567}


def test_several_are_recorded_under_one_prefix(results):
    results.record_all("os", {"si.median": 28.8, "se.median": math.nan}, "months", note="printed")
    assert results.value("os.si.median") == 28.8
    assert results.value("os.se.median") is None
    with pytest.raises(ResultsError, match=r"^os\.si\.median "):
        results.record_all("os", {"si.median": 28.8})


def test_a_second_record_is_refused(results):
    results.record("x", 1)
    with pytest.raises(ResultsError, match="x is recorded already, as 1"):
        results.record("x", 1)


@pytest.mark.parametrize("name", ["", "OS.median", "os median", "os..median", ".os", "os.", "ös"])
def test_a_malformed_name_is_refused(results, name):
    with pytest.raises(ResultsError, match="expected lower-case words"):
        results.record(name, 1)


@pytest.mark.parametrize("value", [{"a": 1}, object(), b"1", [[1]], 1j, pd.DataFrame({"a": [1]}), {1, 2}])
def test_another_kind_of_value_is_refused(results, value):
    with pytest.raises(ResultsError, match="x: found a"):
        results.record("x", value)


def test_the_same_values_give_the_same_bytes_whatever_their_order(tmp_path):
    paths = []
    for order in (["b", "a"], ["a", "b"]):
        results = Results("tiny", dict.fromkeys(order, 1))
        for name in order:
            results.record(name, 0.1 + 0.2)
        paths.append(results.save(tmp_path / f"{order[0]}.json"))
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_it_is_saved_under_the_studys_name_and_nothing_else_is_left(results, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results.save()
    results.save()
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.json"]
    assert (tmp_path / "tiny.json").stat().st_mode & 0o044


def test_a_name_that_is_not_there_says_what_is_near(results, tmp_path):
    results.record("os.si.median", 15)
    saved = load_results(results.save(tmp_path / "tiny.json"))
    with pytest.raises(KeyError, match=r"tiny has no value os\.si\.medain; near it: os\.si\.median"):
        saved.value("os.si.medain")


def test_the_frame_has_one_sorted_row_for_each_value(results, tmp_path):
    results.record("b", 2.5, "months")
    results.record("a", math.nan, note="lost")
    frame = load_results(results.save(tmp_path / "tiny.json")).frame()
    assert frame.to_dict("list") == {
        "name": ["a", "b"],
        "value": [None, 2.5],
        "unit": ["", "months"],
        "state": ["missing", "present"],
        "note": ["lost", ""],
    }


def test_a_file_that_does_not_fit_is_refused_with_every_place(results, tmp_path):
    results.record("x", 1)
    path = results.save(tmp_path / "tiny.json")
    content = json.loads(path.read_text())
    content["schema"] = 2
    content["kind"] = "other"
    content["extra"] = 1
    content["values"]["x"]["value"] = {"a": 1}
    content["values"]["y"] = {"value": None, "unit": "", "source": [], "note": "", "state": "present"}
    path.write_text(json.dumps(content))
    with pytest.raises(ResultsError) as caught:
        load_results(path)
    message = str(caught.value)
    for place in ("tiny.json", "schema: ", "kind: ", "extra: ", "values.x.value: ", "values.y: "):
        assert place in message


@pytest.mark.parametrize("text", ["", "{", "[]", '{"values": {"x": {"value": NaN}}}', "\xff"])
def test_what_is_not_a_results_file_is_refused(tmp_path, text):
    path = tmp_path / "tiny.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ResultsError, match=r"tiny\.json"):
        load_results(path)


def test_nan_in_a_file_is_refused(results, tmp_path):
    results.record("x", 0.5)
    path = results.save(tmp_path / "tiny.json")
    path.write_text(path.read_text().replace("0.5", "NaN"))
    with pytest.raises(ResultsError, match=r"values\.x\.value: .*finite number"):
        load_results(path)


def test_the_books_results_are_read_by_name(results, tmp_path, monkeypatch):
    monkeypatch.setenv("HAICBOOK_ROOT", str(tmp_path))
    results.record("x", 1)
    results.save(tmp_path / "book" / "_executed" / "tiny.json")
    assert read_results("tiny").value("x") == 1


def test_results_that_were_never_made_say_how_to(tmp_path, monkeypatch):
    monkeypatch.setenv("HAICBOOK_ROOT", str(tmp_path))
    with pytest.raises(ResultsError, match="haicbook run cao2024"):
        read_results("cao2024")
