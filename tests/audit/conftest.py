"""A synthetic paper in which everything adds up, and a way to inject errors into it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from haicbook.audit import Finding, audit, every
from haicbook.simulate import Draft
from haicbook.study import Paper, load, studies

BEFORE = """id,label,level,grade,new,old,p
sex,Sex,,,,,0.581
sex,Male,male,,45 (75.0%),28 (70.0%),
sex,Female,female,,15 (25.0%),12 (30.0%),
etiology,Etiology,,,,,1.000
etiology,None,none,,6 (10.0%),4 (10.0%),
etiology,HBV,hbv,,48 (80.0%),32 (80.0%),
etiology,HCV,hcv,,6 (10.0%),4 (10.0%),
"""
AFTER = """id,label,level,grade,new,old,p
sex,Sex,,,,,0.766
sex,Male,male,,22 (73.3%),23 (76.7%),
sex,Female,female,,8 (26.7%),7 (23.3%),
etiology,Etiology,,,,,1.000
etiology,None,none,,3 (10.0%),3 (10.0%),
etiology,HBV,hbv,,24 (80.0%),23 (76.7%),
etiology,HCV,hcv,,3 (10.0%),4 (13.3%),
"""
RESPONSE = """id,label,level,grade,new,old,p
cr,Complete response,,,3 (10.0%),1 (3.3%),0.612
pr,Partial response,,,12 (40.0%),8 (26.7%),
sd,Stable disease,,,9 (30.0%),11 (36.7%),
pd,Progressive disease,,,6 (20.0%),10 (33.3%),
orr,Objective response,,,15 (50.0%),9 (30.0%),0.114
dcr,Disease control,,,24 (80.0%),20 (66.7%),0.243
"""
EVENTS = """id,label,level,grade,new_g12,new_g34,new_any,old_g12,old_g34,old_any,p
any_ae,Any event,,,14 (46.7%),4 (13.3%),18 (60.0%),10 (33.3%),2 (6.7%),12 (40.0%),0.121
fever,Fever,,,9 (30.0%),3 (10.0%),12 (40.0%),4 (13.3%),1 (3.3%),5 (16.7%),0.045
rash,Rash,,,5 (16.7%),1 (3.3%),6 (20.0%),2 (6.7%),0,2 (6.7%),0.255
"""
HEADER = (
    "id,section,source,endpoint,criterion,population,arm,reference,term,level,grade,model,time,statistic,unit,printed"
)
CLAIMS = f"""{HEADER}
orr,abstract,Abstract,,,after_psm,new,,orr,,,,,pct,percent,50%
orr,abstract,Abstract,,,after_psm,old,,orr,,,,,pct,percent,30%
os_median,abstract,Abstract,os,,after_psm,new,,,,,,,median,months,20.1
os_median,abstract,Abstract,os,,after_psm,old,,,,,,,median,months,12.0
os_comparison,abstract,Abstract,os,,after_psm,new,old,,,,,,p,,0.02
orr,results,Results,,,after_psm,new,,orr,,,,,n_pct,patients,15/30 (50.0%)
orr,results,Results,,,after_psm,old,,orr,,,,,n_pct,patients,9/30 (30.0%)
orr_comparison,results,Results,,,after_psm,new,old,orr,,,,,p,,0.114
os_median,results,Results,os,,after_psm,new,,,,,,,median_ci,months,20.1 (15.0–not reached)
os_median,results,Results,os,,after_psm,old,,,,,,,median_ci,months,12.0 (9.1–16.2)
os_comparison,results,Results,os,,after_psm,new,old,,,,,,p,,0.020
os_rate,results,Results,os,,after_psm,new,,,,,,12,rate_ci,percent,70.0% (53.6–86.4)
fever,results,Results,,,after_psm,new,,fever,,g34,,,n_pct,patients,3 (10.0%)
female,results,Results,,,before_psm,,,sex,female,,,,n_pct,patients,27 (27.0%)
"""
FILES = {
    "tables/1_before.csv": BEFORE,
    "tables/2_after.csv": AFTER,
    "tables/3_response.csv": RESPONSE,
    "tables/4_events.csv": EVENTS,
    "claims.csv": CLAIMS,
}

PaperWith = Callable[..., Paper]


@pytest.fixture(scope="session")
def audits() -> dict[str, list[Finding]]:
    """The findings of the five papers, consequences too."""
    return {name: every(audit(load(name))) for name in studies()}


def _arm(short: str, role: str) -> dict[str, str]:
    return {"label": short, "short": short, "role": role, "regimen": "synthetic"}


def _table(file: str, number: int, kind: str, population: str, columns: dict[str, Any], **more: Any) -> dict[str, Any]:
    names = {"file": file, "number": str(number), "source": f"Table {number}", "title": "synthetic"}
    return {**names, "kind": kind, "population": population, "columns": columns, **more}


def _study() -> dict[str, Any]:
    arms = {arm: {"arm": arm, "statistic": "n_pct"} for arm in ("new", "old")} | {"p": {"statistic": "p"}}
    graded = {
        f"{arm}_{grade}": {"arm": arm, "grade": grade, "statistic": "n_pct"}
        for arm in ("new", "old")
        for grade in ("g12", "g34", "any")
    } | {"p": {"statistic": "p", "grade": "any"}}
    variables = {"variables": {"sex": {"type": "binary"}, "etiology": {"type": "nominal"}}}
    nothing = ("year", "journal", "doi", "registration", "line_of_therapy", "response_criterion", "safety_criterion")
    methods = ("survival", "regression", "categorical", "continuous", "proportion_ci", "median_ci", "software", "alpha")
    text = ("citation", "title", "short_title", "authors", "licence", "question", "design_label")
    return {
        "study": "synthetic",
        **dict.fromkeys(text, "synthetic"),
        **dict.fromkeys(nothing),
        "design": "propensity_matched",
        "setting": {"country": "none", "institution": "none"},
        "arms": {"new": _arm("New", "experimental"), "old": _arm("Old", "comparator")},
        "populations": {
            "before_psm": {"label": "Before matching", "n": {"new": 60, "old": 40}},
            "after_psm": {"label": "After matching", "n": {"new": 30, "old": 30}},
        },
        "main_population": "after_psm",
        "matching": None,
        "endpoints": {"os": {"label": "Overall survival", "primary": True, "time_zero": None, "event": None}},
        "follow_up": {"method": None},
        "methods": dict.fromkeys(methods),
        "tables": [
            _table("tables/1_before.csv", 1, "baseline", "before_psm", arms, **variables),
            _table("tables/2_after.csv", 2, "baseline", "after_psm", arms, **variables),
            _table("tables/3_response.csv", 3, "response", "after_psm", arms),
            _table("tables/4_events.csv", 4, "adverse_events", "after_psm", graded),
        ],
        "unavailable": [],
    }


def read(spec: dict[str, Any], files: dict[str, str]) -> Paper:
    """The paper of these files, even where they break the codebook."""
    return Draft(spec, {file: list(csv.DictReader(io.StringIO(text))) for file, text in files.items()}).read()[0]


@pytest.fixture
def paper_with() -> PaperWith:
    """The paper with pieces of its files replaced, (file, old, new), where old stands there once.

    Besides, rows added to its claims and entries of study.yml.
    """

    def build(*changes: tuple[str, str, str], claims: str = "", **spec: Any) -> Paper:
        files = dict(FILES)
        files["claims.csv"] += claims
        for file, old, new in changes:
            assert files[file].count(old) == 1, f"{old!r} stands {files[file].count(old)} times in {file}"
            files[file] = files[file].replace(old, new)
        return read(_study() | spec, files)

    build.files = FILES
    return build
