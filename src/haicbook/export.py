"""Open formats: the printed values of all studies as CSV and Parquet, described by a Frictionless data package."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from haicbook import __version__
from haicbook.spreadsheet import APOSTROPHE, shown_frame
from haicbook.study import Paper

NAME = "haicbook-printed-values"
FILES = ("datapackage.json", "studies.csv", "values.csv", "values.parquet")
# Frictionless Table Schema spells the infinities so; pandas and R read them back.
_INFINITE = {math.inf: "INF", -math.inf: "-INF"}

FIELDS: dict[str, tuple[str, str]] = {
    "id": ("string", "Where the value stands: study/source/row/…/statistic; data/README.md explains the parts"),
    "study": ("string", "Key of the study"),
    "source": ("string", "Table or section of the paper"),
    "section": ("string", "table, or the section of the text"),
    "kind": ("string", "Kind of table, or claim for a number in running text"),
    "file": ("string", "Data file that holds the cell"),
    "line": ("integer", "Line in that file"),
    "column": ("string", "Column in that file"),
    "row": ("string", "Variable, event or claim"),
    "label": ("string", "The row's label as printed"),
    "level": ("string", "Category of the variable"),
    "population": ("string", "Which patients"),
    "arm": ("string", "Which treatment group; empty for all together and for comparisons"),
    "reference": ("string", "The group that a contrast is against"),
    "endpoint": ("string", "os, pfs, liver_pfs, ttr or dor"),
    "criterion": ("string", "Response criterion, where the paper prints two"),
    "grade": ("string", "Grade of adverse events"),
    "model": ("string", "univariable or multivariable"),
    "term": ("string", "What a claim is about"),
    "time": ("number", "Months, for a rate at a time"),
    "unit": ("string", "Unit of the value; empty when dimensionless or plain from the statistic"),
    "read_as": ("string", "How the cell was read, e.g. n_pct"),
    "statistic": ("string", "What the number is: n, pct, mean, sd, median, ci_low, …"),
    "cell": ("string", "The whole cell as printed"),
    "printed": ("string", "The figure as printed"),
    "value": (
        "number",
        "The number it says; dates in days since 1970-01-01; missing when not reached, unreadable or a count's bound",
    ),
    "low": (
        "number",
        "Lower end of the rounding interval; -INF where there is none; missing when not reached or unreadable",
    ),
    "high": (
        "number",
        "Upper end of the rounding interval; INF where there is none; missing when not reached or unreadable",
    ),
    "decimals": ("integer", "Digits after the decimal point"),
    "state": ("string", "exact, below (<), above (>), not_reached, unreadable, or words where it is no number"),
    "confidence": ("number", "Level of a confidence limit's interval in per cent; missing for all else"),
    "sides": ("string", "Of a p-value: two, or one where it is printed as one-sided"),
}
STUDY_FIELDS: dict[str, tuple[str, str]] = {
    "study": ("string", "Key of the study"),
    "title": ("string", "The paper's title"),
    "authors": ("string", "Its authors"),
    "year": ("year", "Year of publication; missing where the text has none"),
    "journal": ("string", "Journal; missing where the text has none"),
    "doi": ("string", "Digital object identifier; missing where the text has none"),
    "licence": ("string", "The paper's licence in words, or that it is not stated"),
    "design": ("string", "propensity_matched, unmatched or single_arm"),
    "registration": ("string", "Trial or study registration"),
    "patients": ("integer", "Patients of the main population, all arms together"),
}


def all_values(papers: list[Paper]) -> pd.DataFrame:
    """The printed values of several studies in one frame, columns as in :data:`FIELDS`."""
    return pd.concat([paper.values for paper in papers], ignore_index=True)[list(FIELDS)]


def studies_frame(papers: list[Paper]) -> pd.DataFrame:
    """One row for each study: what it is, its DOI and its licence (`not stated` where the text has none)."""
    rows = [
        {
            **{name: getattr(paper.spec, name) or "" for name in STUDY_FIELDS if name not in ("study", "patients")},
            "study": paper.study,
            "year": "" if paper.spec.year is None else str(paper.spec.year),
            "patients": sum(paper.spec.populations[paper.spec.main_population].n.values()),
        }
        for paper in papers
    ]
    return pd.DataFrame(rows, columns=list(STUDY_FIELDS))


def export(papers: list[Paper], folder: Path) -> list[Path]:
    """Write `values.csv`, `values.parquet`, `studies.csv` and `datapackage.json`: all of them, or none.

    Parameters
    ----------
    papers
        The studies.
    folder
        Replaced as a whole when everything has been written; the same studies give the same bytes.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    FileExistsError
        When the folder holds anything but an earlier export; nothing in it is touched.
    """
    _require_replaceable(folder)
    place = folder.resolve()  # of a link, what it points to is replaced, not the link
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}."))
    try:
        made = beside / "new"
        made.mkdir()
        _write(papers, made)
        _swap(made, place, beside / "old")
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return [folder / name for name in FILES]


def _write(papers: list[Paper], folder: Path) -> None:
    values = all_values(papers)
    numbers = [name for name, (kind, _) in FIELDS.items() if kind == "number"]
    spelled = values.assign(**{name: values[name].replace(_INFINITE) for name in numbers})
    for name, frame, fields in (("values", spelled, FIELDS), ("studies", studies_frame(papers), STUDY_FIELDS)):
        texts = [column for column, (kind, _) in fields.items() if kind == "string"]
        shown_frame(frame, texts).to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    values.to_parquet(folder / "values.parquet", index=False)
    package = json.dumps(data_package(papers), indent=2, ensure_ascii=False) + "\n"
    (folder / "datapackage.json").write_text(package, encoding="utf-8", newline="\n")


def _swap(made: Path, place: Path, aside: Path) -> None:
    """Put a folder in the place of another, which comes back when that fails."""
    if place.exists():
        place.rename(aside)
    try:
        made.rename(place)
    except OSError:
        if aside.exists():
            aside.rename(place)
        raise


def _require_replaceable(folder: Path) -> None:
    there = {path.name for path in folder.iterdir()} if folder.exists() else set()
    if others := sorted(there - set(FILES)):
        raise FileExistsError(f"{folder} holds {', '.join(others[:5])}: not an export; name an empty or a new folder")
    if there and _package_name(folder / "datapackage.json") != NAME:
        raise FileExistsError(f"{folder} holds another's data package; name an empty or a new folder")


def _package_name(path: Path) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def data_package(papers: list[Paper]) -> dict[str, Any]:
    """The Frictionless descriptor (Data Package 1) of an export."""
    licences = {paper.study: paper.spec.licence for paper in papers}
    return {
        # not tabular-data-package, which allows CSV only
        "profile": "data-package",
        "name": NAME,
        "title": "Numbers printed by five studies of hepatic arterial infusion chemotherapy",
        "description": (
            "Every printed number of the studies' tables and text, with its place and its rounding interval. "
            f"The numbers are the papers' own. In the CSV files: {APOSTROPHE} Licences of the papers: "
            + "; ".join(f"{study}: {licence}" for study, licence in licences.items())
        ),
        "version": __version__,
        "resources": [
            _csv("values")
            | {
                "description": "One row for each printed number; empty texts and missing numbers are empty cells. "
                + APOSTROPHE,
                "schema": _schema(FIELDS, "id", "studies"),
            },
            _csv("studies")
            | {"description": f"One row for each study. {APOSTROPHE}", "schema": _schema(STUDY_FIELDS, "study")},
            {
                # not a tabular-data-resource, whose data are CSV or JSON
                "profile": "data-resource",
                "name": "values-parquet",
                "path": "values.parquet",
                "format": "parquet",
                "mediatype": "application/vnd.apache.parquet",
                "description": "The rows and columns of values.csv, with types, and with texts as they are",
                "schema": _schema(FIELDS, "id", "studies"),
            },
        ],
    }


def _schema(columns: dict[str, tuple[str, str]], key: str, parent: str = "") -> dict[str, Any]:
    """A table's schema; `parent` is the table that has its `study`."""
    fields: list[dict[str, Any]] = [
        {"name": column, "type": kind, "description": text} for column, (kind, text) in columns.items()
    ]
    next(field for field in fields if field["name"] == key)["constraints"] = {"required": True, "unique": True}
    schema: dict[str, Any] = {"fields": fields, "primaryKey": key, "missingValues": [""]}
    if parent:
        schema["foreignKeys"] = [{"fields": "study", "reference": {"resource": parent, "fields": "study"}}]
    return schema


def _csv(name: str) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": name,
        "path": f"{name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
    }
