"""An empty study: the files of a paper to be entered, with what belongs where said beside it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from haicbook.study.problems import UnusableError
from haicbook.study.values import CLAIM_COLUMNS, TABLE_COLUMNS

Design = Literal["propensity_matched", "unmatched", "single_arm"]
DESIGNS: tuple[Design, ...] = ("propensity_matched", "unmatched", "single_arm")
ENDPOINTS = {
    "os": ("Overall survival", "death from any cause"),
    "pfs": ("Progression-free survival", "progression or death from any cause"),
}
_SLUG = re.compile(r"[a-z0-9][a-z0-9_]*")
_BASELINE, _RESPONSE, _HARMS = "tables/1_baseline.csv", "tables/2_response.csv", "tables/3_adverse_events.csv"


@dataclass(frozen=True)
class NewArm:
    """An arm of a new study.

    Attributes
    ----------
    key
        What the data call it, a slug.
    label
        What the paper calls it.
    n
        Its patients; before and after matching where the design is matched.
    """

    key: str
    label: str
    n: tuple[int, ...]


@dataclass(frozen=True)
class NewStudy:
    """What is asked before a paper is entered.

    Attributes
    ----------
    key
        The study's key and folder: a slug such as `smith2026`.
    design
        As `study.yml` has it.
    arms
        The experimental arm first, then the comparator; one where the design has one.
    endpoints
        `os`, `pfs` or both.
    """

    key: str
    design: Design
    arms: tuple[NewArm, ...]
    endpoints: tuple[str, ...] = ("os",)

    def problems(self) -> list[str]:
        """Why no study can be laid out from this; empty where one can."""
        wanted, sizes = (1 if self.design == "single_arm" else 2), (2 if self.design == "propensity_matched" else 1)
        found = [
            f"found the key {key!r}, expected small letters, digits and _, such as smith2026"
            for key in (self.key, *(arm.key for arm in self.arms))
            if not _SLUG.fullmatch(key)
        ]
        if len(self.arms) != wanted or len({arm.key for arm in self.arms}) != len(self.arms):
            found.append(f"found {len(self.arms)} arms, expected {wanted} of different names for a {self.design} study")
        for arm in self.arms:
            if len(arm.n) != sizes or min(arm.n, default=0) < 1:
                expected = "patients before and after matching, as 120/80" if sizes > 1 else "its patients, as 90"
                found.append(f"found {'/'.join(map(str, arm.n)) or 'no number'} for arm {arm.key}, expected {expected}")
        found += [
            f"found endpoint {key!r}, allowed are {', '.join(ENDPOINTS)}"
            for key in set(self.endpoints) - set(ENDPOINTS)
        ]
        return found

    @property
    def populations(self) -> dict[str, str]:
        """Population to what it is called, the one of the results last."""
        if self.design == "propensity_matched":
            return {"before_psm": "Before matching", "after_psm": "After matching"}
        return {"all": "All patients"}


def read_arm(text: str) -> NewArm:
    """An arm as the command line takes it, `drug=Drug A=120/80`.

    Raises
    ------
    UnusableError
        When it is written in another way.
    """
    key, *rest = text.split("=")
    label, sizes = "=".join(rest[:-1]).strip(), rest[-1].split("/") if rest else []
    if not label or not all(size.strip().isdecimal() for size in sizes):
        raise UnusableError(
            [f"found the arm {text!r}, expected its key, name and patients, such as drug=Drug A=120/80"]
        )
    return NewArm(key.strip(), label, tuple(map(int, sizes)))


def lay_out(new: NewStudy, data: Path) -> list[Path]:
    """Write an empty study.

    Parameters
    ----------
    new
        What it is.
    data
        The folder that holds the studies.

    Returns
    -------
    list of Path
        The files written: `study.yml` with what belongs where, `claims.csv`, and tables with their headers.

    Raises
    ------
    UnusableError
        When the study cannot be laid out as asked, or there is one of that key; nothing is written then.
    """
    folder = data / new.key
    problems = new.problems()
    if folder.exists():
        problems.append(f"{folder} is there already; choose another key, or remove it first")
    if problems:
        raise UnusableError(problems)
    texts = {
        "study.yml": _study_yaml(new),
        "claims.csv": _header(CLAIM_COLUMNS),
        "README.md": f"# {new.key}\n\nHow it was extracted, by whom, how it was checked, and what differed.\n",
        **{file: _header((*TABLE_COLUMNS, *columns)) for file, columns in _tables(new).items()},
    }
    (folder / "tables").mkdir(parents=True)
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")
    return [folder / file for file in texts]


def _header(columns: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(columns)
    return text.getvalue()


def _tables(new: NewStudy) -> dict[str, dict[str, str]]:
    """File to its columns with their attributes, as they stand in study.yml."""
    matched, compared = len(new.populations) > 1, len(new.arms) > 1
    baseline, response, harms = {}, {}, {}
    for population in new.populations:
        suffix = f"_{population.removesuffix('_psm')}" if matched else ""
        for arm in new.arms:
            baseline[f"{arm.key}{suffix}"] = f"{{arm: {arm.key}, population: {population}, statistic: n_pct}}"
        if compared:
            baseline[f"p{suffix}"] = f"{{population: {population}, statistic: p}}"
    for arm in new.arms:
        response[arm.key] = f"{{arm: {arm.key}, statistic: n_pct}}"
        harms[f"{arm.key}_any"] = f"{{arm: {arm.key}, grade: any, statistic: n_pct}}"
        harms[f"{arm.key}_g3plus"] = f"{{arm: {arm.key}, grade: g3plus, statistic: n_pct}}"
    if compared:
        response["p"] = "{statistic: p}"
    return {_BASELINE: baseline, _RESPONSE: response, _HARMS: harms}


_YAML = """\
# What the paper is, as printed, misprints included; null where it does not say. data/README.md explains each key.
study: {key}
citation: {key}                  # its key in book/references.bib
title: "?"                       # the paper's own title
short_title: "?"                 # ours: what the chapter is called
authors: "?"                     # Smith et al.
year: null
journal: null
doi: null
licence: "?"                     # of the paper, as it states it
registration: null
question: "?"                    # ours, in one sentence: who, what against what, which outcome
design: {design}
design_label: "?"                # as the page shall say it, such as {label}
line_of_therapy: null
setting:
  country: "?"
  institution: "?"
  centres: null                  # how many
  enrolment_start: null          # "January 1, 2018" or "May 2018", in quotes
  enrolment_end: null
  last_follow_up: null           # no reconstructed patient is followed beyond it
