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
from haicbook.study import Paper

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
    "value": ("number", "The number it says; dates in days since 1970-01-01; missing when not reached or unreadable"),
    "low": ("number", "Lower end of the rounding interval"),
    "high": ("number", "Upper end of the rounding interval"),
    "decimals": ("integer", "Digits after the decimal point"),
    "state": ("string", "exact, below (<), above (>), not_reached or unreadable"),
}


def all_values(papers: list[Paper]) -> pd.DataFrame:
    """The printed values of several studies in one frame, columns as in :data:`FIELDS`."""
    return pd.concat([paper.values for paper in papers], ignore_index=True)[list(FIELDS)]


def studies_frame(papers: list[Paper]) -> pd.DataFrame:
    """One row for each study: what it is, its DOI and its licence (`not stated` where the text has none)."""
    rows = [
        {
            "study": paper.study,
            "title": paper.spec.title,
            "authors": paper.spec.authors,
            "year": "" if paper.spec.year is None else str(paper.spec.year),
            "doi": paper.spec.doi or "",
            "licence": paper.spec.licence,
            "design": paper.spec.design,
            "registration": paper.spec.registration or "",
            "patients": sum(paper.spec.populations[paper.spec.main_population].n.values()),
        }
        for paper in papers
    ]
    return pd.DataFrame(rows)


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
        When the folder holds something that is not an earlier export.
    """
    _require_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        values, studies = all_values(papers), studies_frame(papers)
        spelled = values.assign(**{name: values[name].replace(_INFINITE) for name in ("low", "high")})
        spelled.to_csv(beside / "values.csv", index=False, lineterminator="\n")
        studies.to_csv(beside / "studies.csv", index=False, lineterminator="\n")
        values.to_parquet(beside / "values.parquet", index=False)
        package = json.dumps(data_package(papers), indent=2, ensure_ascii=False) + "\n"
        (beside / "datapackage.json").write_text(package, encoding="utf-8")
        beside.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return sorted(folder.iterdir())


def _require_replaceable(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / "datapackage.json").is_file():
        raise FileExistsError(f"{folder} holds something that is not an export; name an empty or a new folder")


def data_package(papers: list[Paper]) -> dict[str, Any]:
    """The Frictionless descriptor (Data Package 1) of an export."""
    licences = {paper.study: paper.spec.licence for paper in papers}
    return {
        "profile": "tabular-data-package",
        "name": "haicbook-printed-values",
        "title": "Numbers printed by five studies of hepatic arterial infusion chemotherapy",
        "description": (
            "Every printed number of the studies' tables and text, with its place and its rounding interval. "
            "The numbers are the papers' own. Licences of the papers: "
            + "; ".join(f"{study}: {licence}" for study, licence in licences.items())
        ),
        "version": __version__,
        "resources": [
            _resource("values", {name: kind for name, (kind, _) in FIELDS.items()}, "id"),
            _resource(
                "studies", dict.fromkeys(studies_frame(papers).columns, "string") | {"patients": "integer"}, "study"
            ),
        ],
    }


def _resource(name: str, kinds: dict[str, str], key: str) -> dict[str, Any]:
    fields = []
    for column, kind in kinds.items():
        field: dict[str, Any] = {"name": column, "type": kind}
        if name == "values":
            field["description"] = FIELDS[column][1]
        if column == key:
            field["constraints"] = {"required": True, "unique": True}
        fields.append(field)
    schema: dict[str, Any] = {"fields": fields, "primaryKey": key, "missingValues": [""]}
    if name == "values":
        schema["foreignKeys"] = [{"fields": "study", "reference": {"resource": "studies", "fields": "study"}}]
    return {
        "profile": "tabular-data-resource",
        "name": name,
        "path": f"{name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }
