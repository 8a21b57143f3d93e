"""Hazard ratios of two endpoints, and progressions, of one population: what they say of each other's events."""

from __future__ import annotations

import math
from statistics import median

from haicbook.audit.cells import Cell, whose
from haicbook.audit.finding import Finding
from haicbook.audit.ratio_events import PROGRESSIONS, groups_of, total_events
from haicbook.audit.ratio_models import Model, fewest_events, implied_events, models
from haicbook.audit.ratios import Ratio, se_span
from haicbook.study import Paper
from haicbook.words import label

# two endpoints' standard errors this close (median over the rows) are of as many events
_SAME_SE = 0.015
_ENOUGH_ROWS = 5
_MOST_ROWS = 0.8
# of patients who died: with more, progressions and deaths are nearly the same patients
_MOST_DEATHS = 0.8
_SHORTER = 0.85


def two_endpoints(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Overall and progression-free survival do not have as many events when patients live on after a progression.

    A standard error goes with the root of the number of events. Where those of the same covariates agree for both
    endpoints (four of five rows within 1.5 %, at least five rows), although the medians of progression-free survival
    are clearly the shorter ones (by 15 %) and at most 80 % of patients have died (as printed, or as the treatment's
    interval implies), the models have the same number of events: a warning.
    """
    by_key = {model.key: model for model in models(paper, found)}
    findings = []
    for (endpoint, criterion, population, kind), model in by_key.items():
        other = by_key.get(("pfs", criterion, population, kind))
        if endpoint != "os" or other is None or kind == "multivariable":
            continue
        finding = _same_errors(paper, found, model, other)
        findings += [finding] if finding else []
    return findings


def _same_errors(paper: Paper, found: list[Cell], os: Model, pfs: Model) -> Finding | None:
    pairs = [(a, b) for a in os.rows for b in pfs.rows if a.cell.quantity == b.cell.quantity and _fine(a) and _fine(b)]
    if len(pairs) < _ENOUGH_ROWS:
        return None
    logs = [math.log(b.printed_se / a.printed_se) for a, b in pairs]
    population = os.key[2]
    n = sum(paper.spec.populations[population].n.values())
    deaths = total_events(found, os.rows[0])
    close = sum(abs(value) <= _SAME_SE for value in logs)
    if close < _MOST_ROWS * len(pairs) or not _shorter(found, population):
        return None
    if (deaths if deaths is not None else _most_deaths(paper, os, n)) > _MOST_DEATHS * n:
        return None
    known = f" ({deaths} deaths of {n} patients are printed)" if deaths is not None else ""
    one, other = pairs[0]
    sentence = (
        f"{os.rows[0].cell.about.source} and {pfs.rows[0].cell.about.source}{whose(paper, os.rows[0].cell)}: the "
        f"standard errors of OS and PFS agree ({close} of {len(pairs)} rows within 1.5%), so the two models have as "
        f"many events{known}. Every patient with a progression would have died, and nobody would live after one; "
        "deaths may have been taken for the events of both."
    )
    recomputation = (
        f"{label(one.cell.quantity)}: ln({one.high.figure}/{one.low.figure})/3.92 = {one.printed_se:.4f} and "
        f"ln({other.high.figure}/{other.low.figure})/3.92 = {other.printed_se:.4f}"
    )
    ids = tuple(value_id for a, b in pairs for value_id in (*a.ids, *b.ids))
    ratio = math.exp(-2 * median(logs))
    return Finding(
        "ratio_endpoints",
        "warning",
        paper.study,
        ids,
        f"{one.text}; {other.text}",
        f"{ratio:.2f} events of PFS for each death",
        sentence,
        recomputation=recomputation,
    )


def _most_deaths(paper: Paper, os: Model, n: int) -> float:
    """The most deaths that the treatment's interval implies; all patients where it says nothing."""
    treatment, sizes = os.treatment, paper.spec.populations[os.key[2]].n
    pair = (treatment.cell.about.arm, treatment.cell.about.reference) if treatment else ("", "")
    if treatment is None or not set(pair) <= set(sizes):
        return n
    return implied_events(treatment, (sizes[pair[0]], sizes[pair[1]]))[1]


def _fine(ratio: Ratio) -> bool:
    """Whether the printed digits fix the standard error to within 2 per cent."""
    least, most = se_span(ratio, cut=False)
    return most - least <= 0.02 * least


def _shorter(found: list[Cell], population: str) -> bool:
    """Whether the medians of progression-free survival are clearly below those of overall survival, in every arm."""
    medians: dict[tuple[str, str], float] = {}
    for cell in found:
        printed, row = cell.number("median"), cell.about
        if printed is not None and cell.of_endpoint and row.population == population and row.unit in ("months", ""):
            medians.setdefault((row.endpoint, row.arm), printed.value)
    both = [arm for endpoint, arm in medians if endpoint == "os" and ("pfs", arm) in medians]
    return bool(both) and all(medians["pfs", arm] <= _SHORTER * medians["os", arm] for arm in both)


def progressions(paper: Paper, found: list[Cell]) -> list[Finding]:
    """Progressions, and deaths, against the events that a Cox model of progression-free survival needs.

    Deaths without progression are events too, so that more events than printed progressions are a note; a warning where
    such deaths would outnumber the progressions, or where the progressions are only those of best response; an error
    beyond progressions and deaths together.
    """
    findings = []
    for model in models(paper, found):
        endpoint, _, population, _ = model.key
        counted = _count(found, PROGRESSIONS, population)
        if endpoint not in ("pfs", "liver_pfs") or counted is None or model.key[3] == "multivariable":
            continue
        treatment = model.treatment
        groups = groups_of(paper, found, treatment) if treatment is not None else None
        if treatment is None or groups is None:
            continue
        needed = fewest_events(treatment, groups)
        if needed > counted:
            findings.append(_too_few(paper, found, treatment, needed, counted))
    return findings


def _too_few(paper: Paper, found: list[Cell], ratio: Ratio, needed: int, counted: int) -> Finding:
    population = ratio.about[2]
    deaths = _count(found, "deaths", population)
    impossible = deaths is not None and needed > counted + deaths
    many = needed - counted > counted
    same = _same_as_response(found, population)
    known = f"; {deaths} deaths are printed" if deaths is not None else ""
    best = (
        " The progressions by arm are those of best response, so later ones may be missing from the count."
        if same
        else ""
    )
    sentence = (
        f"Progressions{whose(paper, ratio.cell)}: {counted} are printed, but the interval of the treatment's ratio for "
        f"PFS, {ratio.text} ({ratio.cell.about.source}), needs at least {needed} events. "
        + (
            f"With {deaths} deaths that is more than there can be."
            if impossible
            else f"At least {needed - counted} must be deaths without progression{known}."
        )
        + best
    )
    width = ratio.printed_se
    quotient = f"ln({ratio.high.figure}/{ratio.low.figure})/3.92"
    recomputation = f"4/SE² with SE = {quotient} = {width:.4f} is {4 / width**2:.0f}"
    ids = tuple(cell.ids["n"] for cell in found if cell.quantity == PROGRESSIONS and "n" in cell.ids) + ratio.ids
    return Finding(
        "progressions",
        "error" if impossible else "warning" if many or same else "info",
        paper.study,
        ids,
        f"{counted}; {ratio.text}",
        f"at least {needed} events",
        sentence,
        recomputation=recomputation,
    )


def _count(found: list[Cell], term: str, population: str, arm: str = "") -> int | None:
    counts = {
        cell.about.arm: cell.count()
        for cell in reversed(found)
        if cell.quantity == term and cell.about.population == population and cell.count() is not None
    }
    if arm in counts:
        return counts[arm]
    arms = [count for key, count in counts.items() if key and count is not None]
    return sum(arms) if not arm and len(arms) > 1 else None


def _same_as_response(found: list[Cell], population: str) -> bool:
    """Whether the progressions of each arm are the counts of progressive disease as best response."""
    arms = {cell.about.arm for cell in found if cell.quantity == PROGRESSIONS and cell.about.population == population}
    return bool(arms - {""}) and all(
        _count(found, PROGRESSIONS, population, arm) == _count(found, "pd", population, arm) for arm in arms - {""}
    )
