"""An empty study: the files of a paper to be entered, with what belongs where said beside it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from haicbook.intake.drafted import Column, Drafted, Whose, drafted
from haicbook.intake.jats import Article
from haicbook.study.problems import UnusableError
from haicbook.study.schema import Kind
from haicbook.study.unchecked import DRAFTED, DRAFTED_COLUMNS
from haicbook.study.values import CLAIM_COLUMNS, TABLE_COLUMNS

Design = Literal["propensity_matched", "unmatched", "single_arm"]
DESIGNS: tuple[Design, ...] = ("propensity_matched", "unmatched", "single_arm")
ENDPOINTS = {
    "os": ("Overall survival", "death from any cause"),
    "pfs": ("Progression-free survival", "progression or death from any cause"),
}
_SLUG = re.compile(r"[a-z0-9][a-z0-9_]*")
_KINDS: dict[Kind, str] = {
    "baseline": "Baseline characteristics",
    "response": "Tumour response",
    "adverse_events": "Adverse events",
}


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

    @property
    def whose(self) -> Whose:
        """By what the columns of its tables are recognised."""
        sizes = {(name, arm.key): arm.n[place] for place, name in enumerate(self.populations) for arm in self.arms}
        return Whose({arm.key: arm.label for arm in self.arms}, sizes)


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


def lay_out(new: NewStudy, data: Path, article: Article | None = None) -> list[Path]:
    """Write a study to be filled in.

    Parameters
    ----------
    new
        What it is.
    data
        The folder that holds the studies.
    article
        The paper, as :func:`haicbook.intake.read_article` has it: its tables are drafted where they are recognised, and
        `drafted.csv` says that nobody has checked them yet.

    Returns
    -------
    list of Path
        The files written: `study.yml` with what belongs where, `claims.csv`, and tables with their headers, or drafted.

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
    tables = _tables(new, article)
    drafts = {file: table for file, table in tables.items() if table.rows}
    texts = {
        "study.yml": _study_yaml(new, tables, article),
        "claims.csv": _csv(CLAIM_COLUMNS, ()),
        "README.md": _readme(new, drafts.values(), article),
        **{
            file: _csv((*TABLE_COLUMNS, *(column.name for column in table.columns)), table.rows)
            for file, table in tables.items()
        },
    }
    if drafts:
        texts[DRAFTED] = _csv(DRAFTED_COLUMNS, [(file, table.source, "", "") for file, table in drafts.items()])
    (folder / "tables").mkdir(parents=True)
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")
    return [folder / file for file in texts]


