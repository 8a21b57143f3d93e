"""Errors of hazard ratios, and what stands behind a ratio, its limits and its p-value."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from haicbook.printed import Printed, parse_number
from haicbook.simulate.draft import Draft
from haicbook.simulate.errors.injection import (
    Desk,
    Injected,
    Span,
    apart,
    by_convention,
    figures,
    injects,
    misprinted,
    printed_of,
    spans,
)
from haicbook.simulate.typesetting import Z95, fixed
from haicbook.study import as_printed


@dataclass(frozen=True, eq=False)
class TableRatio:
    """A printed ratio: its values, and what stands in its cell."""

    value: Any
    numbers: dict[str, Printed]

    @property
    def three(self) -> tuple[Printed, Printed, Printed]:
        """The ratio and its limits."""
        return self.numbers["hr"], self.numbers["ci_low"], self.numbers["ci_high"]

    @property
    def se(self) -> float:
        """Standard error of the logarithm, by the limits."""
        return math.log(self.numbers["ci_high"].value / self.numbers["ci_low"].value) / (2 * Z95)

    @property
    def ids(self) -> tuple[str, ...]:
        """Value ids of the ratio and its limits."""
        stem = self.value.id.rsplit("/", 1)[0]
        return tuple(f"{stem}/{name}" for name in ("hr", "ci_low", "ci_high"))


def rows(desk: Desk, **attributes: object) -> Iterator[TableRatio]:
    """Ratios of the Cox tables in random order."""
    for value in desk.shuffled(desk.values(kind="cox", statistic="hr", **attributes)):
        yield TableRatio(value, printed_of(desk.same_cell(value)))


def rewritten(desk: Desk, draft: Draft, row: TableRatio, hr: float, low: float, high: float) -> Draft:
    """The draft with another ratio and interval in a row's cell, in the same decimals."""
    decimals = row.numbers["hr"].decimals
    text = f"{fixed(hr, decimals)} ({fixed(low, decimals)}–{fixed(high, decimals)})"
    return draft.reprinted(row.value, text)


def p_beside(desk: Desk, row: TableRatio) -> Any | None:
    """The p-value of the row's model."""
    found = desk.values(kind="cox", file=row.value.file, line=row.value.line, model=row.value.model, statistic="p")
    return None if found.empty else found.iloc[0]


def log_span(span: Span) -> Span:
    """An interval's logarithm."""
    return math.log(max(span[0], 1e-9)), math.log(max(span[1], 1e-9))


def wald_z(*three: Printed) -> Span:
    """|z| behind a ratio and its limits, by rounding or cutting off all of them."""
    found = []
    for hr, low, high in (tuple(map(log_span, each)) for each in by_convention(*three)):
        widths = [(b - a) / (2 * Z95) for a in low for b in high]
        found += [abs(e) / max(w, 1e-9) for e in hr for w in (min(widths), max(widths))]
        if hr[0] < 0 < hr[1]:
            found.append(0.0)
    return min(found), max(found)


def z_of(p: Printed) -> Span:
    """|z| behind a printed p-value."""
    low, high = (0.0, p.value) if p.state == "below" else (max(p.value - p.unit / 2, 0.0), min(p.value + p.unit, 1.0))
    inverse = NormalDist().inv_cdf
    return -inverse(high / 2) if high > 0 else 8.0, -inverse(low / 2) if low > 0 else math.inf


# the z of a log-rank or likelihood-ratio test may be this far from Wald's
_OTHER_TEST = 0.3
# so small a part of a standard error changes nothing that anybody could notice
_UNNOTICED = 0.005


def _any_convention(*three: Printed) -> Iterator[tuple[Span, ...]]:
    """The logarithms behind three figures, each of them rounded or cut off."""
    for choice in itertools.product(*(spans(one) for one in three)):
        yield tuple(map(log_span, choice))


def _filled_up(text: str) -> bool:
    """Whether figures may have been rounded to a decimal fewer, and got a zero each."""
    return all(figure.endswith("0") for figure in figures(text))


