"""The appendix: every printed value of every study, to search, sort, filter and download without a network."""

from __future__ import annotations

import hashlib
import json
import math
import re
from pathlib import Path
from typing import Any

from haicbook.export import export
from haicbook.markup import visible
from haicbook.paths import executed_dir
from haicbook.results import write_text
from haicbook.study import Paper, load, studies
from haicbook.synthesis import usage
from haicbook.words import GRADES, abbreviation, label

COLUMNS = (
    *("Study", "Source", "What", "Arm", "Statistic", "Printed", "Value", "Rounding interval"),
    *("State", "Patients", "Row as printed", "Used in", "Id"),
)
_FILTERS = ("Study", "Source", "Patients", "Arm", "Statistic", "State", "Used in")
# sorted by size, not as texts
_NUMBERS = ("Printed", "Value", "Rounding interval")
_SHORT_FORMS = {
    word: word.upper()
    for word in ("ae", "afp", "ci", "cr", "gda", "haic", "orr", "os", "pd", "pfs", "pr", "tace", "ttr")
}
_SHORT_FORMS |= {"dor": "DoR", "pd1": "PD-1"}
_SHORT = re.compile(rf"\b({'|'.join(_SHORT_FORMS)})\b", re.IGNORECASE)

_PAGE = """# Every printed value

Each number that the five papers print and this book holds, with its place. A figure of 28.8 stands for every number
from 28.75 to 28.85; that is its rounding interval. “State” says how a figure was read: exact, below (printed with <),
above (printed with >), not reached, words (a statement), or unreadable, a misprint that is kept as it stands.

“Used in” says what a value does here. A “target” is what a reconstruction is asked to meet; the chapter says which of
them no data set can meet. “Compared” stands beside a reconstruction. A “conflict” is a figure from another place of
the paper that disagrees with the target. “Audit” names the kind of finding that the value is part of. A dotted figure
in a chapter leads to its row here.

In the CSV files an apostrophe stands before a text that a spreadsheet would run as a formula, or that a program would
read as missing, such as a printed “NA”: take it away to have the text.

```{raw} html
<p>Download: <a href="values/values.csv" download>values.csv</a>,
<a href="values/values.parquet" download>values.parquet</a>,
<a href="values/studies.csv" download>studies.csv</a>, and the
<a href="values/datapackage.json" download>data package</a> that describes them.</p>
<div id="haic-values"><p>The table needs JavaScript. The files above hold the same values.</p></div>
<script src="values/values.js?v=DIGEST"></script>
<script src="_static/values.js"></script>
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
    # an export replaces only what is an export
    (folder() / "values.js").unlink(missing_ok=True)
    export(papers, folder())
    rows = [[*map(visible, row)] for paper in papers for row in rows_of(paper)]
    data = {"columns": COLUMNS, "filters": _FILTERS, "numbers": _NUMBERS, "rows": rows}
    text = f"window.haicValues = {json.dumps(data, ensure_ascii=False, separators=(',', ':'))};\n"
    write_text(folder() / "values.js", text)
    page = executed_dir() / "values.md"
    # another address for other values: no browser shows a page with the values of an earlier build
    write_text(page, _PAGE.replace("DIGEST", hashlib.sha256(text.encode()).hexdigest()[:8]))
    return page


def rows_of(paper: Paper) -> list[list[str]]:
    """One list of texts for each printed value, in the order of :data:`COLUMNS`."""
    uses = usage(paper)
    spec = paper.spec
    return [
        [
            *(paper.study, value.source, _what(value), spec.arms[value.arm].short if value.arm else ""),
            *(value.statistic.replace("_", " "), value.printed, _number(value), _interval(value)),
            *(value.state.replace("_", " "), spec.populations[value.population].label if value.population else ""),
            *(value.label, "; ".join(uses.get(value.id, [])), value.id),
        ]
        for value in paper.values.itertuples(index=False)
    ]


def _what(value: Any) -> str:
    """The row in words: event or covariate, category as printed, endpoint, criterion, grade, model, time."""
    parts = [
        _named(value.term or value.row),
        value.label if value.level and value.label else value.level.replace("_", " "),
        abbreviation(value.endpoint) if value.endpoint and not value.row.startswith(value.endpoint) else "",
        label(value.criterion) if value.criterion else "",
        GRADES.get(value.grade, ""),
        value.model,
        "" if math.isnan(value.time) else f"{value.time:g} months",
    ]
    return ", ".join(part for part in parts if part)


def _named(slug: str) -> str:
    # a claim's id is made of words that have a short form of their own: os_rate is OS rate
    return _SHORT.sub(lambda found: _SHORT_FORMS[found[0].lower()], label(slug))


def _number(value: Any) -> str:
    # a date's number of days says nothing to a reader; NaN is what was not reached or cannot be read
    return "" if value.statistic == "date" or math.isnan(value.value) else f"{value.value:.10g}"


def _interval(value: Any) -> str:
    if value.state == "below":
        return f"up to {value.high:.10g}"
    if value.state == "above":
        return f"from {value.low:.10g}"
    if value.state != "exact" or value.statistic == "date":
        return ""
    return "not rounded" if value.low == value.high else f"{value.low:.10g} to {value.high:.10g}"
