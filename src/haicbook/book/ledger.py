"""The ledger: every finding of every study, to search and filter, with the rules and how they were calibrated."""

from __future__ import annotations

import csv
import hashlib
import html
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from haicbook.audit import RULES, TOPICS, Finding, Rule, every, ranked
from haicbook.audit.audited import audited
from haicbook.audit.finding import SEVERITIES
from haicbook.audit.ranking import TOUCHES, touches
from haicbook.book.recall import recall_text
from haicbook.markup import Markup, escape, visible
from haicbook.paths import executed_dir, root
from haicbook.results import write_text
from haicbook.show.findings import MARKS, in_brief
from haicbook.show.value_links import finding_link
from haicbook.study import Paper, load, studies
from haicbook.synthesis.arms import study_label

COLUMNS = (
    *("Study", "Severity", "Finding", "By hand", "Repair", "Same slip", "Printed", "Recomputed", "Rule", "Topic"),
    *("INSPECT-SR", "Times", "Values", "Id"),
)
_FILTERS = ("Study", "Severity", "Rule", "Topic", "INSPECT-SR")
_EXAMPLE = """from pathlib import Path

from haicbook import audit, study

paper = study.load("my_paper", Path("papers"))  # the folder papers/my_paper, with study.yml
for finding in audit.ranked(paper, audit.audit(paper)):
    print(finding.severity, finding.sentence, finding.recomputation, finding.repair, sep="\\n  ")
"""
_PAGE = """# Does it add up? The ledger

{gravest}

Where figures of the five papers contradict one another or cannot be reproduced, each recomputed from printed figures
alone. An **error** cannot be right, contradicts another printed figure, or changes whether a result is significant. A
**warning** cannot be reproduced or is implausible. A **note** is a habit of rounding or a method left unnamed. One slip
is one finding: what else fails because of it is listed with it and not counted again. A finding is not an accusation:
most are slips of typing or rounding, and {{doc}}`../corrections` says how to answer one.

## Studies and rules

Findings of each rule in each study, the gravest first. A number leads to its findings below; on a narrow screen the
table scrolls sideways.

```{{raw}} html
{matrix}
```

{silent}

## Every finding

```{{raw}} html
<div id="haic-values"><p>The table needs JavaScript. <code>haicbook audit</code> prints the same findings.</p></div>
<script src="audit/ledger.js?v={digest}"></script>
<script src="_static/values.js"></script>
```

## INSPECT-SR

[INSPECT-SR](https://doi.org/10.1101/2025.09.03.25334905) asks whether a trial can be trusted before it goes into a
review. Rules of this audit serve the checks below; the others need documents that a paper does not print.

{inspect}

## The rules

{rules}

## How often it is wrong

{calibration}

{recall}

## A paper of your own

A folder with `study.yml`, the tables and `claims.csv`, as the codebook in `data/README.md` describes them, can be
audited with `haicbook audit path/to/my_paper`, or in Python:

```python
{example}```

`haicbook.simulate.synthetic_paper(rng).write(folder)` writes a fully synthetic paper to practise on;
`haicbook.simulate.calibration.inject` puts an error of a chosen kind into one.
"""
_CALIBRATED = """\
The audit was run on {papers} synthetic papers without errors (`haicbook.simulate`, seed {seed}): invented patients, and
tables, Cox models and Kaplan–Meier figures computed from them, printed with the usual decimals by the conventions of R,
SAS, Stata and SPSS, rounded or cut off. Of {checks} comparisons that could have come out wrong, {errors} ended as an
error and {warnings} as a warning.

Then errors were injected one at a time, {injected} in all. Separate code decided beforehand which of them an accepted
convention could explain: {undetectable} ({lost}) could not be detected, as where a misprint leaves a figure that still
fits. Of the {detectable} others, the rule that should find it found {found} ({kept}). Rules and injected errors were
developed on papers of other seeds; this seed was used for nothing else. The errors are of kinds that we thought of; in
real papers the shares will differ."""


def write_ledger() -> Path | None:
    """Write the page and the data that its table reads.

    Returns
    -------
    Path or None
        The page; None when data/ holds no study.
    """
    papers = [load(study) for study in studies()]
    if not papers:
        return None
    found = {paper.study: ranked(paper, audited(paper)) for paper in papers}
    rows = [[*map(visible, row)] for paper in papers for row in rows_of(paper, found[paper.study])]
    data = {
        "columns": COLUMNS,
        "filters": _FILTERS,
        "numbers": ["Times"],
        "rows": rows,
        "noun": "findings",
        "label": "Every finding",
        "search": "Search: hazard, fever, median …",
        "wide": ["Finding", "By hand", "Repair", "Same slip"],
        "page": 25,
        "marks": "Severity",
        "links": {"Values": "values.html#"},
    }
    text = f"window.haicValues = {json.dumps(data, ensure_ascii=False, separators=(',', ':'))};\n"
    write_text(executed_dir() / "site" / "audit" / "ledger.js", text)
    page = executed_dir() / "audit.md"
    findings = [finding for study in found.values() for finding in study]
    filled = _PAGE.format(
        gravest=gravest(papers, found),
        digest=hashlib.sha256(text.encode()).hexdigest()[:8],
        matrix=matrix(found),
        silent=_silent(findings),
        inspect=_inspect(findings, list(found)),
        rules=_rules(),
        calibration=_calibration(),
        recall=recall_text(),
        example=_EXAMPLE,
    )
    write_text(page, filled)
    return page


