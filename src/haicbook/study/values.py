"""From printed cells to tidy printed values: one row for each number, with its place, meaning and rounding interval."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, get_args

import pandas as pd

from haicbook.limits import MOST_MONTHS
from haicbook.printed import (
    ONE_MARK,
    CellError,
    Comma,
    Printed,
    decimal_marks,
    normalise,
    parse_cell,
    parse_number,
)
from haicbook.study.files import Row
from haicbook.study.problems import Problem
from haicbook.study.schema import Attributes, Criterion, Endpoint, Grade, Model, Section, Statistic, Study, Table

ATTRIBUTES = (
    *("population", "arm", "reference", "endpoint", "criterion", "grade", "model", "term", "time", "unit"),
    *("confidence", "sides"),
)
COLUMNS = (
    *("id", "study", "source", "section", "kind", "file", "line", "column", "row", "label", "level"),
    *("population", "arm", "reference", "endpoint", "criterion", "grade", "model", "term", "time", "unit"),
    *("read_as", "statistic", "cell", "printed", "value", "low", "high", "decimals", "state", "confidence", "sides"),
)
CLAIM_COLUMNS = (
    *("id", "section", "source", "endpoint", "criterion", "population", "arm", "reference"),
    *("term", "level", "grade", "model", "time", "statistic", "unit", "printed"),
)
TABLE_COLUMNS = ("id", "label", "level", "grade")
_SLUG = re.compile(r"[a-z0-9][a-z0-9_]*")
_DAYS_IN_MONTH = 365.25 / 12
# months in one unit of a time to an event; none is named where they are months
IN_MONTHS = {"months": 1.0, "": 1.0, "years": 12.0, "weeks": 7 / _DAYS_IN_MONTH, "days": 1 / _DAYS_IN_MONTH}
_PERCENT = {"pct", "rate"}
# not negative, whatever the paper is about
_NEVER_NEGATIVE = {"sd", "n", "denominator"}
_TIMES = {"median", "median_ci", "median_iqr", "median_range"}
# a statement is kept as what it says, in a slug, and as the paper's word for it: a sentence stays in the paper
SAID = "said"
_MOST_WORDS = 4
# "17.8 v 11.5": of the arm and of the reference; a ratio or a p is of both
_VERSUS = re.compile(r"\s+(?:v|vs\.?|versus)\s+", re.IGNORECASE)
_CONTRASTS = {"hr", "hr_ci", "p"}

Record = dict[str, Any]
Place = tuple[str, int, str]


def table_records(spec: Study, table: Table, rows: Iterable[Row], name: str) -> tuple[list[Record], list[Problem]]:
    """Values of one printed table, and what is wrong with its cells."""
    records: list[Record] = []
    problems: list[Problem] = []
    known = set()
    rows = list(rows)
    comma, mixed = _comma_of(((row, column) for row in rows for column in table.columns), name)
    problems += mixed
    for row in rows:
        known |= {row["id"], f"{row['id']}/{row['level']}"}
        problems += _slug_problems(name, row)
        if row["grade"] and row["grade"] not in get_args(Grade):
            problems.append(Problem(name, row.line, "grade", repr(row["grade"]), _one_of(("", *get_args(Grade)))))
        for column, attributes in table.columns.items():
            record = _table_cell(spec, table, row, column, attributes, name)
            try:
                records += _split(record, comma)
            except CellError as error:
                problems.append(Problem(name, row.line, column, repr(error.cell), error.expected))
    for declared in {*table.rows, *table.variables} - known:
        problems.append(Problem(name, 0, "id", f"no row {declared}", "every row that study.yml describes"))
    return records, problems


def claim_records(spec: Study, rows: Iterable[Row], name: str) -> tuple[list[Record], list[Problem]]:
    """Values of the running text, and what is wrong with them."""
    records: list[Record] = []
    rows = list(rows)
    comma, problems = _comma_of(((row, "printed") for row in rows if row["statistic"] != "date"), name)
    for row in rows:
        problems += [*_slug_problems(name, row), *_claim_word_problems(spec, row, name)]
        record = dict(row.cells) | {
            "study": spec.study,
            "kind": "claim",
            "file": name,
            "line": row.line,
            "column": "printed",
            "row": row["id"],
            "label": "",
            "read_as": row["statistic"],
            "cell": row["printed"],
            "place": row["section"],
        }
        if not row["printed"]:
            problems.append(Problem(name, row.line, "printed", "nothing", "the figure as printed"))
            continue
        try:
            records += _split(record, comma)
        except CellError as error:
            problems.append(Problem(name, row.line, "printed", repr(error.cell), error.expected))
        except KeyError:
            continue  # an unknown statistic, already reported
    return records, problems


def _table_cell(spec: Study, table: Table, row: Row, column: str, own: Attributes, name: str) -> Record:
    levelled = f"{row['id']}/{row['level']}" if row["level"] else row["id"]
    of_row = table.rows.get(levelled, Attributes())
    nearest = {
        key: next((v for v in (getattr(of_row, key), getattr(own, key), getattr(table, key)) if v is not None), "")
        for key in ATTRIBUTES
    }
    # a comparison belongs to no arm, even where the row names one
    is_p = (own.statistic or table.statistic) == "p"
    statistic = "p" if is_p else of_row.statistic or own.statistic or table.statistic
    if row["grade"]:
        nearest["grade"] = row["grade"]
    return nearest | {
        "study": spec.study,
        "source": table.source,
        "place": table.slug,
        "section": "table",
        "kind": table.kind,
        "file": name,
        "line": row.line,
        "column": column,
        "row": row["id"],
        "label": row["label"],
        "level": row["level"],
        "read_as": statistic,
        "cell": row[column],
    }


def _comma_of(cells: Iterable[tuple[Row, str]], name: str) -> tuple[Comma | None, list[Problem]]:
    """What a comma is in a file, by the figures that show it; a problem where both decimal marks are shown."""
    first: dict[str, tuple[Row, str]] = {}
    for row, column in cells:
        for mark in decimal_marks(row[column]):
            first.setdefault(mark, (row, column))
    if len(first) < 2:
        return ("decimal" if "," in first else "thousands" if first else None), []
    (row, column), (other, elsewhere) = first[","], first["."]
    found = f"{row[column]!r} beside {other[elsewhere]!r} in line {other.line}"
    return None, [Problem(name, row.line, column, found, f"figures {ONE_MARK}")]


def _split(record: Record, comma: Comma | None) -> Iterator[Record]:
    """One record for each number in the cell."""
    both = _VERSUS.split(normalise(record["cell"]))
    if len(both) == 2 and record["read_as"] not in _CONTRASTS | {SAID}:
        if not (record["arm"] and record["reference"]):
            raise CellError(record["cell"], record["read_as"], "or an arm and a reference for the two")
        ours = {"arm": record["arm"], "cell": both[0]}
        theirs = {"arm": record["reference"], "cell": both[1], "column": f"{record['column']}, second"}
        for one in (ours, theirs):
            yield from _split(record | {"reference": ""} | one, comma)
        return
    record = record | {"time": _months(record["time"])}
    if record["read_as"] == SAID:
        nothing = dict.fromkeys(("value", "low", "high", "confidence"), math.nan)
        said = {"statistic": SAID, "printed": record["cell"], "decimals": 0, "state": "words", "sides": ""}
        yield record | nothing | said | {"id": value_id(record, SAID)}
        return
    for statistic, printed in parse_cell(record["cell"], record["read_as"], comma):
        # a count that is only bounded, `<5`, counts nobody
        bounded = statistic in ("n", "denominator") and printed.state in ("below", "above")
        is_limit = statistic in ("ci_low", "ci_high")
        given = parse_number(record.get("confidence") or "").value if printed.confidence == 95 else math.nan
        confidence = (printed.confidence if math.isnan(given) else given) if is_limit else math.nan
        sides = (record.get("sides") or printed.sides) if statistic == "p" else ""
        yield record | {
            "id": value_id(record, statistic),
            "statistic": statistic,
            "printed": printed.figure,
            "value": math.nan if bounded else printed.value,
            "low": printed.low,
            "high": printed.high,
            "decimals": printed.decimals,
            "state": printed.state,
            "confidence": confidence,
            "sides": sides,
        }


def _months(time: str | float) -> float:
    return parse_number(time).value if isinstance(time, str) and time else float("nan") if time == "" else float(time)


def value_id(record: Record, statistic: str) -> str:
    """`study/source/row[/level]/population[/arm][/criterion][/grade][/model][/m<time>]/statistic`."""
    time = record["time"]
    month = f"m{time:g}" if isinstance(time, float) and not math.isnan(time) else ""
    parts = (
        *(record["study"], record["place"], record["row"], record["level"], record["population"], record["arm"]),
        *(record["criterion"], record["grade"], record["model"], month, statistic),
    )
    return "/".join(part for part in parts if part)


def to_frame(records: list[Record]) -> pd.DataFrame:
    """Records as the tidy frame that the rest of the package reads."""
    return pd.DataFrame(records, columns=list(COLUMNS)).astype({"line": int, "decimals": int, "time": float})


def as_printed(value: pd.Series | Any) -> Printed:
    """A row of the tidy frame as the :class:`.Printed` that it came from."""
    read = Printed(value.printed, value.value, value.low, value.high, int(value.decimals), value.state)
    if not math.isnan(value.confidence):
        return replace(read, confidence=float(value.confidence))
    return replace(read, sides=value.sides) if value.sides else read


# --- what a cell may not say ------------------------------------------------------------------------------------------


def value_problems(spec: Study, records: list[Record]) -> list[Problem]:
    """Values that no paper can mean, and ids that two values share."""
    problems: list[Problem] = []
    first: dict[str, Record] = {}
    for record in records:
        place = (record["file"], record["line"], record["column"])
        statistic, value, figure = record["statistic"], record["value"], record["printed"]
        if record["id"] in first:
            other = first[record["id"]]
            problems.append(
                Problem(*place, f"the id {record['id']} again", f"an id of its own (line {other['line']} has this one)")
            )
        first.setdefault(record["id"], record)
        if (statistic in _PERCENT or record["unit"] == "percent") and (value < 0 or value > 100):
            problems.append(Problem(*place, f"{figure} per cent", "a percentage from 0 to 100"))
        if statistic == "rate" and 0 < value < 1 and "%" not in record["cell"]:
            wanted = f"a rate in per cent, such as {100 * value:g} ({figure}% where it is below one per cent)"
            problems.append(Problem(*place, f"{figure}, as if a fraction", wanted))
        if statistic == "p" and (value < 0 or value > 1):
            problems.append(Problem(*place, f"p = {figure}", "a probability from 0 to 1"))
        if statistic in _NEVER_NEGATIVE and value < 0:
            problems.append(Problem(*place, f"{statistic} = {figure}", "a number of at least 0"))
        problems += [*_count_problems(spec, record, place), *_ratio_problems(record, place)]
        problems += _time_problems(record, place)
    return list(dict.fromkeys(problems))


def _ratio_problems(record: Record, place: Place) -> list[Problem]:
    """A ratio is above 0; its lower limit may be printed as 0.00."""
    if record["read_as"] not in ("hr", "hr_ci"):
        return []
    statistic, value = record["statistic"], record["value"]
    if value < 0 or (value == 0 and statistic != "ci_low"):
        return [Problem(*place, f"{statistic} = {record['printed']}", "a ratio above 0")]
    return []


def _time_problems(record: Record, place: Place) -> list[Problem]:
    """Times to an event are in a unit that is converted, rates of it in per cent."""
    timed = bool(record["endpoint"]) or record["term"] == "follow_up"
    if not timed:
        return []
    unit, problems = record["unit"], []
    where = (*place[:2], "unit" if record["kind"] == "claim" else place[2])
    if record["read_as"] in _TIMES:
        if unit not in IN_MONTHS:
            problems.append(Problem(*where, repr(unit), _one_of(IN_MONTHS)))
        months = record["value"] * IN_MONTHS.get(unit, 1.0)
        if record["statistic"] == "median" and record["state"] == "exact" and not 0 <= months <= MOST_MONTHS:
            found = f"{record['printed']} {unit or 'months'}"
            problems.append(Problem(*place, found, f"a time from 0 to {MOST_MONTHS} months"))
    if record["statistic"] == "rate" and unit not in ("percent", ""):
        problems.append(Problem(*where, repr(unit), "percent, the unit of every rate"))
    return problems


def _count_problems(spec: Study, record: Record, place: Place) -> list[Problem]:
    population = spec.populations.get(record["population"])
    group = population.n.get(record["arm"]) if population else None
    countable = record["statistic"] == "n" and record["kind"] in ("baseline", "response", "adverse_events")
    if countable and group is not None and record["value"] > group:
        found = f"{record['printed']} patients of {record['arm']}, {record['population']}"
        return [Problem(*place, found, f"at most the group's {group}")]
    return []


def _slug_problems(name: str, row: Row) -> list[Problem]:
    return [
        Problem(name, row.line, column, repr(row[column]), "a slug of a–z, 0–9 and _")
        for column in ("id", "level", "term")
        if column in row.cells and (row[column] or column == "id") and not _SLUG.fullmatch(row[column])
    ]


def _one_of(words: Iterable[str]) -> str:
    return "one of " + ", ".join(word or "(empty)" for word in words)


def _claim_word_problems(spec: Study, row: Row, name: str) -> list[Problem]:
    allowed = {
        "section": get_args(Section),
        "statistic": get_args(Statistic),
        "population": ("", *spec.populations),
        "arm": ("", *spec.arms),
        "reference": ("", *spec.arms),
        "endpoint": ("", *get_args(Endpoint)),
        "criterion": ("", *get_args(Criterion)),
        "grade": ("", *get_args(Grade)),
        "model": ("", *get_args(Model)),
    }
    problems = [
        Problem(name, row.line, column, repr(row[column]), _one_of(words))
        for column, words in allowed.items()
        if row[column] not in words
    ]
    if row["statistic"] == SAID:
        problems += _statement_problems(row, name)
    time = parse_number(row["time"])
    if row["time"] and (time.state != "exact" or time.value < 0):
        problems.append(Problem(name, row.line, "time", repr(row["time"]), "a number of months from 0 on"))
    return problems


def _statement_problems(row: Row, name: str) -> Iterator[Problem]:
    """A statement names what it is about and what it says of it, and prints a few words."""
    for column in ("term", "level"):
        if not row[column] and not (column == "term" and row["endpoint"]):
            yield Problem(name, row.line, column, "nothing", "what is said, as a slug, of a term or an endpoint")
    if len(row["printed"].split()) > _MOST_WORDS:
        found = f"{len(row['printed'].split())} words"
        yield Problem(name, row.line, "printed", found, f"the paper's word for it, at most {_MOST_WORDS}")