def _csv(columns: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def _readme(new: NewStudy, drafts: Iterable[Drafted], article: Article | None) -> str:
    lines = [f"# {new.key}", "", "How it was extracted, by whom, how it was checked, and what differed.", ""]
    known = list(drafts)
    if article is not None:
        lines += [f"Drafted from the article's XML: {', '.join(table.source for table in known) or 'no table'}.", ""]
        others = [table.label for table in article.tables if table.label not in {draft.source for draft in known}]
        lines += [f"Tables that were not recognised: {', '.join(others)}.", ""] if others else []
        lines += [
            f"{table.source}: columns not recognised: {'; '.join(table.unread)}." for table in known if table.unread
        ]
    return "\n".join(lines).rstrip() + "\n"


def _tables(new: NewStudy, article: Article | None) -> dict[str, Drafted]:
    """File to its table: drafted from the article where it has one of the kind, else a header."""
    found: list[Drafted] = []
    for printed in article.tables if article is not None else ():
        draft = drafted(printed, new.whose)
        if draft is not None and draft.rows:
            found.append(draft)
    kinds = {draft.kind for draft in found}
    tables = [*found, *(_empty(new, kind) for kind in _KINDS if kind not in kinds)]
    order = list(_KINDS)
    tables.sort(key=lambda table: order.index(table.kind))
    return {f"tables/{number}_{table.kind}.csv": table for number, table in enumerate(tables, 1)}


def _empty(new: NewStudy, kind: Kind) -> Drafted:
    """A table without rows, whose columns are those that such a table usually has."""
    matched, compared = len(new.populations) > 1, len(new.arms) > 1
    columns: list[Column] = []
    if kind == "baseline":
        for population in new.populations:
            suffix, place = f"_{population.removesuffix('_psm')}" if matched else "", {"population": population}
            columns += [Column(f"{arm.key}{suffix}", {"arm": arm.key} | place | _COUNT) for arm in new.arms]
            columns += [Column(f"p{suffix}", place | _TEST)] if compared else []
    else:
        grades = (
            [("_any", {"grade": "any"}), ("_g3plus", {"grade": "g3plus"})] if kind == "adverse_events" else [("", {})]
        )
        columns += [
            Column(f"{arm.key}{end}", {"arm": arm.key} | grade | _COUNT) for arm in new.arms for end, grade in grades
        ]
        columns += [Column("p", _TEST)] if compared and kind == "response" else []
    return Drafted(kind, f"Table {list(_KINDS).index(kind) + 1}", _KINDS[kind], tuple(columns), ())


_COUNT, _TEST = {"statistic": "n_pct"}, {"statistic": "p"}
_YAML = """\
# What the paper is, as printed, misprints included; null where it does not say. data/README.md explains each key.
study: {key}
citation: {key}                  # its key in book/references.bib
title: {title}                       # the paper's own title
short_title: "?"                 # ours: what the chapter is called
authors: {authors}                     # Smith et al.
year: {year}
journal: {journal}
doi: {doi}
licence: {licence}                     # of the paper, as it states it
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


def _study_yaml(new: NewStudy, tables: dict[str, Drafted], article: Article | None) -> str:
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
        tables="\n".join(_table_yaml(file, main, table) for file, table in tables.items()),
        **_said(article),
    )


def _said(article: Article | None) -> dict[str, str]:
    """What the article says of itself, as YAML; a question mark or null where it does not."""
    if article is None:
        article = Article("", "", None, "", "", "", ())
    return {
        "title": _quoted(article.title or "?"),
        "authors": _quoted(article.authors or "?"),
        "licence": _quoted(article.licence or "?"),
        "year": str(article.year or "null"),
        "journal": _quoted(article.journal) if article.journal else "null",
        "doi": _quoted(article.doi) if article.doi.startswith("10.") else "null",
    }


def _table_yaml(file: str, main: str, table: Drafted) -> str:
    number = re.sub(r"^\D*", "", table.source) or table.source
    rows = {name: {"statistic": read} for name, read in table.statistics.items()}
    variables = {name: {"type": kind} for name, kind in table.variables.items()}
    lines = [
        f"  - file: {file}",
        f"    number: {_quoted(number)}",
        f"    source: {_quoted(table.source)}",
        f"    title: {_quoted(table.title)}",
        f"    kind: {table.kind}",
        *([] if table.kind == "baseline" else [f"    population: {main}"]),
        "    columns:",
        *(f"      {column.name}: {_flow(column.attributes)}" for column in table.columns),
        *_entries("rows", rows, "only what differs from the column, such as age: {statistic: mean_sd, unit: years}"),
    ]
    if table.kind == "baseline":
        lines += _entries(
            "variables", variables, "each row's kind, such as age: {type: continuous}, sex: {type: binary}"
        )
    return "\n".join(lines)


def _entries(key: str, found: dict[str, dict[str, str]], example: str) -> list[str]:
    if not found:
        return [f"    {key}: {{}}  # {example}"]
    return [f"    {key}:  # {example}", *(f"      {_quoted(name)}: {_flow(said)}" for name, said in found.items())]


def _flow(attributes: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {word}" for key, word in attributes.items()) + "}"


def _quoted(text: str) -> str:
    """A YAML string in double quotes, whatever characters it has."""
    return json.dumps(text, ensure_ascii=False)
