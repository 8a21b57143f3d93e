"""Made-up matched studies, written as files and loaded as any study is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from haicbook.study import Paper, load

_NOTHING = ("journal", "doi", "registration", "line_of_therapy", "response_criterion", "safety_criterion")
_METHODS = ("survival", "regression", "categorical", "continuous", "proportion_ci", "median_ci", "software", "alpha")
_MATCHING = ("method", "ratio", "caliper", "caliper_scale", "replacement", "score_model", "software")

PaperOf = Callable[..., Paper]


def _arm(name: str, role: str) -> dict[str, str]:
    return {"label": name, "short": name, "role": role, "regimen": "made up"}


def study_yaml(sizes: dict[str, tuple[int, int]], tables: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A study of two arms, `new` and `old`, with these populations and tables."""
    text = ("citation", "title", "short_title", "authors", "licence", "question", "design_label")
    return {
        "study": "made_up",
        **dict.fromkeys(text, "made up"),
        **dict.fromkeys(_NOTHING),
        "year": None,
        "design": "propensity_matched",
        "setting": {"country": "none", "institution": "none"},
        "arms": {"new": _arm("New", "experimental"), "old": _arm("Old", "comparator")},
        "populations": {
            name: {"label": name, "n": dict(zip(("new", "old"), n, strict=True))} for name, n in sizes.items()
        },
        "main_population": next(iter(sizes)),
        "endpoints": {},
        "follow_up": {"method": None},
        "methods": dict.fromkeys(_METHODS),
        "tables": tables,
        "unavailable": [],
        "matching": None,
        **more,
    }


@pytest.fixture
def paper_of(tmp_path: Path) -> PaperOf:
    """Build a study: CSV rows `id,label,level,new,old` of the baseline table of each population, and its covariates."""

    def build(
        sizes: dict[str, tuple[int, int]],
        baseline: dict[str, str],
        variables: dict[str, str],
        statistics: dict[str, str] | None = None,
        match_on: list[str] | None = None,
        **more: Any,
    ) -> Paper:
        folder = tmp_path / "made_up"
        (folder / "tables").mkdir(parents=True)
        tables = []
        for number, (population, rows) in enumerate(baseline.items(), 1):
            file = f"tables/{number}_baseline.csv"
            lines = [
                ",".join([*row[:3], "", *row[3:]]) for row in (line.split(",") for line in rows.strip().splitlines())
            ]
            header = "id,label,level,grade,new,old\n"
            (folder / file).write_text(header + "\n".join(lines) + "\n", encoding="utf-8")
            present = {row.split(",")[0] for row in rows.strip().splitlines()}
            tables.append(
                {
                    "file": file,
                    "number": str(number),
                    "source": f"Table {number}",
                    "title": "made up",
                    "kind": "baseline",
                    "population": population,
                    "columns": {arm: {"arm": arm, "statistic": "n_pct"} for arm in ("new", "old")},
                    "rows": {row: {"statistic": s} for row, s in (statistics or {}).items() if row in present},
                    "variables": {name: {"type": kind} for name, kind in variables.items() if name in present},
                }
            )
        matching = None if match_on is None else dict.fromkeys(_MATCHING) | {"covariates": match_on}
        with (folder / "study.yml").open("w", encoding="utf-8") as handle:
            YAML(typ="safe").dump(study_yaml(sizes, tables, **({"matching": matching} | more)), handle)
        claims = "id,section,source,endpoint,criterion,population,arm,reference,term,level,grade,model,time,statistic"
        row = "enrolled,results,Results,,,,,,enrolled,,,,,n,patients,100\n"
        (folder / "claims.csv").write_text(f"{claims},unit,printed\n{row}", encoding="utf-8")
        return load("made_up", tmp_path)

    return build
