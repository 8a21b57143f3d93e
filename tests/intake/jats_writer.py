"""A synthetic paper's tables as the JATS XML that a publisher would make of them."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from haicbook.simulate import Draft

_ARMS = {"new": "New combination", "old": "Standard treatment"}
_WHEN = {"before": "Before matching", "after": "After matching"}
_GRADES = {"any": "Any grade", "g12": "Grade 1–2", "g34": "Grade 3–4"}

_FRONT = """
<journal-meta><journal-title-group><journal-title>Annals of Nothing</journal-title></journal-title-group></journal-meta>
<article-meta><article-id pub-id-type="doi">10.1234/nothing</article-id>
<title-group><article-title>A drug <italic>and</italic> another</article-title></title-group>
<contrib-group><contrib contrib-type="author"><name><surname>Smith</surname></name></contrib>
<contrib contrib-type="author"><name><surname>Jones</surname></name></contrib></contrib-group>
<pub-date><year>2026</year></pub-date><permissions><license><license-p>CC BY</license-p></license></permissions>
</article-meta>"""


def jats(draft: Draft, tables: Iterable[str], *, indented: bool = True, head: str = "") -> str:
    """An article with the named tables of a draft; levels are indented, or told from their heading by its p alone."""
    numbered = [table for table in draft.spec["tables"] if table["file"] in set(tables)]
    wraps = "\n".join(_wrap(draft, table, indented) for table in numbered)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
{head}<article><front>{_FRONT}</front><body>{wraps}</body></article>"""


def _wrap(draft: Draft, table: dict, indented: bool) -> str:
    columns = list(table["columns"])
    head = _matched_head(columns) if columns[0].endswith("_before") else _plain_head(columns)
    body = "".join(_row(row, columns, indented) for row in draft.tables[table["file"]])
    return f"""<table-wrap><label>Table {table["number"]}</label><caption><title>{table["title"]}</title></caption>
<table><thead>{head}</thead><tbody>{body}</tbody></table>
<table-wrap-foot><fn><p>A note.</p></fn></table-wrap-foot></table-wrap>"""


def _matched_head(columns: list[str]) -> str:
    half = len(columns) // 2
    groups = "".join(f'<th colspan="{half}">{words}</th>' for words in _WHEN.values())
    names = "".join(f"<th>{_ARMS.get(name.rpartition('_')[0], '<italic>p</italic>-value')}</th>" for name in columns)
    return f'<tr><th rowspan="2">Characteristic</th>{groups}</tr><tr>{names}</tr>'


def _plain_head(columns: list[str]) -> str:
    cells = []
    for name in columns:
        arm, _, grade = name.partition("_")
        words = [_GRADES.get(grade, ""), _ARMS.get(arm, "P")]
        cells.append(f"<th>{'<break/>'.join(word for word in words if word)}</th>")
    return f"<tr><th/>{''.join(cells)}</tr>"


def _row(row: dict[str, str], columns: list[str], indented: bool) -> str:
    space = "\u2003" if row.get("level") and indented else ""
    cells = "".join(f"<td>{escape(row.get(column, ''))}</td>" for column in columns)
    return f"<tr><td>{space}{escape(row['label'])}</td>{cells}</tr>"