@injects("ratio_interval")
def ratio_interval(desk: Desk) -> Injected | None:
    """A misprint in a ratio or a limit: the ratio is no longer the geometric middle, each figure rounded or cut off.

    It is off by more than 1/200 of a standard error. Figures that all end in 0 may be rounded to a decimal fewer
    and filled up.
    """
    for row in rows(desk):
        which = int(desk.rng.integers(3))
        text = desk.misprint(row.value, which)
        three = tuple(parse_number(figure) for figure in figures(text))
        if not 0 < three[1].value <= three[0].value <= three[2].value or three[1].value == three[2].value:
            continue
        middles = [
            apart(hr, ((low[0] + high[0]) / 2 - slack, (low[1] + high[1]) / 2 + slack))
            for hr, low, high in _any_convention(*three)
            for slack in (_UNNOTICED * (high[1] - low[0]) / (2 * Z95),)
        ]
        shown = all(middles) and not _filled_up(text)
        draft = desk.draft.reprinted(row.value, text)
        return Injected(draft, (row.ids[which],), shown, f"{row.value.cell} → {text}")
    return None


@injects("ratio_p")
def ratio_p(desk: Desk) -> Injected | None:
    """A misprint in the p-value of a Cox model; it may be a likelihood-ratio test's, 0.3 away in z."""
    for row in rows(desk):
        p = p_beside(desk, row)
        if p is None or p.state != "exact":
            continue
        wrong = misprinted(p.printed, desk.rng)
        if not 0 < float(wrong) <= 1:
            continue
        low, high = wald_z(*row.three)
        shown = apart((low - _OTHER_TEST, high + _OTHER_TEST), z_of(parse_number(wrong)))
        draft = desk.draft.reprinted(p, wrong)
        return Injected(draft, (p.id,), shown, f"{row.value.cell}, p {p.printed} → {wrong}")
    return None


@injects("log_rank")
def log_rank(desk: Desk) -> Injected | None:
    """A misprint in the log-rank p, wherever it stands; it may be 0.3 in z from the Cox model's."""
    for row in rows(desk, row="treatment", model="univariable"):
        tests = desk.values(
            kind="claim",
            endpoint=row.value.endpoint,
            statistic="p",
            state="exact",
            row=f"{row.value.endpoint}_comparison",
        )
        if tests.empty:
            continue
        wrong = misprinted(tests.iloc[0].printed, desk.rng)
        if not 0 < float(wrong) <= 1:
            continue
        draft, ids = desk.everywhere(tests, wrong)
        low, high = wald_z(*row.three)
        shown = apart((low - _OTHER_TEST, high + _OTHER_TEST), z_of(parse_number(wrong)))
        return Injected(draft, tuple(ids), shown, f"{row.value.cell}, log-rank p {tests.iloc[0].printed} → {wrong}")
    return None


@injects("ratio_precision")
def ratio_precision(desk: Desk) -> Injected | None:
    """An interval of the treatment narrowed below what the printed deaths allow: SE² is at least 1/d1 + 1/d0."""
    for row in rows(desk, row="treatment", endpoint="os", model="univariable"):
        deaths = desk.values(kind="claim", term="deaths", statistic="n")
        counts = [int(v.value) for v in deaths[deaths.arm != ""].itertuples()]
        if len(counts) != 2 or 0 in counts:
            continue
        share = float(desk.rng.uniform(0.3, 1.0))
        hr = row.numbers["hr"].value
        low, high = (hr * math.exp(sign * Z95 * share * row.se) for sign in (-1, 1))
        draft = rewritten(desk, desk.draft, row, hr, low, high)
        unit = row.numbers["hr"].unit
        widest = math.log((high + 1.5 * unit) / max(low - unit, unit / 2)) / (2 * Z95)
        shown = widest < math.sqrt(1 / counts[0] + 1 / counts[1])
        return Injected(draft, row.ids, shown, f"{row.value.cell}, SE × {share:.2f}, deaths {counts}")
    return None


