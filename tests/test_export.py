"""The open formats: CSV and Parquet say the same, the descriptor describes them, nothing is half written."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from haicbook import study
from haicbook.cli import main
from haicbook.export import FIELDS, all_values, data_package, export, studies_frame

PAPERS = [study.load(name) for name in study.studies()]
KINDS = {"string": str, "number": float, "integer": int}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("export") / "out"
    export(PAPERS, place)
    return place


def read_csv(path: Path) -> pd.DataFrame:
    numbers = {name: [""] for name, (kind, _) in FIELDS.items() if kind == "number"}
    return pd.read_csv(path, keep_default_na=False, na_values=numbers)


def test_csv_and_parquet_read_back_as_what_was_loaded(folder: Path) -> None:
    expected = all_values(PAPERS)
    pd.testing.assert_frame_equal(read_csv(folder / "values.csv"), expected)
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "values.parquet"), expected)


def test_every_number_of_every_study_is_there(folder: Path) -> None:
    values = read_csv(folder / "values.csv")
    assert len(values) == sum(len(paper.values) for paper in PAPERS)
    assert set(values.study) == set(study.studies())
    assert math.inf in set(values.high)


def test_the_descriptor_fits_the_files(folder: Path) -> None:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert package["profile"] == "tabular-data-package"
    assert package["name"] == package["name"].lower()
    for resource in package["resources"]:
        frame = pd.read_csv(folder / resource["path"], keep_default_na=False, dtype=str)
        schema = resource["schema"]
        assert [field["name"] for field in schema["fields"]] == list(frame.columns)
        assert frame[schema["primaryKey"]].is_unique
        for field in schema["fields"]:
            texts = [text for text in frame[field["name"]] if text not in schema["missingValues"]]
            for text in texts:
                KINDS[field["type"]](text)
        for key in schema.get("foreignKeys", []):
            other = pd.read_csv(folder / f"{key['reference']['resource']}.csv")
            assert set(frame[key["fields"]]) <= set(other[key["reference"]["fields"]])


def test_every_study_has_a_licence_line() -> None:
    licences = studies_frame(PAPERS).licence
    assert (licences != "").all()
    assert all(licence in data_package(PAPERS)["description"] for licence in licences)


def test_the_same_studies_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = export(PAPERS, tmp_path / "again")
    assert {path.name: path.read_bytes() for path in again} == {p.name: p.read_bytes() for p in folder.iterdir()}


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    result = CliRunner().invoke(main, ["export", "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert "not an export" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_failed_export_leaves_the_earlier_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "out"
    export(PAPERS[:1], place)
    before = (place / "values.csv").read_bytes()
    monkeypatch.setattr("haicbook.export.data_package", lambda papers: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export(PAPERS, place)
    assert (place / "values.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
