"""The appendix: every printed value of every study, to search, sort, filter and download without a network."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from haicbook.export import export
from haicbook.paths import executed_dir
from haicbook.results import write_text
from haicbook.study import Paper, load, studies
from haicbook.synthesis import usage
from haicbook.words import GRADES, abbreviation, label

COLUMNS = (
    *("Study", "Source", "What", "Arm", "Statistic", "Printed", "Value", "Rounding interval"),
    *("Patients", "Used in", "Id"),
)
_FILTERS = ("Study", "Source", "Arm", "Statistic", "Used in")

_PAGE = """# Every printed value

Each number that the five papers print and this book holds, with its place. A figure of 28.8 stands for every number
from 28.75 to 28.85; that is its rounding interval. “Used in” says which values a reconstruction has to meet and which
a finding of the audit is about. A dotted figure in a chapter leads to its row here.

```{raw} html
<p>Download: <a href="../../values/values.csv" download>values.csv</a>,
<a href="../../values/values.parquet" download>values.parquet</a>,
<a href="../../values/studies.csv" download>studies.csv</a>, and the
<a href="../../values/datapackage.json" download>data package</a> that describes them.</p>
<div id="haic-values"><noscript>The table needs JavaScript. The files above hold the same values.</noscript></div>
<script src="../../values/values.js"></script>
<script src="../../_static/values.js"></script>
```
"""


def folder() -> Path:
    """Where the downloads and the page's data go; `_config.yml` copies its content to the root of the site."""
    return executed_dir() / "site" / "values"


def write_appendix() -> Path | None:
    """Write the page, the export beside it, and the data that the page's table reads.

    Returns
    -------
    Path or None
        The page; None when data/ holds no study, and so no value.
    """
    papers = [load(study) for study in studies()]
    if not papers:
        return None
    export(papers, folder())
    data = {"columns": COLUMNS, "filters": _FILTERS, "rows": [row for paper in papers for row in rows_of(paper)]}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    write_text(folder() / "values.js", f"window.haicValues = {text};\n")
    page = executed_dir() / "values.md"
    write_text(page, _PAGE)
    return page


def rows_of(paper: Paper) -> list[list[str]]:
    """One list of texts for each printed value, in the order of :data:`COLUMNS`."""
    uses = usage(paper)
    spec = paper.spec
    return [
        [
            *(paper.study, value.source, _what(value), spec.arms[value.arm].short if value.arm else ""),
            *(_statistic(value), value.printed, _number(value), _interval(value)),
            spec.populations[value.population].label if value.population else "",
            *("; ".join(uses.get(value.id, [])), value.id),
        ]
        for value in paper.values.itertuples(index=False)
    ]


def _what(value: Any) -> str:
    """The row in words: event or covariate, category as printed, endpoint, criterion, grade, model, time."""
    named = label(value.term or value.row)
    parts = [
        named,
        value.label if value.level and value.label else value.level.replace("_", " "),
        abbreviation(value.endpoint) if value.endpoint and not value.row.startswith(value.endpoint) else "",
        label(value.criterion) if value.criterion else "",
        GRADES.get(value.grade, ""),
        value.model,
        "" if math.isnan(value.time) else f"{value.time:g} months",
    ]
    return ", ".join(part for part in parts if part)


def _statistic(value: Any) -> str:
    return str(value.statistic).replace("_", " ")


def _number(value: Any) -> str:
    if value.state in ("not_reached", "unreadable"):
        return str(value.state).replace("_", " ")
    return "" if value.statistic == "date" else f"{value.value:g}"


def _interval(value: Any) -> str:
    if value.state == "below":
        return f"up to {value.high:.10g}"
    if value.state == "above":
        return f"from {value.low:.10g}"
    if value.state != "exact" or value.statistic == "date":
        return ""
    return "exact" if value.low == value.high else f"{value.low:.10g} to {value.high:.10g}"
