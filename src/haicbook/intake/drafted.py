"""Tables of data/ drafted from printed ones: whose each column is, what each row is, and how its cells are read.

A draft is a proposal. What is not recognised is named and left out, and everything else waits for somebody to check it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from haicbook.intake.jats import PrintedTable
from haicbook.study.schema import Kind
from haicbook.words import slug_of

_KINDS: tuple[tuple[Kind, str], ...] = (
    ("adverse_events", r"adverse|toxicit|safety"),
    ("response", r"\bresponse|recist|efficacy"),
    ("baseline", r"baseline|characteristic|demographic"),
)
_GRADES = (
    ("g12", r"grades?\s*(1|i)\s*(–|-|/|to|and|or)\s*(2|ii)\b"),
    ("g34", r"grades?\s*(3|iii)\s*(–|-|/|to|and|or)\s*(4|iv)\b"),
    ("g3plus", r"(≥|>=)\s*(grade\s*)?(3|iii)|grades?\s*(≥\s*)?3(\s*(or|and)\s*(higher|above)|\s*[–-]\s*5|\+)?"),
    ("any", r"any|all\s+grades?|total"),
)
_RESPONSES = {
    "cr": r"complete response|\bcr\b",
    "pr": r"partial response|\bpr\b",
    "sd": r"stable disease|\bsd\b",
    "pd": r"progressive disease|\bpd\b",
    "orr": r"(objective|overall) response|\borr\b",
    "dcr": r"disease control|\bdcr\b",
}
_P = re.compile(r"^p\b|\bp[\s-]*value|\bp$", re.IGNORECASE)
_BEFORE, _AFTER = re.compile(r"before|unmatched|unadjusted", re.I), re.compile(r"after|matched|psm", re.I)
_SPREAD = re.compile(
    r"^[−-]?[\d.,]+\s*(\(?\s*(range|iqr)?\s*[−-]?[\d.,]+\s*(–|-|~|to|,\s)\s*[−-]?[\d.,]+\s*\)?)$", re.I
)
_SIZE = re.compile(r"n\s*=\s*([\d,]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """Whose a drafted column is: its name, and its attributes as `study.yml` has them."""

    name: str
    attributes: dict[str, str]


@dataclass(frozen=True)
class Drafted:
    """A table of data/, drafted.

    Attributes
    ----------
    kind, source, title
        What it is, and where it stands.
    columns
        Column of the printed table to whose it is.
    rows
        `id`, `label`, `level`, `grade` and the cells.
    statistics
        Row to how its cells are read, where that differs from the columns.
    variables
        Row to its type; of a baseline table.
    unread
        Columns that were not recognised, in words.
    """

    kind: Kind
    source: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    statistics: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Whose:
    """Arms and populations, by which a column is recognised.

    Attributes
    ----------
    arms
        Arm to what the paper calls it.
    sizes
        Population and arm to patients.
    """

    arms: dict[str, str]
    sizes: dict[tuple[str, str], int]

    @property
    def populations(self) -> tuple[str, ...]:
        """In the order of the study."""
        return tuple(dict.fromkeys(population for population, _ in self.sizes))


def drafted(table: PrintedTable, whose: Whose) -> Drafted | None:
    """A printed table as one of data/; None where it is of no known kind, or none of its columns is an arm's."""
    kind = next((kind for kind, words in _KINDS if re.search(words, table.caption, re.IGNORECASE)), None)
    if kind is None or not table.header:
        return None
    headings = [" ".join(dict.fromkeys(row[column] for row in table.header)) for column in range(len(table.header[0]))]
    found = {place: _column(words, kind, whose) for place, words in enumerate(headings) if place > 0}
    known = {place: column for place, column in found.items() if column is not None}
    if not any("arm" in column.attributes for column in known.values()):
        return None
    places = _apart(known)
    rows, statistics, variables = _rows(table, kind, list(places))
    unread = tuple(headings[place] for place in found if place not in places and headings[place])
    columns = tuple(places.values())
    return Drafted(kind, table.label, table.caption, columns, rows, statistics, variables, unread)


def _column(words: str, kind: Kind, whose: Whose) -> Column | None:
    """Whose a column is, from its heading; None where that is not said."""
    population = _population(words, whose)
    grade = next((key for key, pattern in _GRADES if re.search(pattern, words, re.IGNORECASE)), "")
    attributes: dict[str, str] = {}
    if kind == "adverse_events":
        attributes["grade"] = grade or "any"
    if kind == "baseline":
        attributes["population"] = population
    suffix = f"_{population.removesuffix('_psm')}" if kind == "baseline" and len(whose.populations) > 1 else ""
    suffix += f"_{attributes['grade']}" if kind == "adverse_events" else ""
    if _P.search(words.strip()):
        return Column(f"p{suffix}", attributes | {"statistic": "p"})
    arm = _arm(words, whose)
    return Column(f"{arm}{suffix}", {"arm": arm} | attributes | {"statistic": "n_pct"}) if arm else None