arms:
{arms}
populations:                     # how many patients of each arm
{populations}
main_population: {main}
matching: {matching}
endpoints:
{endpoints}
response_criterion: null         # such as RECIST 1.1
safety_criterion: null           # such as CTCAE 5.0
follow_up: {{method: null, note: null}}   # reverse Kaplan-Meier or observed time, where it says so
methods:
  survival: null                 # such as Kaplan–Meier, log-rank test
  regression: null
  categorical: null              # such as chi-square test; the audit tries the others, too
  continuous: null
  proportion_ci: null
  median_ci: null
  software: null
  alpha: null                    # "0.05" where it is stated
# One entry for each printed table; a table that the paper has not: remove its entry and its file.
tables:
{tables}
# What the paper has, or should have, and you do not: why is lost_in_text, not_reported or supplement_only.
unavailable: []
"""
_MATCHING = """
  method: null                   # such as nearest neighbour on the propensity score
  ratio: null                    # "1:1"
  caliper: null                  # "0.2"
  caliper_scale: null            # such as standard deviations of the logit
  replacement: null
  score_model: null              # such as logistic
  software: null
  covariates: []                 # ids of rows of the baseline table that the score was made of"""
_LABELS: dict[Design, str] = {
    "propensity_matched": "Retrospective cohorts, matched on a propensity score",
    "unmatched": "Retrospective cohorts, not matched",
    "single_arm": "Phase II trial, one arm",
}
_TITLES = {
    _BASELINE: ("baseline", "Baseline characteristics"),
    _RESPONSE: ("response", "Tumour response"),
    _HARMS: ("adverse_events", "Adverse events"),
}


def _study_yaml(new: NewStudy) -> str:
    roles = ("single",) if len(new.arms) == 1 else ("experimental", "comparator")
    arms = "\n".join(
        f'  {arm.key}: {{label: {_quoted(arm.label)}, short: {_quoted(arm.label)}, role: {role}, regimen: "?"}}'
        for arm, role in zip(new.arms, roles, strict=True)
    )
    populations = "\n".join(
        f"  {name}: {{label: {label}, n: {{{', '.join(f'{arm.key}: {arm.n[place]}' for arm in new.arms)}}}}}"
        for place, (name, label) in enumerate(new.populations.items())
    )
    endpoints = "\n".join(
        f"  {key}: {{label: {ENDPOINTS[key][0]}, primary: false, time_zero: null, event: {ENDPOINTS[key][1]}}}"
        for key in new.endpoints
    )
    main = list(new.populations)[-1]
    return _YAML.format(
        key=new.key,
        design=new.design,
        label=_LABELS[new.design],
        arms=arms,
        populations=populations,
        main=main,
        matching=_MATCHING if new.design == "propensity_matched" else "null",
        endpoints=endpoints,
        tables="\n".join(
            _table_yaml(number, file, main, columns) for number, (file, columns) in enumerate(_tables(new).items(), 1)
        ),
    )


def _table_yaml(number: int, file: str, main: str, columns: dict[str, str]) -> str:
    kind, title = _TITLES[file]
    lines = [
        f"  - file: {file}",
        f'    number: "{number}"',
        f"    source: Table {number}",
        f"    title: {title}",
        f"    kind: {kind}",
        *([] if kind == "baseline" else [f"    population: {main}"]),
        "    columns:",
        *(f"      {name}: {attributes}" for name, attributes in columns.items()),
        "    rows: {}       # only what differs from the column, such as age: {statistic: mean_sd, unit: years}",
    ]
    if kind == "baseline":
        lines.append(
            "    variables: {}  # each row's kind, such as age: {type: continuous, unit: years}, sex: {type: binary}"
        )
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A YAML string in double quotes, whatever characters it has."""
    import json

    return json.dumps(text, ensure_ascii=False)
