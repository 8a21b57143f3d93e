"""What the text says in words: in several places, of all patients, of the arms side by side, of who was left out.

`claims.csv` holds a statement as a claim of its own (`said`): its id begins with what kind it is (`named_`, `listed_`,
`shows_`, `cites_`, `called_`, `odd_`, `all_of_`, `compared_`, `follows_`, `excluded_`), its term or endpoint is what it
is about, its level what it says of it, and `printed` the paper's word.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from haicbook.audit import registry
from haicbook.audit.cells import Cell, by, counts_of, denominator, group_size, grouped, whose
from haicbook.audit.finding import Discrepancy, Severity, distinct
from haicbook.audit.rules.agreement import is_below
from haicbook.audit.rules.p_values import ALPHA, Span, printed_p
from haicbook.study import Paper
from haicbook.study.values import SAID
from haicbook.words import GRADES, abbreviation, label

NAMED, LISTED, SHOWS, CITES, CALLED, ODD, ALL_OF, COMPARED, FOLLOWS, EXCLUDED = (
    *("named_", "listed_", "shows_", "cites_", "called_", "odd_", "all_of_", "compared_", "follows_", "excluded_"),
)
_ENROLLED = "enrolled"
# what the first arm has more or less of than the second
_SIGNS = {"more": 1, "longer": 1, "better": 1, "less": -1, "shorter": -1, "worse": -1}
_COMPARABLE = "comparable"
_LEFT_OUT = {
    "lost_to_follow_up": "those lost to follow-up (so that every survivor was followed to the end of the study)",
    "no_first_imaging": "those without a first imaging (as after an early death)",
    "incomplete_follow_up": "those with incomplete follow-up (so that nobody is censored early)",
}

rule = partial(registry.rule, topic="agreement", inspect_sr=registry.RESULTS)


def statements(found: list[Cell], kind: str) -> list[Cell]:
    """The statements of one kind."""
    return [cell for cell in found if cell.about.read_as == SAID and cell.about.row.startswith(kind)]


def _about(cell: Cell) -> str:
    name = abbreviation(cell.about.endpoint) if cell.about.endpoint else label(cell.quantity)
    return ", ".join(part for part in (name, GRADES.get(cell.about.grade, "")) if part)


def _level(cell: Cell) -> str:
    return str(cell.about.level.replace("_", " "))


def _ids(cells: list[Cell]) -> tuple[str, ...]:
    return tuple(cell.ids[SAID] for cell in cells)


# --- in several places ------------------------------------------------------------------------------------------------


@rule(
    "named",
    "The same thing is described in the same way throughout",
    broken="The same thing is described in two ways",
    tolerance="No tolerance for what the words mean",
)
def named(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """One thing said differently in two places: a warning, for no figure tells which is meant."""
    for group in grouped(statements(found, NAMED), by("row", "population", "arm")).values():
        if len({cell.about.level for cell in group}) > 1:
            said = "; ".join(f"“{cell.text}” in {cell.about.source}" for cell in group)
            words = [cell.text for cell in group]
            sentence = f"{_about(group[0])}{whose(paper, group[0])}: {said}. One of the two may be a slip of the pen."
            yield Discrepancy("warning", _ids(group), " / ".join(words), "", sentence, " ≠ ".join(words))


@rule(
    "listed",
    "A list is the same wherever it is given",
    broken="A list differs between places",
    tolerance="A figure may show what the text leaves out",
)
def listed(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """What one place lists (subgroups with a benefit) and another, which lists the same thing, does not: a note."""
    for group in grouped(statements(found, LISTED), by("row", "population", "arm")).values():
        places = grouped(group, by("source"))
        only = [
            (cell, source)
            for source, cells in places.items()
            for cell in cells
            if sum(cell.about.level in {other.about.level for other in others} for others in places.values()) == 1
        ]
        if len(places) > 1 and only:
            said = "; ".join(f"{cell.text} only in {source}" for cell, source in only)
            sentence = f"{_about(group[0])}{whose(paper, group[0])}: {said}."
            cells = [cell for cell, _ in only]
            yield Discrepancy("info", _ids(cells), "; ".join(cell.text for cell in cells), "", sentence)


# --- words for things -------------------------------------------------------------------------------------------------


# the figure that belongs to the other of two averages, and what that is
_SPREADS = {"median": ("sd", "a standard deviation belongs to a mean"), "mean": ("q1", "quartiles belong to a median")}


@rule(
    "called",
    "A mean is called a mean, and a median a median",
    broken="A mean is called a median, or a median a mean",
    tolerance="A standard deviation tells a mean, quartiles a median",
)
def called(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """What the text calls a median and prints with a standard deviation, or the reverse: a note."""
    for claim in statements(found, CALLED):
        spread, why = _SPREADS[claim.about.level]
        same = by("quantity", "population", "section")
        cells = [cell for cell in found if spread in cell.numbers and same(cell) == same(claim)]
        if cells:
            figures = " and ".join(cell.text for cell in cells)
            sentence = f"{claim.about.source}{whose(paper, claim)}: {figures} are called “{claim.text}”, but {why}."
            ids = (*_ids([claim]), *(cell.ids[spread] for cell in cells))
            yield Discrepancy("info", ids, claim.text, "", sentence)


@rule(
    "odd",
    "Every word can be meant as it stands",
    broken="Words that can hardly be meant as they stand",
    tolerance="A reader's judgement",
)
def odd(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Words that somebody who read the paper takes for slips of the pen: one note."""
    cells = statements(found, ODD)
    if cells:
        said = "; ".join(f"“{cell.text}” in {cell.about.source} ({_level(cell)})" for cell in cells)
        sentence = f"Words that can hardly be meant: {said}."
        yield Discrepancy("info", _ids(cells), "; ".join(cell.text for cell in cells), "", sentence)


