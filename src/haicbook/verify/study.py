"""One study's extraction laid over its text."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from haicbook.study import Paper
from haicbook.verify.claim_search import Claim, Placed, check_claim, check_statement
from haicbook.verify.clean import clean
from haicbook.verify.items import Item, read_items
from haicbook.verify.regions import TextLine, read_lines
from haicbook.verify.row_search import TableRow, TextCell, check_rows
from haicbook.verify.verdict import Shifted, Sought, Uncovered, Verdict

_READ = ("abstract", "methods", "results", "discussion", "conclusion")
_PATIENTS = 3  # a number word is a count when patients follow within so many words
_COUNTED = re.compile(r"(?:patient|participant|subject|case|death|center|centre|individual)s?")


def lay_over(paper: Paper, text: str) -> Verdict:
    """Look for every printed value of a study in the paper's text, and for every figure of the text in the data.

    Parameters
    ----------
    paper
        The study, as :func:`haicbook.study.load` gives it.
    text
        The paper as plain text, from any program: recognition, LaTeX, HTML or Markdown.

    Returns
    -------
    Verdict
        Digits must agree one by one; typesetting need not.
    """
    claims = _claims(paper)
    lines = read_lines(text, {claim.place for claim in claims if claim.place})
    items = read_items([line.text for line in lines], [line.region == "table" for line in lines])
    covered: set[int] = set()
    checked: list[Sought] = []
    shifted: list[Shifted] = []
    for number, rows in _tables(paper).items():
        own = [index for index, item in enumerate(items) if _in_table(lines[item.line - 1], number)]
        verdicts, moved, seen = check_rows(rows, [items[index] for index in own])
        checked, shifted = checked + verdicts, shifted + moved
        covered |= {own[index] for index in seen}
    own = [index for index, item in enumerate(items) if item.findable and _is_prose(lines[item.line - 1])]
    placed = [_placed(items[index], lines) for index in own]
    headings = {line.place for line in lines if line.place}
    for claim in claims:
        verdict, seen = check_claim(claim, placed, headings)
        checked.append(verdict)
        covered |= {own[index] for index in seen}
    checked += [check_statement(claim, lines) for claim in _claims(paper, in_words=True)]
    return _verdict(paper, items, lines, covered | _known(paper, items, lines), checked, shifted)


def _in_table(line: TextLine, number: str) -> bool:
    return line.region == "table" and line.table == number


def _is_prose(line: TextLine) -> bool:
    return line.region in (*_READ, "note", "figure")


def _placed(item: Item, lines: list[TextLine]) -> Placed:
    line = lines[item.line - 1]
    return Placed(item, line.section, line.region, line.place)


def _claims(paper: Paper, *, in_words: bool = False) -> list[Claim]:
    """What the running text prints in figures, or what it says in words."""
    values = paper.values[(paper.values.state == "words") == in_words]
    rows = values[values.kind == "claim"].drop_duplicates(["file", "line"])
    return [
        Claim(row.file, row.line, row.section, row.source, row.row, row.cell, row.statistic == "p")
        for row in rows.itertuples()
    ]


def _tables(paper: Paper) -> dict[str, list[TableRow]]:
    """Every row of the printed tables, by the table's number."""
    tables: dict[str, list[TableRow]] = {}
    for table in paper.spec.tables:
        name = f"{paper.study}/{table.file}"
        p_columns = {column for column, has in table.columns.items() if (has.statistic or table.statistic) == "p"}
        tables.setdefault(table.number, []).extend(
            TableRow(
                name,
                row.line,
                table.source,
                row["label"],
                tuple(TextCell(column, row[column], column in p_columns) for column in table.columns if row[column]),
            )
            for row in paper.printed_tables[table.file]
        )
    return tables


def _known(paper: Paper, items: list[Item], lines: list[TextLine]) -> set[int]:
    """Figures that study.yml or a claim's time holds: group sizes, the ratio, the months of a rate, row labels."""
    groups = [population.n for population in paper.spec.populations.values()]
    sizes = {str(size) for n in groups for size in (*n.values(), sum(n.values()))}
    times: dict[str, set[str]] = {}
    claims = paper.values[(paper.values.kind == "claim") & paper.values.time.notna()]
    for section, time in zip(claims.section, claims.time, strict=True):
        times.setdefault(section, set()).add(f"{time:g}")
    known = set()
    for index, item in enumerate(items):
        if not item.counts or item.kind != "figure":
            continue
        line = lines[item.line - 1]
        around = item.context
        if item.text in sizes and re.search(rf"\bn\s*=\s*{item.text}\b", around, re.IGNORECASE):
            known.add(index)
        if item.text in times.get(line.section, ()) and re.search(
            rf"\b{item.text}\b[\d ,-]*(?:and \d+)?[ -]*mo", around
        ):
            known.add(index)
        if (
            (ratio := paper.spec.matching and paper.spec.matching.ratio)
            and ratio in around
            and item.text in ratio.split(":")
        ):
            known.add(index)
    return known | _labels_in_prose(paper, items)


def _labels_in_prose(paper: Paper, items: list[Item]) -> set[int]:
    """Figures of row labels that the running text repeats, such as a score's groups."""
    figures = [index for index, item in enumerate(items) if item.kind == "figure"]
    shown = [items[index].text for index in figures]
    known: set[int] = set()
    labels = {row["label"] for rows in paper.printed_tables.values() for row in rows}
    for label in labels:
        wanted = [item.text for item in read_items([clean(label)], [True]) if item.kind == "figure"]
        if len(wanted) < 2:
            continue
        for start in range(len(shown) - len(wanted) + 1):
            if shown[start : start + len(wanted)] == wanted:
                known |= set(figures[start : start + len(wanted)])
    return known


def _verdict(
    paper: Paper,
    items: list[Item],
    lines: list[TextLine],
    covered: set[int],
    checked: list[Sought],
    shifted: list[Shifted],
) -> Verdict:
    uncovered: list[Uncovered] = []
    left_out: Counter[str] = Counter()
    asked = 0
    for index, item in enumerate(items):
        line = lines[item.line - 1]
        reason = _reason(item, line, items, index)
        if reason == "word":
            continue
        if reason:
            if index not in covered:
                left_out[reason] += 1
            continue
        asked += 1
        if index not in covered:
            part = f"Table {line.table}" if line.region == "table" else line.region
            uncovered.append(Uncovered(item.line, part, item.sign + item.text, item.context))
    return Verdict(paper.study, tuple(checked), tuple(uncovered), tuple(shifted), asked, dict(left_out.most_common()))


def _reason(item: Item, line: TextLine, items: list[Item], index: int) -> str:
    """Why a figure is not asked about; empty when it is, `word` when it is none."""
    if item.kind == "number word":
        follows = items[index + 1 : index + 1 + _PATIENTS]
        counted = any(other.kind == "word" and _COUNTED.fullmatch(other.text) for other in follows)
        return "" if counted and line.region in ("abstract", "results") and item.text != "0" else "word"
    if item.kind != "figure":
        return "word"
    if line.region not in (*_READ, "table", "note", "figure"):
        return {"references": "the list of references", "page": "page numbers"}.get(
            line.region, f"{line.region} matter"
        )
    return item.left_out


def read_text(path: Path) -> str:
    """A paper's text; what is not UTF-8 in it is replaced, since it is never a digit."""
    return path.read_text(encoding="utf-8-sig", errors="replace")
