"""Which test gives a paper's p-values, and whether it is the one that the paper names, or uses elsewhere."""

from __future__ import annotations

from haicbook.audit.cells import Cell, place
from haicbook.audit.finding import Finding, Severity
from haicbook.audit.registry import STATISTICS, Rule
from haicbook.audit.row_tests import least_expected
from haicbook.audit.tests import USUAL, Judged, judged_rows, most_frequent, p_range, severity_of
from haicbook.study import Paper

# below this expected count a chi-square test gives way to an exact or corrected one
_FEW = 5


def methods(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Which test gives the p-values, where it is not one the paper names, or not the one that gives most of them.

    A warning where significance at 0.05 rests on the choice, else one note for each habit. Fisher's or Yates' test
    needs no note where an expected count is below 5, and such rows do not tell which test is the usual one.
    """
    judged = [row for row in judged_rows(paper, tuple(found)) if row.given_by and not row.of_values]
    large = [row for row in judged if not _few(row)]
    telling, of = (large, " with expected counts of at least 5") if large else (judged, "")
    named, usual = _named(paper), most_frequent(telling)
    unnamed = [row for row in judged if not _is_named(row, named)]
    corrected = [row for row in judged if row not in unnamed and _corrected(row, usual)]
    said = f"the one that gives most ({usual}, {sum(usual in row.given_by for row in telling)} of {len(telling)}{of})"
    flipped = [row for row in (*unnamed, *corrected) if _flips(row, usual) and not _called_for(row)]
    rest = [[row for row in rows if row not in flipped] for rows in (unnamed, corrected)]
    return [
        *(_other_test(paper, [row], usual, "warning", said) for row in flipped),
        *(_other_test(paper, rest[0], usual, "info", "a test that the methods name") for _ in rest[0][:1]),
        *(_other_test(paper, rest[1], usual, "info", said) for _ in rest[1][:1]),
    ]


def _named(paper: Paper) -> set[str]:
    """The tests that the methods name; the three usual ones where they name none."""
    said = (paper.spec.methods.categorical or "").lower()
    named = {"Fisher"} if "fisher" in said else set()
    if "chi" in said or "χ" in said:
        named |= {"Pearson", "Yates"}
    return named or set(USUAL)


def _is_named(row: Judged, named: set[str]) -> bool:
    return bool(named & set(row.given_by))


def _corrected(row: Judged, usual: str) -> bool:
    """Whether only a corrected or exact test gives the figure, the usual one would not, and no count calls for it."""
    plain = usual in row.p[0] and usual not in row.given_by and usual == "Pearson"
    return plain and not _called_for(row)


def _called_for(row: Judged) -> bool:
    """Whether a corrected or exact test gives the figure, and an expected count is so small that it is the choice."""
    return _few(row) and bool({"Yates", "Fisher"} & set(row.given_by))


def _few(row: Judged) -> bool:
    """Whether a chi-square test would be off: an expected count below 5."""
    return min(least_expected(table) for table in row.tables) < _FEW


def _flips(row: Judged, usual: str) -> bool:
    """Whether the usual test lies on the other side of 0.05 than the printed figure."""
    values = [found[usual] for found in row.p if usual in found]
    return bool(values) and severity_of(row.printed, values)[0] == "error"


def _other_test(paper: Paper, rows: list[Judged], usual: str, severity: Severity, said: str) -> Finding:
    first = rows[0]
    operator = "" if first.printed.figure.strip()[:1] in "<>" else "= "
    example = f"{place(paper, first.cell)}: p {operator}{first.printed.figure} is that of {_listed(first.given_by)}"
    example += f"; {usual} gives {p_range(p[usual] for p in first.p)}" if usual in first.p[0] else ""
    if severity == "warning":
        sentence = f"{example}. Significance at 0.05 rests on the test."
    else:
        several = f"{len(rows)} p-values are" if len(rows) > 1 else "One p-value is"
        sentence = f"{several} not of {said}; for instance {example}."
    ids = tuple(dict.fromkeys(row.cell.ids["p"] for row in rows))
    return Finding(
        "p_method",
        severity,
        paper.study,
        ids,
        first.cell.text,
        first.recomputed,
        sentence,
        recomputation=f"{first.counts}: {first.recomputed}",
        count=len(rows),
    )


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


RULES: tuple[Rule, ...] = (
    Rule(
        "p_method",
        "The p-values are those of the tests that the paper names",
        methods,
        "Cochran WG. Biometrics 1954;10:417-451 (expected counts below 5)",
        "A warning only where significance at 0.05 rests on the test",
        "tests",
        STATISTICS,
    ),
)