def rows_of(paper: Paper, findings: Iterable[Finding]) -> list[list[str]]:
    """One list of texts for each finding, in the order of :data:`COLUMNS`."""
    rules = {rule.key: rule for rule in RULES}
    rows = []
    nth: Counter[str] = Counter()
    for finding in findings:
        nth[finding.rule] += 1
        rule = rules[finding.rule]
        rows.append(
            [
                *(paper.study, MARKS[finding.severity], finding.sentence, finding.recomputation, finding.repair),
                " ".join(other.sentence for other in finding.consequences),
                *(finding.printed, finding.recomputed, finding.rule, TOPICS[rule.topic], finding.inspect_sr),
                *("" if finding.count == 1 else str(finding.count), " ".join(_values(finding))),
                f"{paper.study}-{finding.rule}-{nth[finding.rule]}",
            ]
        )
    return rows


def _values(finding: Finding) -> Iterable[str]:
    """The printed values of a finding and of what follows from the same slip."""
    return dict.fromkeys(value for one in every([finding]) for value in one.value_ids)


# --- what matters most ------------------------------------------------------------------------------------------------


def gravest(papers: Sequence[Paper], found: Mapping[str, Sequence[Finding]], most: int = 10) -> str:
    """The findings of all papers that matter most, a line each with a link to its kind below, as a card.

    By severity, then by what they touch; among equals the first of each paper before the second of any.
    """
    keyed = []
    for nth_paper, paper in enumerate(papers):
        for place, (finding, words) in enumerate(in_brief(found[paper.study], most)):
            gravity = SEVERITIES.index(finding.severity), TOUCHES.index(touches(paper, finding))
            keyed.append((*gravity, place, nth_paper, _told(paper, finding, words)))
    lines = "\n".join(line for *_, line in sorted(keyed)[:most])
    return f":::{{div}} haic-card haic-gravest\n**What matters most**\n\n{lines}\n:::" if lines else ""


def _told(paper: Paper, finding: Finding, words: str) -> str:
    address = finding_link(finding).partition("#")[2]
    return f'1. **{escape(study_label(paper))}.** {escape(words)} (<a href="#{address}">below</a>)'


# --- studies and rules ------------------------------------------------------------------------------------------------


