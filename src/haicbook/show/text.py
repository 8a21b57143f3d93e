"""Computed words: numbers formatted for the running text, glued into it by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from haicbook.markup import Markup, visible
from haicbook.show.tables import interval, number

if TYPE_CHECKING:
    from haicbook.audit.finding import Finding
    from haicbook.response import Rate
    from haicbook.study import Paper


def glue(**words: object) -> None:
    """Make words available to the page's prose as `{glue:text}`; shown nowhere else."""
    from myst_nb import glue as myst_glue

    for name, word in words.items():
        myst_glue(name, _Plain(visible(str(word))), display=False)


class _Plain(str):
    """A string that shows itself without quotation marks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def finding_counts(found: list[Finding]) -> dict[str, str]:
    """How many findings there are of each severity, in words with their noun: `one note`, `no errors`."""
    words = {"error": "error", "warning": "warning", "info": "note"}
    counts = {noun: sum(item.severity == severity for item in found) for severity, noun in words.items()}
    return {
        f"{noun}s": f"{in_words(count) if count else 'no'} {noun}{'' if count == 1 else 's'}"
        for noun, count in counts.items()
    }


def balance_counts(balances: dict[str, pd.DataFrame]) -> dict[str, str]:
    """`7 of 11` covariates within 0.1, before and after matching."""
    texts = [f"{int(frame.within_0_1.sum())} of {int(frame.smd.notna().sum())}" for frame in balances.values()]
    return (
        dict(zip(("balance_before", "balance_after"), texts, strict=False))
        if len(texts) == 2
        else {"balance_after": texts[0]}
    )


def response_gaps(gaps: pd.DataFrame, rates: Iterable[Rate]) -> dict[str, str]:
    """Differences of ORR and DCR in percentage points with their intervals; whole points where a count is not known."""
    unsure = {rate.category for rate in rates if len(rate.counts) > 1}
    words = {}
    for gap in gaps.itertuples(index=False):
        decimals = 0 if gap.category in unsure else 1
        words[f"{gap.category}_gap"] = number(100 * gap.difference, decimals)
        words[f"{gap.category}_gap_ci"] = interval(100 * gap.low, 100 * gap.high, decimals)
    return words


def arm_names(paper: Paper) -> dict[str, str]:
    """What the paper calls the experimental arm and its comparator, for the prose; nothing of a single arm."""
    spec = paper.spec
    named = {"experimental": spec.experimental, "comparator": spec.comparator}
    return {role: spec.arms[arm].short for role, arm in named.items() if arm} if spec.comparator else {}


def led(message: str, caption: str) -> Markup:
    """A figure's caption with its message first and bold; the caption alone where there is no message."""
    return Markup("**{}.** {}").format(message, caption) if message else Markup("{}").format(caption)


def sensitivity_text(effect: pd.Series, sensitivity: dict[str, float], strength: float, gap: float) -> dict[str, str]:
    """The printed hazard ratio, what a confounder would make of it, and its E-values."""
    return {
        "hr_printed": f"{number(effect.hr)} ({interval(effect.ci_low, effect.ci_high)})",
        "hr_adjusted": number(sensitivity["hr_adjusted"]),
        "confounder_effect": f"{strength:g}",
        "hr_adjusted_rare": number(sensitivity["hr_adjusted_rare"]),
        "confounder_control": f"{50 + 50 * gap:g}",
        "confounder_treated": f"{50 - 50 * gap:g}",
        "confounder_gap": f"{100 * gap:g}",
        "e_value": number(sensitivity["e_value"]),
        "e_value_limit": number(sensitivity["e_value_limit"]),
    }


def extremes(rates: pd.DataFrame, name: str) -> dict[str, str]:
    """The smallest and the largest estimate of a frame of rates, and whose they are."""
    least, most = rates.loc[rates.estimate.idxmin()], rates.loc[rates.estimate.idxmax()]
    return {
        f"{name}_least": number(least.estimate, 1),
        f"{name}_least_arm": least.label,
        f"{name}_most": number(most.estimate, 1),
        f"{name}_most_arm": most.label,
    }


def longer_arms(rates: pd.DataFrame) -> str:
    """In how many studies with two arms the experimental arm has the larger estimate, as `4 of 4`."""
    wide = rates.pivot_table(index="study", columns="role", values="estimate")
    pairs = wide.reindex(columns=["experimental", "comparator"]).dropna()
    return f"{int((pairs.experimental > pairs.comparator).sum())} of {len(pairs)}"


def mean_gap(summary: dict[str, float], horizon: float) -> dict[str, str]:
    """The difference of restricted mean survival between the arms, with its range over the reconstructed sets."""
    low, high = summary["rmst_difference.low"], summary["rmst_difference.high"]
    return {
        "rmst_horizon": f"{horizon:g}",
        "rmst_gap": number(summary["rmst_difference"], 1),
        "rmst_gap_range": f"{number(low, 1)} to {number(high, 1)}",
    }


def in_words(count: int) -> str:
    """Small counts as words: `none`, `one`, … `twelve`, then figures."""
    words = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    return words[count] if count < len(words) else str(count)


class Declared(Protocol):
    """A parameter as a notebook declares it."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def may_be(self) -> str:
        """What is allowed, with its unit."""

    @property
    def moves(self) -> tuple[str, ...]:
        """Which results it moves, in words."""

    @property
    def help(self) -> str:
        """What it means."""


def assumptions(declared: Iterable[Declared], values: Mapping[str, object]) -> pd.DataFrame:
    """The parameters of a notebook: value in this run, what is allowed, what it means and moves.

    Parameters
    ----------
    declared
        The parameters as the notebook declares them.
    values
        Parameter to its value in this run.
    """
    rows = [
        (
            Markup(f"`{item.name}`"),
            str(values[item.name]),
            item.may_be,
            item.help,
            ", ".join(item.moves),
        )
        for item in declared
    ]
    return pd.DataFrame(rows, columns=["Parameter", "Value", "Allowed", "Meaning", "Moves"])


def changed_words(changed: Mapping[str, object], defaults: Mapping[str, object]) -> str:
    """A run's changed parameters: `caliper = 0.1 (default 0.2)`."""
    return ", ".join(f"{name} = {value} (default {defaults[name]})" for name, value in changed.items())