@injects("ratio_twice")
def ratio_twice(desk: Desk) -> Injected | None:
    """A ratio copied into another row of its model; two decimals may coincide by chance, three may not."""
    for row in rows(desk, model="univariable"):
        others = [r for r in rows(desk, model="univariable", file=row.value.file) if r.value.row != row.value.row]
        if not others:
            continue
        draft = desk.draft.reprinted(others[0].value, row.value.cell)
        shown = row.numbers["hr"].decimals >= 3 and not _filled_up(row.value.cell)
        return Injected(draft, others[0].ids, shown, f"{row.value.row} copied to {others[0].value.row}")
    return None


def _inverted(desk: Desk, draft: Draft, row: TableRatio) -> Draft:
    hr, low, high = (printed.value for printed in row.three)
    return rewritten(desk, draft, row, 1 / hr, 1 / high, 1 / low)


def _significant(row: TableRatio) -> bool:
    return (
        row.numbers["ci_high"].value + row.numbers["ci_high"].unit < 1
        or row.numbers["ci_low"].value - row.numbers["ci_low"].unit > 1
    )


@injects("ratio_direction")
def ratio_direction(desk: Desk) -> Injected | None:
    """The treatment's ratios of an endpoint the wrong way round; detectable when significant and the medians agree on
    who lives longer, by a tenth at least."""
    for row in rows(desk, row="treatment", model="univariable"):
        draft, ids = desk.draft, list[str]()
        for other in rows(desk, row="treatment", endpoint=row.value.endpoint):
            draft = _inverted(desk, draft, other)
            ids += other.ids
        arms = list(desk.paper.spec.arms)
        medians = desk.values(kind="claim", row=f"{row.value.endpoint}_median", section="results", statistic="median")
        by_arm = {v.arm: as_printed(v) for v in medians.itertuples()}
        rates = desk.values(kind="claim", row=f"{row.value.endpoint}_rate", statistic="rate")
        by_time = [dict(zip(group.arm, group.value, strict=True)) for _, group in rates.groupby("time")]
        pairs = [(values[arms[0]], values[arms[1]]) for values in by_time if set(arms) <= set(values)]
        shown = False
        if set(arms) <= set(by_arm) and all(by_arm[arm].state == "exact" for arm in arms) and _significant(row):
            new, old = (by_arm[arm].value for arm in arms)
            better = row.numbers["hr"].value < 1
            far = new > 1.1 * old + 0.2 if better else old > 1.1 * new + 0.2
            shown = far and all((one > other) == better for one, other in pairs)
        return Injected(draft, tuple(ids), shown, f"1/{row.value.cell}")
    return None


@injects("ratio_adjustment")
def ratio_adjustment(desk: Desk) -> Injected | None:
    """An adjusted ratio the wrong way round; detectable when both are significant."""
    for row in rows(desk, model="multivariable"):
        alone = next(iter(rows(desk, model="univariable", file=row.value.file, line=row.value.line)), None)
        if alone is None or (alone.numbers["hr"].value - 1) * (row.numbers["hr"].value - 1) <= 0:
            continue
        shown = _significant(row) and _significant(alone)
        return Injected(
            _inverted(desk, desk.draft, row),
            row.ids,
            shown,
            f"1/{row.value.cell}, alone {alone.value.cell}",
        )
    return None


