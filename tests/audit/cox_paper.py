"""A synthetic paper with curves and Cox models in which everything adds up, and a way to inject errors into it.

60 and 60 patients with 40 and 48 deaths; ratios, intervals and p-values are Wald's, the rates' intervals are made on
the log scale.
"""

import csv
import io

from haicbook.audit.cells import cells
from haicbook.simulate import Draft
from haicbook.study.values import CLAIM_COLUMNS

HEADER = ",".join(CLAIM_COLUMNS)
BASE = """id,label,level,grade,new,old,p
sex,Sex,,,,,
sex,Male,male,,50 (83.3%),48 (80.0%),
sex,Female,female,,10 (16.7%),12 (20.0%),
afp,AFP,,,,,
afp,≤400,le400,,30 (50.0%),28 (46.7%),
afp,>400,gt400,,30 (50.0%),32 (53.3%),
child_pugh,Child-Pugh,,,,,
child_pugh,A,a,,55 (91.7%),53 (88.3%),
child_pugh,B,b,,5 (8.3%),7 (11.7%),
"""
COX_OS = """id,label,level,grade,uni_hr,uni_p,multi_hr,multi_p
treatment,Treatment (new vs. old),,,0.640 (0.420–0.975),0.038,0.652 (0.423–1.005),0.053
sex,Sex (female vs. male),,,1.210 (0.709–2.065),0.485,,
afp,AFP (>400 vs. ≤400),,,1.530 (0.996–2.350),0.052,1.498 (0.972–2.309),0.067
child_pugh,Child-Pugh (B vs. A),,,1.880 (0.968–3.651),0.062,,
age,Age (per year),,,1.004 (0.985–1.023),0.679,,
"""
COX_PFS = """id,label,level,grade,uni_hr,uni_p,multi_hr,multi_p
treatment,Treatment (new vs. old),,,0.602 (0.409–0.887),0.010,0.611 (0.412–0.906),0.014
sex,Sex (female vs. male),,,1.105 (0.673–1.814),0.693,,
afp,AFP (>400 vs. ≤400),,,1.402 (0.944–2.082),0.094,,
child_pugh,Child-Pugh (B vs. A),,,1.618 (0.871–3.006),0.128,,
age,Age (per year),,,1.009 (0.991–1.027),0.328,,
"""
CLAIMS = f"""{HEADER}
os_median,results,Results,os,,all,new,,,,,,,median_ci,months,15.2 (11.1–19.9)
os_median,results,Results,os,,all,old,,,,,,,median_ci,months,10.4 (8.1–13.8)
os_median,results,Results,os,,all,,,,,,,,median,months,12.6
os_comparison,results,Results,os,,all,new,old,,,,,,p,,0.036
pfs_median,results,Results,pfs,,all,new,,,,,,,median_ci,months,8.9 (7.0–11.6)
pfs_median,results,Results,pfs,,all,old,,,,,,,median_ci,months,5.7 (4.1–7.9)
pfs_comparison,results,Results,pfs,,all,new,old,,,,,,p,,0.009
os_rate,results,Results,os,,all,new,,,,,,6,rate_ci,percent,86.5% (78.2–95.7)
os_rate,results,Results,os,,all,new,,,,,,12,rate_ci,percent,61.2% (49.6–75.5)
os_rate,results,Results,os,,all,old,,,,,,12,rate_ci,percent,42.3% (31.0–57.7)
os_rate_comparison,results,Results,os,,all,new,old,,,,,12,p,,0.056
pfs_rate,results,Results,pfs,,all,new,,,,,,12,rate,percent,36.1%
deaths,results,Results,os,,all,new,,deaths,,,,,n,patients,40
deaths,results,Results,os,,all,old,,deaths,,,,,n,patients,48
events,results,Results,pfs,,all,,,events,,,,,n,patients,105
progressions,results,Results,pfs,,all,,,progressions,,,,,n,patients,103
follow_up,results,Results,,,all,,,follow_up,,,,,median_range,months,14.1 (1.2–40.3)
"""
FILES = {"base": BASE, "cox_os": COX_OS, "cox_pfs": COX_PFS, "claims": CLAIMS}
PATHS = {
    "base": "tables/1_base.csv",
    "cox_os": "tables/2_cox_os.csv",
    "cox_pfs": "tables/3_cox_pfs.csv",
    "claims": "claims.csv",
}
_MODELS = {
    f"{short}_{statistic}": {"model": f"{short}variable", "statistic": "hr_ci" if statistic == "hr" else "p"}
    for short in ("uni", "multi")
    for statistic in ("hr", "p")
}


def study(n=(60, 60), median_method=None, tables=("cox_os", "cox_pfs"), last_follow_up="May 31, 2024"):
    """`study.yml` of the paper."""
    nothing = ("year", "journal", "doi", "registration", "line_of_therapy", "response_criterion", "safety_criterion")
    text = ("citation", "title", "short_title", "authors", "licence", "question", "design_label")
    methods = ("survival", "regression", "categorical", "continuous", "proportion_ci", "software", "alpha")
    endpoint = {"time_zero": None, "event": None, "primary": False}
    roles = {"new": "experimental", "old": "comparator"}
    spec = {
        "study": "synthetic",
        **dict.fromkeys(text, "synthetic"),
        **dict.fromkeys(nothing),
        "design": "unmatched",
        "setting": {
            "country": "none",
            "institution": "none",
            "enrolment_start": "January 1, 2021",
            "last_follow_up": last_follow_up,
        },
        "arms": {
            arm: {"label": arm.title(), "short": arm.title(), "role": role, "regimen": "synthetic"}
            for arm, role in roles.items()
        },
        "populations": {"all": {"label": "All", "n": {"new": n[0], "old": n[1]}}},
        "main_population": "all",
        "matching": None,
        "endpoints": {name: {"label": name.upper()} | endpoint for name in ("os", "pfs", "liver_pfs")},
        "follow_up": {"method": None},
        "methods": dict.fromkeys(methods) | {"median_ci": median_method},
        "unavailable": [],
    }
    arms = {arm: {"arm": arm, "statistic": "n_pct"} for arm in ("new", "old")} | {"p": {"statistic": "p"}}
    kinds = {name: {"type": "binary"} for name in ("sex", "afp", "child_pugh")}
    spec["tables"] = [_table("base", 1, "baseline", arms, variables=kinds)] + [
        _table(
            table,
            number,
            "cox",
            _MODELS,
            endpoint=table.split("_")[1],
            rows={"treatment": {"arm": "new", "reference": "old"}},
        )
        for number, table in enumerate(("cox_os", "cox_pfs"), 2)
        if table in tables
    ]
    return spec


def _table(name, number, kind, columns, **more):
    names = {"file": PATHS[name], "number": str(number), "source": f"Table {number}", "title": "synthetic"}
    return {**names, "kind": kind, "population": "all", "columns": columns, **more}


def made_of(files, spec):
    """A paper made of the files."""
    tables = {PATHS[name]: list(csv.DictReader(io.StringIO(text))) for name, text in files.items()}
    return Draft(spec, tables).read()[0]


def injected(*changes, **of_study):
    """The paper with pieces of its files replaced: (file, old, new), where old stands there once."""
    files = dict(FILES)
    for file, old, new in changes:
        assert files[file].count(old) == 1, f"{old!r} stands {files[file].count(old)} times in {file}"
        files[file] = files[file].replace(old, new)
    return made_of(files, study(**of_study))


def found_by(rules, paper):
    """What some rules find in a paper."""
    of_paper = cells(paper)
    return [finding for rule in rules for finding in rule.findings(paper, of_paper)]
