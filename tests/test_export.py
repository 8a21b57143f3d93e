"""The open formats: CSV and Parquet say the same, the descriptor describes them, nothing is half written."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from pyarrow.parquet import read_schema

from haicbook import study
from haicbook.cli import main
from haicbook.export import FIELDS, FILES, STUDY_FIELDS, all_values, data_package, export, studies_frame
from haicbook.spreadsheet import APOSTROPHE

PAPERS = [study.load(name) for name in study.studies()]
TABLES = {"values": FIELDS, "studies": STUDY_FIELDS}

# what Frictionless Data v1 asks of a data package, a data resource and a table schema, in the parts used here
NAME = {"type": "string", "pattern": r"^([-a-z0-9._/])+$"}
FIELD = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "type": {"enum": ["string", "number", "integer", "year"]},
        "description": {"type": "string", "minLength": 1},
        "constraints": {
            "type": "object",
            "properties": {"required": {"type": "boolean"}, "unique": {"type": "boolean"}},
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
FOREIGN_KEY = {
    "type": "object",
    "required": ["fields", "reference"],
    "properties": {
        "fields": {"type": "string"},
        "reference": {
            "type": "object",
            "required": ["resource", "fields"],
            "properties": {"resource": {"type": "string"}, "fields": {"type": "string"}},
        },
    },
}
TABLE_SCHEMA = {
    "type": "object",
    "required": ["fields"],
    "properties": {
        "fields": {"type": "array", "minItems": 1, "items": FIELD},
        "primaryKey": {"type": "string"},
        "foreignKeys": {"type": "array", "minItems": 1, "items": FOREIGN_KEY},
        "missingValues": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": False,
}
RESOURCE = {
    "type": "object",
    "required": ["name", "path", "profile"],
    "properties": {
        "name": NAME,
        # relative, and never out of the package's folder
        "path": {"type": "string", "pattern": r"^(?=^[^./~])(^((?!\.{2}).)*$).*$"},
        "profile": {"enum": ["data-resource", "tabular-data-resource"]},
        "format": {"type": "string"},
        "mediatype": {"type": "string", "pattern": "^(.+)/(.+)$"},
        "encoding": {"type": "string"},
        "description": {"type": "string"},
        "schema": TABLE_SCHEMA,
    },
    "additionalProperties": False,
    "if": {"properties": {"profile": {"const": "tabular-data-resource"}}},
    "then": {"required": ["schema"]},
}
PACKAGE = {
    "type": "object",
    "required": ["name", "profile", "resources"],
    "properties": {
        "name": NAME,
        "profile": {"const": "data-package"},
        "title": {"type": "string"},
        "description": {"type": "string"},
        "version": {"type": "string"},
        "resources": {"type": "array", "minItems": 1, "items": RESOURCE},
    },
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("export") / "out"
    export(PAPERS, place)
    return place


def read_csv(path: Path, fields: dict[str, tuple[str, str]] = FIELDS) -> pd.DataFrame:
    """A CSV of the export as its descriptor says that it is read: an apostrophe before a text is none of it."""
    kinds = {"number": float, "integer": int, "string": str, "year": str}
    texts = {name: (str if kind == "number" else kinds[kind]) for name, (kind, _) in fields.items()}
    frame = pd.read_csv(path, keep_default_na=False, dtype=texts)
    for name, (kind, _) in fields.items():
        if kind == "number":
            frame[name] = [float(text) if text else math.nan for text in frame[name]]
        elif kind == "string":
            frame[name] = frame[name].str.removeprefix("'")
    return frame


def test_csv_and_parquet_read_back_as_what_was_loaded_to_the_last_bit(folder: Path) -> None:
    expected = all_values(PAPERS)
    pd.testing.assert_frame_equal(read_csv(folder / "values.csv"), expected, check_exact=True)
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "values.parquet"), expected, check_exact=True)
    studies = read_csv(folder / "studies.csv", STUDY_FIELDS)
    pd.testing.assert_frame_equal(studies, studies_frame(PAPERS), check_exact=True)


def test_every_number_of_every_study_is_there(folder: Path) -> None:
    values = read_csv(folder / "values.csv")
    assert len(values) == sum(len(paper.values) for paper in PAPERS)
    assert set(values.study) == set(study.studies())
    assert {math.inf, -math.inf} <= {*values.high, *values.low}


@pytest.mark.parametrize("name", ["values.csv", "studies.csv", "datapackage.json"])
def test_texts_are_utf_8_without_a_mark_and_end_lines_alike(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    assert content.endswith(b"\n")
    content.decode("utf-8")


def test_the_descriptor_is_a_data_package(folder: Path) -> None:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    problems = [error.message for error in Draft202012Validator(PACKAGE).iter_errors(package)]
    assert problems == []
    names = [resource["name"] for resource in package["resources"]]
    assert len(set(names)) == len(names)
    described = {resource["path"] for resource in package["resources"]} | {"datapackage.json"}
    assert described == {path.name for path in folder.iterdir()} == set(FILES)


@pytest.mark.parametrize("name", TABLES)
def test_the_descriptor_fits_the_files(folder: Path, name: str) -> None:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    resource = next(resource for resource in package["resources"] if resource["name"] == name)
    schema = resource["schema"]
    frame = pd.read_csv(folder / resource["path"], keep_default_na=False, dtype=str)
    assert [field["name"] for field in schema["fields"]] == list(frame.columns)
    assert frame[schema["primaryKey"]].is_unique
    patterns = {
        "string": r"(?s).*",
        "year": r"[0-9]{4}",
        "integer": r"[+-]?[0-9]+",
        "number": r"INF|-INF|NaN|[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?",
    }
    for field in schema["fields"]:
        texts = [text for text in frame[field["name"]] if text not in schema["missingValues"]]
        assert [text for text in texts if not re.fullmatch(patterns[field["type"]], text)] == []
        if field.get("constraints", {}).get("required"):
            assert len(texts) == len(frame)
    for key in schema.get("foreignKeys", []):
        other = pd.read_csv(folder / f"{key['reference']['resource']}.csv", dtype=str)
        assert set(frame[key["fields"]]) <= set(other[key["reference"]["fields"]])


def test_the_parquet_file_has_the_schema_of_its_rows(folder: Path) -> None:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    schemas = {resource["name"]: resource["schema"] for resource in package["resources"]}
    assert schemas["values-parquet"] == schemas["values"]
    kinds = {"string": "string", "number": "double", "integer": "int64"}
    arrow = {field.name: str(field.type).removeprefix("large_") for field in read_schema(folder / "values.parquet")}
    assert arrow == {field["name"]: kinds[field["type"]] for field in schemas["values-parquet"]["fields"]}


def test_a_printed_na_is_not_missing_to_whoever_reads_with_the_defaults(folder: Path) -> None:
    values, expected = pd.read_csv(folder / "values.csv", low_memory=False), all_values(PAPERS)
    assert "NA" in set(expected.printed)
    for name in (name for name, (kind, _) in FIELDS.items() if kind == "string"):
        assert (values[name].isna() == (expected[name] == "")).all(), name
    assert set(values.printed[expected.printed == "NA"]) == {"'NA"}
    package = data_package(PAPERS)
    assert all(APOSTROPHE in each["description"] for each in (package, *package["resources"][:2]))


def test_no_label_is_a_formula(tmp_path: Path) -> None:
    folder = tmp_path / "demo2020"
    shutil.copytree(Path(__file__).parent / "papers" / "demo2020", folder)
    table = folder / "tables" / "4_adverse_events.csv"
    hostile = '"=HYPERLINK(""http://a.example"")"'
    table.write_text(table.read_text(encoding="utf-8").replace("Fever", hostile), encoding="utf-8")
    export([study.load("demo2020", tmp_path)], tmp_path / "out")
    with (tmp_path / "out" / "values.csv").open(encoding="utf-8", newline="") as stream:
        labels = {row["label"] for row in csv.DictReader(stream)}
    assert '\'=HYPERLINK("http://a.example")' in labels
    assert not [label for label in labels if label.startswith("=")]


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


def test_the_earlier_export_comes_back_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "out"
    export(PAPERS[:1], place)
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    rename = Path.rename

    def refusing(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise PermissionError("the disk refuses")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises(PermissionError):
        export(PAPERS, place)
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_later_export_replaces_an_earlier_one(tmp_path: Path, folder: Path) -> None:
    place = tmp_path / "out"
    export(PAPERS[:1], place)
    written = export(PAPERS, place)
    assert sorted(written) == sorted(place.iterdir())
    assert (place / "values.csv").read_bytes() == (folder / "values.csv").read_bytes()


def test_notes_beside_an_export_are_left_alone(tmp_path: Path) -> None:
    export(PAPERS[:1], tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine", encoding="utf-8")
    before = (tmp_path / "out" / "values.csv").read_bytes()
    with pytest.raises(FileExistsError, match=r"holds notes\.txt"):
        export(PAPERS, tmp_path / "out")
    assert (tmp_path / "out" / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "out" / "values.csv").read_bytes() == before


@pytest.mark.parametrize("descriptor", ['{"name": "somebody-elses"}', "no JSON", "[]", None])
def test_another_data_package_is_left_alone(tmp_path: Path, descriptor: str | None) -> None:
    (tmp_path / "values.csv").write_text("theirs", encoding="utf-8")
    if descriptor is not None:
        (tmp_path / "datapackage.json").write_text(descriptor, encoding="utf-8")
    with pytest.raises(FileExistsError, match="another's data package"):
        export(PAPERS[:1], tmp_path)
    assert (tmp_path / "values.csv").read_text(encoding="utf-8") == "theirs"


def test_the_place_of_a_file_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "thesis").write_text("years of work", encoding="utf-8")
    result = CliRunner().invoke(main, ["export", "--out", str(tmp_path / "thesis")])
    assert result.exit_code == 2
    assert "is a file" in result.output


def test_the_command_names_what_it_wrote(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["export", "--out", str(tmp_path / "out")])
    assert result.exit_code == 0
    assert [Path(line).name for line in result.output.splitlines()] == list(FILES)