@injects("ratio_events")
def ratio_events(desk: Desk) -> Injected | None:
    """Rows of a larger population beside the treatment's own, in a paper that prints no events.

    Covariates' standard errors are shrunk as by more events, at most as many as there are patients. Detectable where
    one of them alone, at the even split that needs fewest, needs more than the treatment's interval can stand for:
    1/(SE² q(1 - q)) with the arms' share q at risk drifted by a factor of 1.5 in its odds, and on by that of the ratio
    for the arm that lives longer.
    """
    if len(desk.paper.spec.arms) < 2:
        return None
    draft = desk.draft
    endpoint = "os" if desk.rng.random() < 0.5 else "pfs"
    kept = [row for row in draft.tables["claims.csv"] if row.get("term") not in ("deaths", "progressions")]
    draft = Draft(draft.spec, draft.tables | {"claims.csv": kept}, draft.truth)
    treatment = next(iter(rows(desk, row="treatment", endpoint=endpoint, model="univariable")), None)
    if treatment is None:
        return None
    counted = desk.values(kind="claim", term="deaths" if endpoint == "os" else "progressions", arm="", statistic="n")
    n = sum(desk.paper.spec.populations[treatment.value.population].n.values())
    # so many that the intervals stay possible with the patients of the paper
    most_more = max(0.95 * n / max(float(counted.iloc[0].value), 1), 1.15)
    share = 1 / math.sqrt(float(desk.rng.uniform(1.1, most_more)))
    needed, ids = list[float](), list[str]()
    for row in rows(desk, endpoint=endpoint, model="univariable"):
        if row.value.row in ("treatment", "age", "tumor_size"):
            continue
        hr, se = row.numbers["hr"].value, max(row.se * share, 1.05 * _least_error(desk, row))
        low, high = hr * math.exp(-Z95 * se), hr * math.exp(Z95 * se)
        draft = rewritten(desk, draft, row, hr, low, high)
        unit = row.numbers["hr"].unit
        widest = math.log((high + 1.5 * unit) / max(low - unit, unit / 2)) / (2 * Z95)
        needed.append(4 / widest**2)
        ids += row.ids
    sizes = desk.paper.spec.populations[treatment.value.population].n
    new, old = (sizes[arm] for arm in desk.paper.spec.arms)
    unit, three = treatment.numbers["hr"].unit, [p.value for p in treatment.three]
    narrowest = math.log((three[2] - unit / 2) / (three[1] + unit)) / (2 * Z95)
    odds = three[0] * new / old * np.array([min(1, 1 / three[0]) / 1.5, 1, max(1, 1 / three[0]) * 1.5])
    most = 1 / (narrowest**2 * (odds / (1 + odds) ** 2).min())
    return Injected(draft, tuple(ids), max(needed, default=0) > most, f"{endpoint}, SE × {share:.2f}")


def _least_error(desk: Desk, row: TableRatio) -> float:
    """What the sizes of a covariate's two groups allow, had everybody an event."""
    same = desk.values(kind="baseline", row=row.value.row, population=row.value.population, statistic="n")
    groups = same[same.level != ""].groupby("level").value.sum()
    return math.sqrt(sum(1 / size for size in groups if size)) if len(groups) else 0.0


@injects("ratio_endpoints")
def ratio_endpoints(desk: Desk) -> Injected | None:
    """Progression-free survival modelled with the deaths: the standard errors of overall survival in both tables.

    Detectable where at least five rows are shared, three decimals tell the errors, at most 75 % have died and the
    medians of progression-free survival are shorter by a fifth.
    """
    draft, ids = desk.draft, list[str]()
    of_os = {row.value.row: row for row in rows(desk, endpoint="os", model="univariable")}
    for row in rows(desk, endpoint="pfs", model="univariable"):
        if row.value.row in of_os:
            hr, se = row.numbers["hr"].value, of_os[row.value.row].se
            draft = rewritten(desk, draft, row, hr, hr * math.exp(-Z95 * se), hr * math.exp(Z95 * se))
            ids += row.ids
    if not ids:
        return None
    deaths = desk.values(kind="claim", term="deaths", statistic="n")
    died = sum(int(v.value) for v in deaths[deaths.arm != ""].itertuples())
    n = sum(desk.paper.spec.populations[desk.paper.spec.main_population].n.values())
    medians = desk.values(
        kind="claim", section="results", statistic="median", state="exact", row=["os_median", "pfs_median"]
    )
    by = {(v.endpoint, v.arm): v.value for v in medians[medians.arm != ""].itertuples()}
    both = [arm for arm in desk.paper.spec.arms if ("os", arm) in by and ("pfs", arm) in by]
    shorter = bool(both) and all(by["pfs", arm] <= 0.8 * by["os", arm] for arm in both)
    fine = next(iter(of_os.values())).numbers["hr"].decimals >= 3
    shown = len(ids) >= 15 and fine and died <= 0.75 * n and shorter
    return Injected(draft, tuple(ids), shown, f"{died} of {n} died")