def _population(words: str, whose: Whose) -> str:
    """By what the heading says, else by its number of patients, else the one of the results."""
    names = whose.populations
    if len(names) == 1:
        return names[0]
    if _BEFORE.search(words):
        return names[0]
    if _AFTER.search(words):
        return names[-1]
    sizes = {int(size.replace(",", "")) for size in _SIZE.findall(words)}
    return next((population for (population, _), n in whose.sizes.items() if n in sizes), names[-1])


def _arm(words: str, whose: Whose) -> str:
    """By name, the longest that fits; else by its number of patients where no two arms have the same."""
    folded = words.casefold()
    named = [arm for arm, name in whose.arms.items() if name.casefold() in folded]
    if named:
        return max(named, key=lambda arm: len(whose.arms[arm]))
    sizes = {int(size.replace(",", "")) for size in _SIZE.findall(words)}
    sized = {arm for (_, arm), n in whose.sizes.items() if n in sizes}
    return sized.pop() if len(sized) == 1 else ""


def _apart(known: dict[int, Column]) -> dict[int, Column]:
    """The first of several columns that would be the same one."""
    kept: dict[int, Column] = {}
    for place, column in known.items():
        if column.name not in {other.name for other in kept.values()}:
            kept[place] = column
    return kept


def _rows(
    table: PrintedTable, kind: Kind, places: Sequence[int]
) -> tuple[tuple[tuple[str, ...], ...], dict[str, str], dict[str, str]]:
    """Rows with their ids and levels, how those that are no counts are read, and the types of covariates."""
    rows: list[tuple[str, ...]] = []
    statistics: dict[str, str] = {}
    levels: dict[str, int] = {}
    for row, level, cells in _grouped(table, kind, places):
        taken = {entry[:1] + entry[2:3] for entry in rows}
        if (row, level) in taken or not row:
            continue
        label = cells[0]
        rows.append((row, label, level, "", *cells[1:]))
        levels[row] = levels.get(row, 0) + bool(level)
        read = next((_read_as(cell, label) for cell in cells[1:] if cell), "")
        if read and not level:
            statistics[row] = read
    types = {
        row: "continuous" if row in statistics else "binary" if n in (0, 1, 2) else "nominal"
        for row, n in levels.items()
    }
    return tuple(rows), statistics, types if kind == "baseline" else {}


def _grouped(table: PrintedTable, kind: Kind, places: Sequence[int]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Id, level, and label with cells of each row.

    In a baseline table a row is a level of the one above where it is indented, or where that one has no figure of an
    arm; a bare number is always a level.
    """
    above, indent, opened, tested = "", 0, False, False
    for cells, deep in zip(table.body, table.indents, strict=True):
        label, figures = cells[0], tuple(cells[place] for place in places)
        if not label and not any(figures):
            continue
        counts = _but_p(table, places, figures)
        bare = not any(re.search(r"\d", count) for count in counts)
        own_test = any(figures[place] for place in range(len(figures)) if figures[place] not in counts)
        unlike = (tested and own_test) or any(_read_as(count, label) for count in counts)
        follows = opened and not any(table.indents) and not bare and not unlike
        if kind == "baseline" and above and (deep > indent or follows or label.isdecimal()):
            yield above, _slug(label), (label, *figures)
            continue
        above, indent, opened, tested = _row_id(label, kind), deep, bare, any(figures)
        yield above, "", (label, *figures)


def _but_p(table: PrintedTable, places: Sequence[int], figures: Iterable[str]) -> list[str]:
    heads = [" ".join(row[place] for row in table.header) for place in places]
    return [figure for head, figure in zip(heads, figures, strict=True) if not _P.search(head.strip())]


def _read_as(cell: str, label: str) -> str:
    """How a cell that is no count is read; empty where it is a count."""
    if "±" in cell or re.search(r"\(\s*sd", cell, re.IGNORECASE):
        return "mean_sd"
    if _SPREAD.match(cell.strip()):
        return "median_range" if re.search(r"\brange\b", f"{label} {cell}", re.IGNORECASE) else "median_iqr"
    return ""


def _row_id(label: str, kind: Kind) -> str:
    """The id that all studies use for it where there is one, else one made of its label."""
    if kind == "response":
        return next((key for key, words in _RESPONSES.items() if re.search(words, label, re.IGNORECASE)), _slug(label))
    return slug_of(label) or _slug(label)


def _slug(label: str) -> str:
    """A row's id from its label: without units and footnotes in brackets."""
    signs = {"≤": " up to ", "≥": " from ", "<": " below ", ">": " above ", "+": " plus "}
    text = re.sub(r"[,(\[].*$", "", label).strip() or label
    for sign, words in signs.items():
        text = text.replace(sign, words)
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:60]
