"""What is beneath a survival figure: printed and reconstructed numbers, the reading, and what was left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from haicbook.show.tables import Linked, Row, interval, number, p_value, table, with_arms_named

if TYPE_CHECKING:
    from IPython.display import Markdown

    from haicbook.second_opinion import SecondOpinion
    from haicbook.study import Paper
    from haicbook.survival import Conflict, Ensemble

_INTERVALS = {
    "log": "on the log scale (R's default)",
    "log-log": "on the log-log scale (SAS, lifelines)",
    "plain": "on the plain scale",
    "normal": "as the estimate ± 1.96 standard errors (SPSS)",
}
_RATES = {
    "product_limit": "rates as Kaplan–Meier estimates",
    "life_table": "rates as those of a monthly life table",
    "life_table_6": "rates as those of a life table of six-month intervals",
}
_GRIDS = {
    "continuous": "times without ties",
    "days": "times recorded in days",
    "half_months": "times recorded in half months",
    "months": "times recorded in whole months",
}
_TIES = {
    "efron": "ties by Efron's method (R)",
    "breslow": "ties by Breslow's method (SPSS, SAS)",
    "exact": "exact ties",
}
_FOLLOW_UP = {
    "reverse_km": "median follow-up as reverse Kaplan–Meier",
    "observed": "median follow-up as the median of the observed times",
}
_PLAIN = {
    "reverse_km": "reverse Kaplan–Meier",
    "observed": "the median of the observed times",
    "half_months": "in half months",
    "times months": "times in months",
    "times days": "times in days",
    "times continuous": "times without ties",
    **{f"intervals {scale},": f"intervals {words}," for scale, words in _INTERVALS.items()},
    "by efron": "by Efron",
    "by breslow": "by Breslow",
    "Kaplan-Meier": "Kaplan–Meier",
}
# curves that are equal to the decimals shown
_SAME = 0.00005
_ROUNDING = {"round": "figures as rounded", "truncate": "figures as cut off, not rounded"}


def compared(paper: Paper, ensemble: Ensemble) -> pd.DataFrame:
    """Printed and reconstructed values side by side, and whether a target is met; of several arms also whose."""
    rows = [
        (
            row.quantity,
            _arm_words(paper, row.arm),
            Linked(row.printed, row.value_id) if row.printed else "–",
            row.reconstructed if _one(row) else f"{row.reconstructed} ({row.range})",
            _verdict(row),
        )
        for row in ensemble.compare().itertuples(index=False)
    ]
    frame = pd.DataFrame(rows, columns=["Quantity", "Arm", "Printed", "Reconstructed (range)", "Met"])
    return frame if len(paper.spec.arms) > 1 else frame.drop(columns="Arm")


def _one(row: Row) -> bool:
    """Whether all members show the same figure."""
    return set(row.range.split("–")) == {row.reconstructed}


def _arm_words(paper: Paper, arms: str) -> str:
    parts = [paper.spec.arms[arm].short for arm in arms.split(" against ") if arm]
    return " against ".join(parts) or "all"


def _verdict(row: Row) -> str:
    if row.role == "target":
        return "yes" if row.met else "no"
    return "left out" if row.role == "left out" else "not printed"


def compared_table(paper: Paper, ensemble: Ensemble, what: str, name: str) -> Markdown:
    """:func:`compared` as a numbered table with its sources and notes; `what` is the endpoint, for the caption."""
    frame = compared(paper, ensemble)
    return table(
        frame,
        f"{what}: printed and reconstructed",
        name,
        align="l" * frame.shape[1],
        source=sources(paper, ensemble),
        notes=departures(paper, ensemble),
    )


def departures(paper: Paper, ensemble: Ensemble) -> list[str]:
    """What was found and how it was read, what was left out, and what the paper prints otherwise elsewhere."""
    said = [found_words(ensemble), reading_words(ensemble)]
    said += [f"{_capital(with_arms_named(paper, message))}." for message in ensemble.dropped]
    said += [_conflict_words(paper, ensemble, conflict) for conflict in _merged(ensemble.targets.conflicts)]
    end, basis = ensemble.targets.follow_up_end, ensemble.targets.follow_up_basis
    if ensemble.targets.follow_up_is_printed:
        return [*said, f"Follow-up ends at {end:.1f} months ({basis})."]
    return [*said, f"Follow-up ends at {end:.0f} months or earlier, at another time in each data set ({basis})."]


def _merged(conflicts: Iterable[Conflict]) -> list[Conflict]:
    """One conflict where several places print the same other figure, with all their names."""
    alike: dict[tuple[str, ...], list[Conflict]] = {}
    for one in conflicts:
        alike.setdefault((one.quantity, one.arm, one.used.printed, one.other.printed), []).append(one)
    return [
        replace(group[0], other_section=" and the ".join(dict.fromkeys(one.other_section for one in group)))
        for group in alike.values()
    ]


def _conflict_words(paper: Paper, ensemble: Ensemble, conflict: Conflict) -> str:
    """What another place prints, and which of the figures the curves meet, by the record of the table above."""
    rows = {row.value_id: row.role == "target" and row.met for row in ensemble.compare().itertuples(index=False)}
    met = [
        f"{figure.printed} of the {section}"
        for figure, section in (
            (conflict.used, conflict.used_section),
            (conflict.other, conflict.other_section),
        )
        if rows.get(figure.value_id)
    ]
    curves = f"the curves meet the {met[0]}" if met else "the curves are asked for neither"
    whose = f", {_arm_words(paper, conflict.arm)}" if len(paper.spec.arms) > 1 else ""
    return (
        f"Printed differently: {conflict.quantity}{whose}, is {conflict.used.printed} in "
        f"the {conflict.used_section} and {conflict.other.printed} in the {conflict.other_section}; {curves}."
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".")


def opinion_words(paper: Paper, opinion: SecondOpinion) -> str:
    """What lifelines and the engine find in one data set, as a sentence, with the conventions of both."""
    same = opinion.curves < _SAME
    curves = "the same Kaplan–Meier curve" if same else f"another Kaplan–Meier curve (up to {opinion.curves:.4f} apart)"
    said = f"Checked with lifelines, a program of other authors: the data set of the line has {curves}"
    if opinion.comparison is None:
        return f"{said}."
    found, arms = opinion.comparison, paper.spec.arms
    ratio, logrank, proportional = found.hazard_ratio, found.logrank_p, found.proportional_p
    return (
        f"{said}, a hazard ratio of {number(ratio.lifelines)} for {arms[found.arm].short} against "
        f"{arms[found.reference].short} (this book: {number(ratio.engine)}; ties by Efron's method), a log-rank p of "
        f"{p_value(logrank.lifelines)} ({p_value(logrank.engine)}), and for proportional hazards a p of "
        f"{p_value(proportional.lifelines)} (scaled Schoenfeld residuals; this book, by a score test: "
        f"{p_value(proportional.engine)}). That last p is not evidence about the patients: the printed figures do not "
        "fix how the ratio changes with time, and other data sets that agree with them have other values."
    )


def found_words(ensemble: Ensemble) -> str:
    """How many data sets were found of those asked for, as a sentence."""
    asked, found = max(ensemble.asked, len(ensemble)), len(ensemble)
    every = "Separate code checked each against every number marked “yes”."
    if found == asked:
        return f"All {found} data sets asked for were found. {every}"
    return f"Only {found} of the {asked} data sets asked for were found. {every}"


def reading_words(ensemble: Ensemble) -> str:
    """The conventions under which the printed numbers are met, as a sentence; only those that matter here."""
    words = list(_relevant(ensemble))
    failed = [_readable(tried) for tried, found in ensemble.tried if not found]
    whole = " with all printed numbers, those left out included," if ensemble.dropped else ""
    others = f" A short search found no data set{whole} under: {'; '.join(failed)}." if failed else ""
    return f"Read with {', '.join(words)}.{others} Other readings may fit as well."


def _readable(tried: str) -> str:
    """A reading that was tried, without the words of the code."""
    for code, words in _PLAIN.items():
        tried = tried.replace(code, words)
    return tried


def _relevant(ensemble: Ensemble) -> Iterator[str]:
    kept, reading = ensemble.kept, ensemble.conventions
    arms = kept.arms.values()
    marks = [mark for arm in arms for mark in arm.landmarks]
    limits = [arm.median_ci for arm in arms] + [mark.ci for mark in marks] + [kept.pooled_median_ci]
    if any(limits):
        yield f"confidence intervals {_INTERVALS[reading.interval]}"
    if marks:
        yield _RATES[reading.rates]
    if kept.hr is not None or kept.logrank_p is not None:
        yield _GRIDS[reading.time_grid]
        if reading.time_grid != "continuous" and kept.hr is not None:
            yield _TIES[reading.ties]
    followed = [kept.follow_up_median, *(arm.follow_up_median for arm in arms)]
    if kept.of_patients and any(median is not None for median in followed):
        yield _FOLLOW_UP[reading.follow_up]
    yield _ROUNDING[reading.rounding]


def sources(paper: Paper, ensemble: Ensemble) -> str:
    """Where the paper prints the figures of an endpoint: `Results, Efficacy; Table 4`."""
    ids = [value_id for value_id in ensemble.compare().value_id if value_id in paper.by_id.index]
    return "; ".join(dict.fromkeys(paper.by_id.loc[ids, "source"]))


def survival_summary(paper: Paper, summaries: dict[str, dict[str, float]], horizon: float) -> pd.DataFrame:
    """Events and restricted mean survival of every endpoint and arm.

    Parameters
    ----------
    summaries
        Endpoint's name for the page to its :func:`haicbook.survival.summarise`.
    horizon
        Months.
    """
    rows = []
    for name, values in summaries.items():
        for arm in (arm for arm in paper.spec.arms if f"{arm}.rmst" in values):
            spread = interval(values[f"{arm}.rmst.low"], values[f"{arm}.rmst.high"], 1)
            rows.append(
                (
                    name,
                    paper.spec.arms[arm].short,
                    number(values[f"{arm}.deaths"], 0),
                    f"{number(values[f'{arm}.rmst'], 1)} ({spread})",
                )
            )
        if "rmst_difference" in values:
            spread = interval(values["rmst_difference.low"], values["rmst_difference.high"], 1)
            rows.append((name, "difference", "", f"{number(values['rmst_difference'], 1)} ({spread})"))
    frame = pd.DataFrame(rows, columns=["Endpoint", "Arm", "Events in all", f"Mean months up to {horizon:g} (range)"])
    return frame if len(paper.spec.arms) > 1 else frame.drop(columns="Arm")


def mean_survival_table(means: pd.DataFrame) -> pd.DataFrame:
    """Restricted mean survival of every arm: months up to its horizon, with the range over reconstructed sets."""
    rows = [
        (row.label, f"{row.horizon:g}", f"{number(row.mean, 1)} ({interval(row.low, row.high, 1)})")
        for row in means.itertuples(index=False)
    ]
    return pd.DataFrame(rows, columns=["Arm", "Horizon, months", "Mean months (range)"])