@injects("progressions")
def progressions(desk: Desk) -> Injected | None:
    """Progressions printed too low: together with all deaths they are fewer events than the interval needs, 4/SE²."""
    for row in rows(desk, row="treatment", endpoint="pfs", model="univariable"):
        counts = desk.values(kind="claim", term="progressions", statistic="n")
        deaths = desk.values(kind="claim", term="deaths", statistic="n", arm="")
        if counts.empty or deaths.empty:
            continue
        share, draft, total = float(desk.rng.uniform(0, 0.6)), desk.draft, 0
        arms = [v for v in counts.itertuples() if v.arm]
        for value in arms:
            draft = draft.reprinted(value, str(int(share * value.value)))
            total += int(share * value.value)
        for value in counts[counts.arm == ""].itertuples():
            draft = draft.reprinted(value, str(total))
        unit = row.numbers["hr"].unit
        widest = math.log((row.three[2].value + unit) / (row.three[1].value - unit / 2)) / (2 * Z95)
        shown = total + float(deaths.iloc[0].value) < 4 / widest**2
        return Injected(draft, tuple(counts.id), shown, f"{total} progressions, {row.value.cell}")
    return None


# --- rows beside other rows -------------------------------------------------------------------------------------------


def _narrowest(low: float, high: float, unit: float) -> float:
    return math.log((high - unit / 2) / (low + unit)) / (2 * Z95)


def _widest(low: float, high: float, unit: float) -> float:
    return math.log((high + unit) / max(low - unit / 2, unit / 2)) / (2 * Z95)


@injects("ratio_outlier")
def ratio_outlier(desk: Desk) -> Injected | None:
    """One interval of progression-free survival narrowed as by more events, at most as many as there are patients.

    Detectable where it needs 12 events and 15 % more than the others with fairly even groups imply.
    """
    implied: dict[str, float] = {}
    candidates = []
    for row in rows(desk, endpoint="pfs", model="univariable"):
        sizes = _two_groups(desk, row)
        if sizes and min(sizes) >= 0.2 * sum(sizes) and row.se > 0:
            implied[row.value.row] = sum(sizes) ** 2 / (row.se**2 * sizes[0] * sizes[1])
            candidates.append(row)
    for row in (row for row in candidates if row.value.row != "treatment"):
        others = [events for name, events in implied.items() if name != row.value.row]
        if len(others) < 3:
            continue
        hr, unit, usual = row.numbers["hr"].value, row.numbers["hr"].unit, float(np.median(others))
        se = max(row.se * float(desk.rng.uniform(0.6, 0.9)), 1.05 * _least_error(desk, row))
        low, high = hr * math.exp(-Z95 * se), hr * math.exp(Z95 * se)
        draft = rewritten(desk, desk.draft, row, hr, low, high)
        if draft.cell(row.value.file, row.value.line, row.value.column) == row.value.cell:
            continue
        needed = 4 / _widest(low - unit / 2, high + unit / 2, unit) ** 2
        return Injected(draft, row.ids, needed > max(1.15 * usual, usual + 12), f"{row.value.cell}, {usual:.0f} events")
    return None


def _two_groups(desk: Desk, row: TableRatio) -> list[int]:
    """Patients of the arms, or of a covariate's two levels."""
    if row.value.row == "treatment":
        return list(desk.paper.spec.populations[row.value.population].n.values())
    same = desk.values(kind="baseline", row=row.value.row, population=row.value.population, statistic="n")
    sizes = [int(size) for size in same[same.level != ""].groupby("level").value.sum()]
    return sizes if len(sizes) == 2 and min(sizes) else []