def matrix(found: dict[str, list[Finding]]) -> str:
    """Rules that found something by studies, as an HTML table; each count is a link that filters the ledger."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for study, findings in found.items():
        counts.update((finding.rule, study, str(finding.severity)) for finding in findings)
    heads = "".join(f'<th scope="col">{html.escape(study_label(load(study)))}</th>' for study in found)
    body = []
    for topic, title in TOPICS.items():
        own = [
            rule for rule in RULES if rule.topic == topic and any(counts[rule.key, s, v] for s in found for v in MARKS)
        ]
        if not own:
            continue
        body.append(f'<tr><th scope="rowgroup" colspan="{len(found) + 1}">{html.escape(title)}</th></tr>')
        for rule in own:
            cells = "".join(f"<td>{_counts(rule, study, counts)}</td>" for study in found)
            body.append(f'<tr><th scope="row">{html.escape(rule.title)}</th>{cells}</tr>')
    return (
        '<div class="haic-scroll" role="region" aria-label="Studies and rules, scrolls sideways" tabindex="0">\n'
        '<table class="table haic-table haic-matrix"><caption>Findings by rule and study: E errors, W warnings, N notes'
        f'</caption>\n<thead><tr><th scope="col">Rule</th>{heads}</tr></thead>\n<tbody>\n'
        + "\n".join(body)
        + f"\n</tbody>\n<tfoot><tr><td>All rules</td>{_all(found)}</tr></tfoot></table></div>"
    )


def _all(found: dict[str, list[Finding]]) -> str:
    """The findings of each study, as cells."""
    counts = [Counter(str(finding.severity) for finding in findings) for findings in found.values()]
    texts = [" ".join(f"{of[key]}&#8239;{mark[0].upper()}" for key, mark in MARKS.items() if of[key]) for of in counts]
    return "".join(f"<td>{text}</td>" for text in texts)


def _silent(findings: list[Finding]) -> str:
    """The rules that found nothing, folded away."""
    found = {finding.rule for finding in every(findings)}
    silent = "\n".join(f"* {escape(rule.title)}" for rule in RULES if rule.key not in found)
    count = f"{sum(rule.key not in found for rule in RULES)} of the {len(RULES)} rules found nothing"
    return f":::{{dropdown}} {count}\n{silent}\n:::" if silent else ""


def _counts(rule: Rule, study: str, counts: Counter[tuple[str, str, str]]) -> str:
    links = []
    for severity, mark in MARKS.items():
        count = counts[rule.key, study, severity]
        if count:
            words = f"{count} {mark}{'' if count == 1 else 's'}"
            address = f"#Study={quote(study)}&amp;Rule={rule.key}&amp;Severity={mark}"
            links.append(
                f'<a class="haic-mark-{mark}" href="{address}" title="{words}" aria-label="{words}">'
                f"{count}&#8239;{mark[0].upper()}</a>"
            )
    return " ".join(links)


# --- text -------------------------------------------------------------------------------------------------------------


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]], caption: str, name: str, align: str) -> str:
    rule = "|".join({"l": ":--", "r": "--:"}[letter] for letter in align)
    lines = ["|" + "|".join(escape(cell) or " " for cell in row) + "|" for row in (list(heads), *map(list, rows))]
    lines.insert(1, f"|{rule}|")
    kind = "haic-table" if "r" in align else "haic-table haic-text"
    body = "\n".join(lines)
    return f":::{{table}} {escape(caption)}\n:name: {name}\n:class: {kind}\n\n{body}\n:::"


def _inspect(findings: list[Finding], names: list[str]) -> str:
    items = sorted({rule.inspect_sr for rule in RULES if rule.inspect_sr} | {f.inspect_sr for f in findings} - {""})
    rows = []
    for item in items:
        found = [finding for finding in findings if finding.inspect_sr == item]
        rules = sum(rule.inspect_sr == item for rule in RULES)
        rows.append([item, str(rules), *(str(sum(f.study == name for f in found)) for name in names)])
    heads = ["Check", "Rules", *(study_label(load(name)) for name in names)]
    return _table(heads, rows, "Findings by INSPECT-SR check", "tab-audit-inspect", "l" + "r" * (len(names) + 1))


def _rules() -> str:
    parts = [f"There are {len(RULES)} rules: what each asks, where its method comes from, and how much it tolerates."]
    for topic, title in TOPICS.items():
        own = [rule for rule in RULES if rule.topic == topic]
        rows = [[rule.title, rule.source, rule.tolerance, Markup(f"`{rule.key}`")] for rule in own]
        heads = ["Rule", "Source", "Tolerance", "Key"]
        listed = _table(heads, rows, f"{title}: rules", f"tab-audit-rules-{topic.replace('_', '-')}", "llll")
        parts.append(f"::::{{dropdown}} {title}: {len(own)} rules\n{listed}\n::::")
    return "\n\n".join(parts)


def calibration_file() -> Path:
    """Where the calibration's table is kept; `benchmarks/audit_calibration.py` writes it."""
    return root() / "benchmarks" / "results" / "audit_calibration.csv"


def _calibration() -> str:
    path = calibration_file()
    if not path.is_file():
        return "The calibration's table is not there; `python benchmarks/audit_calibration.py` makes it."
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    heads = ["Rule", "Checks", "False errors", "False warnings"]
    heads += ["Injected", "Undetectable", "Detectable", "Found", "Share"]
    shown = [[_title(row), *_calibrated(row)] for row in rows]
    table = _table(
        heads, shown, "False alarms and injected errors found, by rule", "tab-audit-calibration", "lrrrrrrrr"
    )
    without = "".join(f"\n* {escape(_title(row))}: {escape(row['why'])}." for row in rows if row["why"])
    unplanted = f"Rules without figures:\n{without}"
    return f"{_said(rows)}\n\n::::{{dropdown}} The {len(rows)} rules one by one\n{table}\n\n{unplanted}\n::::"


def _said(rows: list[dict[str, str]]) -> str:
    """The totals in words."""
    texts = ("rule", "why", "papers", "seed")
    total = {name: sum(int(row[name]) for row in rows) for name in rows[0] if name not in texts}
    words = {name: f"{number:,}" if number else "none" for name, number in total.items()}
    lost, kept = _share(total["undetectable"], total["injected"]), _share(total["found"], total["detectable"])
    return _CALIBRATED.format(papers=rows[0]["papers"], seed=rows[0]["seed"], lost=lost, kept=kept, **words)


def _title(row: dict[str, str]) -> str:
    return next((rule.title for rule in RULES if rule.key == row["rule"]), row["rule"])


def _calibrated(row: dict[str, str]) -> list[str]:
    """A rule's figures; dashes where it says only notes."""
    columns = ("checks", "errors", "warnings", "injected", "undetectable", "detectable", "found")
    if row["why"]:
        return ["–"] * (len(columns) + 1)
    return [*(f"{int(row[name]):,}" for name in columns), _share(int(row["found"]), int(row["detectable"]))]


def _share(found: int, of: int) -> str:
    """A percentage; never 100% of what is not all."""
    if not of:
        return "–"
    share = f"{100 * found / of:.1f}%"
    return "over 99.9%" if share == "100.0%" and found < of else share
