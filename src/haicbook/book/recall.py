"""What a second auditor found in the same papers, and how much of it this audit finds: two paragraphs of the ledger."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from haicbook.markup import escape
from haicbook.paths import root

_TEXT = """\
A second auditor, who had not seen this one, found {errors} errors and {warnings} warnings in the texts of the same
papers. Of those errors, {e_found} ({e_share}) are errors or warnings here, {e_error} of them errors, and of those
warnings {w_found} ({w_share}). Of both, {note} noted here only, and {missed} missing.

Afterwards someone who knew both lists recomputed each of the {less} that this audit rates lower or lacks: {weak} of
them do not hold with that gravity, rest on other papers, or are about wording and labels rather than figures. Of the
rest and those found, {held_errors} of {held_of_errors} errors and {held_warnings} of {held_of_warnings} warnings are
found. That judgement is our own, and rules were added and extended after the comparison, so these shares
are not those to expect in other papers.

::::{{dropdown}} Rated lower here, or missing
{listed}
::::"""


def recall_file() -> Path:
    """Where the comparison with the second audit is kept: one row for each of its errors and warnings."""
    return root() / "benchmarks" / "results" / "audit_recall.csv"


def recall_text() -> str:
    """The comparison in words, with what was not found; empty where it is not there.

    The file's columns: paper, blind_severity (of the second audit), blind (what it found), rule and severity (ours;
    `note`, or `missed`), holds (`yes` where it is an error or warning as it claims) and reason.
    """
    path = recall_file()
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    errors, warnings = ([row for row in rows if row["blind_severity"] == name] for name in ("error", "warning"))
    less = [row for row in rows if not _found(row)]
    e, every = (Counter(row["severity"] for row in some) for some in (errors, rows))
    grave, found = e["error"] + e["warning"], sum(map(_found, warnings))
    return _TEXT.format(
        errors=len(errors),
        warnings=len(warnings),
        e_error=e["error"],
        e_found=grave,
        e_share=_percent(grave, len(errors)),
        w_found=found,
        w_share=_percent(found, len(warnings)),
        note=_are(every["note"]),
        missed=_are(every["missed"]),
        less=len(less),
        weak=sum(row["holds"] == "no" for row in less),
        held_errors=e["error"],
        held_of_errors=e["error"] + sum(row["holds"] == "yes" for row in less if row in errors),
        held_warnings=found,
        held_of_warnings=found + sum(row["holds"] == "yes" for row in less if row in warnings),
        listed="\n".join(map(_line, less)),
    )


def _found(row: dict[str, str]) -> bool:
    """Whether the audit has it with at least the gravity that the second auditor gave it."""
    return row["severity"] == "error" or row["severity"] == row["blind_severity"]


def _line(row: dict[str, str]) -> str:
    ours = "missing here" if row["severity"] == "missed" else f"a {row['severity']} here (`{row['rule']}`)"
    theirs = escape(f"{row['paper']}, {row['blind_severity']}: {row['blind']}")
    return f"* {theirs}. {ours[0].upper()}{ours[1:]}. {escape(row['reason'])}."


def _are(count: int) -> str:
    return f"{count or 'none'} {'are' if count > 1 else 'is'}"


def _percent(part: int, of: int) -> str:
    return f"{100 * part / of:.0f}%" if of else "–"