@injects("ratio_deaths")
def ratio_deaths(desk: Desk) -> Injected | None:
    """Another number of deaths in one arm; detectable where the ratio is more than 3 standard errors away.

    That is, from both the ratio of the arms' odds of dying and that of their log survival, and not between the two.
    """
    for row in rows(desk, row="treatment", endpoint="os", model="univariable"):
        counted = desk.values(kind="claim", term="deaths", statistic="n")
        by_arm = {v.arm: v for v in counted.itertuples() if v.arm}
        arms = list(desk.paper.spec.arms)
        sizes = [desk.paper.spec.populations[row.value.population].n[arm] for arm in arms]
        if set(by_arm) != set(arms):
            return None
        dead, which = [int(by_arm[arm].value) for arm in arms], int(desk.rng.integers(2))
        dead[which] = int(desk.rng.integers(1, sizes[which]))
        draft = desk.draft.reprinted(by_arm[arms[which]], str(dead[which]))
        alive = [n - d for n, d in zip(sizes, dead, strict=True)]
        if min(*dead, *alive) < 1:
            return None
        error = math.sqrt(sum(1 / count for count in (*dead, *alive)))
        odds = math.log(dead[0] * alive[1] / (dead[1] * alive[0]))
        survival = [math.log(a / n) for a, n in zip(alive, sizes, strict=True)]
        ends = sorted([odds, math.log(survival[0] / survival[1])])
        low, high = log_span(spans(row.numbers["hr"])[0])
        unit = math.log1p(row.numbers["hr"].unit / row.numbers["hr"].value)
        shown = max(low - ends[1], ends[0] - high) - unit > 3 * error
        return Injected(draft, (by_arm[arms[which]].id,), shown, f"{row.value.cell}, deaths {dead} of {sizes}")
    return None


@injects("ratio_inflation")
def ratio_inflation(desk: Desk) -> Injected | None:
    """An adjusted interval widened; detectable where its standard error is 1.7 times that of the row alone.

    And where there are 5 events for each covariate, by the most precise row of two groups. Stage and what it follows
    from are left alone: there it may be so.
    """
    for row in rows(desk, model="multivariable"):
        if row.value.row in ("bclc", "vascular_invasion", "extrahepatic_metastasis"):
            continue
        alone = next(iter(rows(desk, model="univariable", file=row.value.file, line=row.value.line)), None)
        if alone is None:
            continue
        hr, se = row.numbers["hr"].value, alone.se * float(desk.rng.uniform(1.3, 3))
        low, high, unit = hr * math.exp(-Z95 * se), hr * math.exp(Z95 * se), row.numbers["hr"].unit
        draft = rewritten(desk, desk.draft, row, hr, low, high)
        if low <= 1.5 * unit:
            continue
        shown = _narrowest(low + unit / 2, high - unit / 2, unit) > 1.7 * _widest(
            alone.numbers["ci_low"].value, alone.numbers["ci_high"].value, unit
        )
        same = [other for other in rows(desk, file=row.value.file) if other.value.row not in ("age", "tumor_size")]
        events = max((4 / one.se**2 for one in same if one.value.model == "univariable"), default=0.0)
        enough = events > 5.5 * len(list(rows(desk, file=row.value.file, model="multivariable")))
        shown = shown and enough
        return Injected(draft, row.ids, shown, f"{row.value.cell}, SE {alone.se:.3f} → {se:.3f}")
    return None


@injects("ratio_stepwise")
def ratio_stepwise(desk: Desk) -> Injected | None:
    """A large p-value in a stepwise model; detectable from 0.10 on, where no program keeps a covariate by default."""
    if "stepwise" not in (desk.paper.spec.methods.regression or ""):
        return None
    for row in rows(desk, model="multivariable"):
        p = p_beside(desk, row)
        if row.value.row == "treatment" or p is None:
            continue
        wrong = float(desk.rng.uniform(0.05, 0.6))
        draft = desk.draft.reprinted(p, f"{wrong:.3f}")
        return Injected(draft, (p.id,), wrong > 0.1005, f"p {p.printed} → {wrong:.3f}")
    return None