# --- tables and figures -----------------------------------------------------------------------------------------------


_SUBJECTS = {
    "baseline": "baseline characteristics",
    "response": "tumour response",
    "adverse_events": "adverse events",
    "cox": "Cox models",
    "survival": "survival curves",
}
_PANELS = "abcdefgh"
# of what a table or figure is, and of which endpoint if of one
_Subject = tuple[str, str]
_Shown = list[tuple[str, _Subject]]


@rule(
    "cited",
    "Tables and figures show what the text cites them for",
    broken="The text cites tables or figures for what they do not show",
    tolerance="A figure shows what any of its panels does",
)
def cited(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """The number under which the text cites a table, figure or panel, against its caption: a warning.

    Numbers that are shifted are one slip, so that all tables make one finding, and all figures another.
    """
    captions = statements(found, SHOWS)
    tables = paper.spec.tables
    shown: _Shown = [(f"table_{table.number.lower()}", (table.kind, table.endpoint or "")) for table in tables]
    shown += [(caption.about.level, _subject(caption)) for caption in captions]
    for kind, group in grouped(statements(found, CITES), lambda cell: cell.about.level.partition("_")[0]).items():
        wrong = [(cell, own) for cell in group if (own := _elsewise(shown, cell))]
        if wrong:
            said = "; ".join(
                f"{_display(cell.about.level)} is cited in {cell.about.source} for {_subject_words(_subject(cell))}, "
                f"but shows {' and '.join(map(_subject_words, own))}"
                for cell, own in wrong
            )
            right = {_display(name): _subject_words(one) for name, one in shown for c, _ in wrong if _is_cited(one, c)}
            where = "".join(f" {name} shows {subject}." for name, subject in right.items())
            cells = [*(cell for cell, _ in wrong), *(c for c in captions if c.about.level.startswith(kind))]
            text, ids = "; ".join(cell.text for cell, _ in wrong), _ids(cells)
            by_hand = "; ".join(
                f"{_display(cell.about.level)}: {_subject_words(_subject(cell))} ≠ {_subject_words(own[0])}"
                for cell, own in wrong
            )
            yield Discrepancy("warning", ids, text, "", f"{said}.{where}", by_hand)


def _subject(cell: Cell) -> _Subject:
    return cell.quantity, cell.about.endpoint


def _is_cited(shown: _Subject, cell: Cell) -> bool:
    """Whether what is shown is what it is cited for; without an endpoint it may be any."""
    kind, endpoint = _subject(cell)
    return shown[0] == kind and (endpoint == shown[1] or "" in (endpoint, shown[1]))


def _elsewise(shown: _Shown, cell: Cell) -> list[_Subject]:
    """What the table or figure, or its panels, show where none of it is what it is cited for."""
    name = cell.about.level
    own = [one for other, one in shown if name in (other, other.rstrip(_PANELS)) or other == name.rstrip(_PANELS)]
    return [] if any(_is_cited(one, cell) for one in own) else list(dict.fromkeys(own))


def _display(level: str) -> str:
    """`figure_2b` as `Figure 2b`."""
    return str(level.replace("_", " ").capitalize())


def _subject_words(subject: _Subject) -> str:
    kind, endpoint = subject
    return _SUBJECTS.get(kind, kind.replace("_", " ")) + (f" of {abbreviation(endpoint)}" if endpoint else "")


# --- of all patients --------------------------------------------------------------------------------------------------


@rule(
    "all_of",
    "What is said of all patients is true of all",
    broken="What is said of all patients is not true of all",
    source="Where A + B > n, some are in both groups",
    tolerance="A warning where the words for the group and for all enrolled are only taken to mean the same",
)
def all_of(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A statement that all of a group have a level, against the patients that the tables print without it.

    Where the group and those without the level are together more than all patients, some of the group are without it:
    an error. The group is counted in the same table. A warning where it is everyone only because another statement, in
    other words, is taken to say so of the enrolled, or because a title says what the study is about.
    """
    for claim in statements(found, ALL_OF):
        group = claim.about.row.removeprefix(ALL_OF)
        enrolled = statements(found, ALL_OF + _ENROLLED)
        taken = next((one.text for one in enrolled if f"{one.about.term}_{one.about.level}" == group), "")
        everyone = group == _ENROLLED or bool(taken)
        tables = grouped(_baseline(found), by("file", "population")).values()
        against = [case for cells in tables if (case := _without(paper, claim, group, cells, everyone))]
        if against:
            yield _some_without(claim, group, against, taken)


class _Exceptions(NamedTuple):
    """Patients of one table without what all of a group are said to have: too many for the group to be free of them."""

    cells: list[Cell]
    without: int
    of_group: int
    n: int


def _baseline(found: list[Cell]) -> list[Cell]:
    return [cell for cell in found if cell.about.kind == "baseline" and cell.about.level and cell.count() is not None]


def _without(paper: Paper, claim: Cell, group: str, cells: list[Cell], everyone: bool) -> _Exceptions | None:
    n = sum(paper.spec.populations[cells[0].about.population].n.values())
    others = [c for c in cells if c.about.row == claim.about.term and c.about.level != claim.about.level]
    members = [c for c in cells if f"{c.about.row}_{c.about.level}" == group]
    without, of_group = sum(c.n for c in others), n if everyone else sum(c.n for c in members)
    return _Exceptions([*others, *members], without, of_group, n) if without and without + of_group > n else None


def _some_without(claim: Cell, group: str, against: list[_Exceptions], taken: str) -> Discrepancy:
    counts = " and ".join(f"{case.without} of {case.n} in {case.cells[0].about.source}" for case in against)
    who = "" if group == _ENROLLED else f" with {_group_words(group)}"
    of_group = "" if group == _ENROLLED else f" There are {against[0].of_group} of that group."
    if taken:
        of_group = f" All who were enrolled had “{taken}”, taken here to be that group."
    sentence = (
        f"{claim.about.source}: {label(claim.about.term)}, {_level(claim)} is said of all patients{who} "
        f"(“{claim.text}”), but {counts} are without it.{of_group}"
    )
    titled = claim.about.source == "Title"
    sentence += " A title says what a study is about, and may leave exceptions out." if titled else ""
    ids = (*_ids([claim]), *(cell.ids["n"] for case in against for cell in case.cells))
    by_hand = "; ".join(f"{case.of_group} + {case.without} > {case.n}" for case in against)
    return Discrepancy("warning" if taken or titled else "error", ids, claim.text, counts, sentence, by_hand)


def _group_words(group: str) -> str:
    """`bclc_c` as `BCLC stage c`: the covariate's name and its level."""
    row, _, level = group.rpartition("_")
    return f"{label(row)} {level.upper() if len(level) == 1 else level}"


# --- of the arms, side by side ----------------------------------------------------------------------------------------


class _Verdict(NamedTuple):
    """What the figures say of one comparison in words."""

    severity: Severity
    cells: list[Cell]
    words: str


@rule(
    "compared",
    "Comparisons of the arms in the text agree with the figures",
    broken="A comparison of the arms in the text does not agree with the figures",
    tolerance="The most lenient printing of each figure; a warning where the direction is right and no p is below 0.05",
)
def compared(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Statements that an arm has more, or lives longer, than the other, and that two arms are comparable.

    The other direction in the figures is an error. A difference that is claimed although every printed p-value of it
    is 0.05 or more is a warning, and so is what is called comparable although differences in its table are significant:
    the words may only describe, or rest on an adjusted analysis. One statement that names several things is one
    finding.
    """
    once: dict[tuple[object, ...], Discrepancy] = {}
    for group in grouped(statements(found, COMPARED), by("source", "arm", "reference", "population", "level")).values():
        judge = _differences if group[0].about.level == _COMPARABLE else _direction
        verdicts = [(cell, verdict) for cell in group if (verdict := judge(paper, found, cell))]
        if verdicts:
            key = tuple(_about(cell) for cell, _ in verdicts), group[0].about.population
            known = once.setdefault(key, _not_as_said(paper, group, [verdict for _, verdict in verdicts]))
            if group[0].about.source not in known.sentence:
                more = f" {group[0].about.source} says so too: “{group[0].text}”."
                once[key] = replace(known, sentence=known.sentence + more, value_ids=(*known.value_ids, *_ids(group)))
    yield from once.values()


def _not_as_said(paper: Paper, group: list[Cell], verdicts: list[_Verdict]) -> Discrepancy:
    verdicts = sorted(verdicts, key=lambda verdict: verdict.severity != "error")
    severity = verdicts[0].severity
    words = "; ".join(verdict.words for verdict in verdicts)
    names = ", ".join(dict.fromkeys(map(_about, group)))
    sentence = f"{group[0].about.source}: “{group[0].text}” is said of {names}{whose(paper, group[0])}; but {words}."
    cells = [cell for verdict in verdicts for cell in verdict.cells]
    ids = dict.fromkeys((*_ids(group), *(value for cell in cells for value in cell.ids.values())))
    return Discrepancy(severity, tuple(ids), group[0].text, words, sentence, words)


def _direction(paper: Paper, found: list[Cell], claim: Cell) -> _Verdict | None:
    """Whether every figure points the other way, or no p-value is below 0.05."""
    sign = _SIGNS.get(claim.about.level)
    if sign is None:
        return None
    sides = [_figures(paper, found, claim, arm) for arm in (claim.about.arm, claim.about.reference)]
    if all(sides):
        (_, most), (least, _) = (_span(paper, side) for side in (sides if sign > 0 else reversed(sides)))
        if most <= least:
            mine, other = (side[0] for side in sides)
            words = f"{_about(claim)} is {mine.text} against {other.text} ({mine.about.source})"
            return _Verdict("error", [mine, other], words)
    tests = [cell for cell in found if _tests(cell, claim)]
    if not tests or any(cell.numbers["p"].low < ALPHA for cell in tests):
        return None
    words = f"{_about(claim)} has {printed_p(tests[0].numbers['p'])} ({tests[0].about.source})"
    adjusted = [cell for cell in found if _adjusts(cell, claim) and is_below(cell.numbers["p"])]
    words += f", adjusted {printed_p(adjusted[0].numbers['p'])}" if adjusted else ""
    return _Verdict("warning", tests, words)


def _same(cell: Cell, claim: Cell) -> bool:
    """Whether a figure is of what the statement is about, in its population."""
    if claim.about.endpoint and not claim.about.term:
        of_it = cell.of_endpoint and cell.about.endpoint == claim.about.endpoint
    else:
        of_it = cell.quantity == claim.quantity and not cell.about.model
    no_time = cell.about.time != cell.about.time
    return bool(of_it and no_time and by("population", "grade")(cell) == by("population", "grade")(claim))


def _figures(paper: Paper, found: list[Cell], claim: Cell, arm: str) -> list[Cell]:
    """An arm's medians of the endpoint, or its counts."""
    own = [cell for cell in found if _same(cell, claim) and cell.about.arm == arm and not cell.about.reference]
    if claim.about.endpoint and not claim.about.term:
        return [cell for cell in own if cell.number("median")]
    return [cell for cell in own if counts_of(paper, cell) and denominator(paper, cell)]


def _span(paper: Paper, cells: list[Cell]) -> Span:
    """The least and the largest median, or share, that the printings of one figure allow."""
    values: list[float] = []
    for cell in cells:
        median = cell.number("median")
        if median:
            values += [median.low, median.high]
        else:
            values += [count / (denominator(paper, cell) or 1) for count in counts_of(paper, cell)]
    return min(values), max(values)


def _tests(cell: Cell, claim: Cell) -> bool:
    p = cell.numbers.get("p")
    return p is not None and p.state in ("exact", "below", "above") and _same(cell, claim)


def _adjusts(cell: Cell, claim: Cell) -> bool:
    of_model = cell.quantity == "treatment" and cell.about.model == "multivariable" and "p" in cell.numbers
    return bool(of_model and by("endpoint", "population")(cell) == by("endpoint", "population")(claim))


def _differences(paper: Paper, found: list[Cell], claim: Cell) -> _Verdict | None:
    """The rows of a table that differ significantly although all of it is called comparable."""
    tested = [c for c in found if c.about.kind == claim.about.term and c.about.population == claim.about.population]
    rows = [cell for cell in tested if "p" in cell.numbers and is_below(cell.numbers["p"])]
    if not rows:
        return None
    said = ", ".join(f"{_about(row)} ({_counts(paper, found, row)}{printed_p(row.numbers['p'])})" for row in rows)
    return _Verdict("warning", rows, f"{rows[0].about.source} has {said}")


def _counts(paper: Paper, found: list[Cell], row: Cell) -> str:
    """`17 against 3 of 48, ` of a row's two arms."""
    same = by("file", "row", "level", "grade")
    arms = [cell for cell in found if same(cell) == same(row) and cell.count() is not None and cell.about.arm]
    sizes = {group_size(paper, cell) for cell in arms}
    if len(arms) != 2:
        return ""
    return f"{arms[0].n} against {arms[1].n}" + (f" of {sizes.pop()}, " if len(sizes) == 1 else ", ")


# --- habits -----------------------------------------------------------------------------------------------------------


@rule(
    "balance",
    "Balance of matched arms is not judged by p-values",
    broken="Balance of the matched arms was judged by p-values",
    source="Austin PC. Stat Med 2009;28:3083-3107",
)
def balance(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A p-value as the criterion of balance after matching: a note.

    It grows as patients are taken away, whether or not the arms become alike; a standardised difference does not.
    """
    for cell in found:
        p = cell.numbers.get("value")
        if cell.quantity == "balance_threshold" and p is not None:
            reverse = " As written, groups that differ would count as balanced." if p.state == "below" else ""
            sentence = (
                f"{cell.about.source}: covariates count as balanced by p {p.figure}.{reverse} A p-value also rises "
                "because matching leaves fewer patients; a standardised difference does not."
            )
            yield Discrepancy("info", (cell.ids["value"],), cell.text, "", sentence)


@rule(
    "excluded",
    "Nobody is excluded for what happened after treatment began",
    broken="Patients were excluded for what happened after treatment began",
    source="Suissa S. Am J Epidemiol 2008;167:492-499",
)
def excluded(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """Exclusions that later events decide (lost to follow-up, no first imaging): a note on what they do to survival."""
    cells = list({cell.about.level: cell for cell in statements(found, EXCLUDED)}.values())
    if cells:
        who = " and ".join(_LEFT_OUT.get(cell.about.level, _level(cell)) for cell in cells)
        sentence = (
            f"{cells[0].about.source}: the patients excluded include {who}. This is known only after treatment began, "
            "so that early deaths may be missing, from the reconstructed curves too."
        )
        yield Discrepancy("info", _ids(cells), "; ".join(cell.text for cell in cells), "", sentence)


# --- schedules --------------------------------------------------------------------------------------------------------

_WEEKS = {"weeks": 1.0, "days": 1 / 7}
_DRUGS = {"haic": "HAIC", "pd1": "the PD-1 inhibitor"}


@rule(
    "cycles",
    "Treatment cycles that follow one another fit together",
    broken="Treatment cycles that follow one another do not fit together",
    tolerance="Every length within a printed range",
)
def cycles(paper: Paper, found: list[Cell]) -> Iterator[Discrepancy]:
    """A drug that is given on days after another has a cycle that is a multiple of the other's, or the reverse."""
    for claim in statements(found, FOLLOWS):
        own, other = (_cycles(found, name, claim.about.arm) for name in (claim.about.term, claim.about.level))
        yield from distinct(
            ((a.text, b.text), _unfitting(paper, claim, a, b))
            for a, b in itertools.product(own, other)
            if not _fits(_weeks(a), _weeks(b))
        )


def _cycles(found: list[Cell], drug: str, arm: str) -> list[Cell]:
    names = {f"{drug}_cycle", f"{drug}_interval", f"cycle_{drug}", f"interval_{drug}"}
    cells = [cell for cell in found if cell.quantity in names and cell.about.arm in ("", arm)]
    return [cell for cell in cells if cell.about.unit in _WEEKS and (cell.number("value") or cell.number("min"))]


def _weeks(cell: Cell) -> Span:
    least, most = (cell.number(name) or cell.numbers["value"] for name in ("min", "max"))
    return least.value * _WEEKS[cell.about.unit], most.value * _WEEKS[cell.about.unit]


def _fits(one: Span, other: Span) -> bool:
    """Whether one length is a whole multiple of the other, for some lengths within the two."""
    ratios = (one[0] / other[1], one[1] / other[0]), (other[0] / one[1], other[1] / one[0])
    return any(int(high + 1e-9) >= max(1.0, low - 1e-9) for low, high in ratios)


def _unfitting(paper: Paper, claim: Cell, own: Cell, other: Cell) -> Discrepancy:
    drug, before = (_DRUGS.get(name, label(name)) for name in (claim.about.term, claim.about.level))
    sentence = (
        f"{own.about.source}{whose(paper, claim)}: {drug} is given “{claim.text}” in a cycle of {own.text} "
        f"{own.about.unit}, but {before} is repeated every {other.text} {other.about.unit} ({other.about.source}). "
        "After the first course both cannot hold."
    )
    ids = (*_ids([claim]), *own.ids.values(), *other.ids.values())
    by_hand = f"{own.text} {own.about.unit} is no multiple of {other.text} {other.about.unit}"
    return Discrepancy("warning", ids, f"{own.text}; {other.text}", "", sentence, by_hand)
