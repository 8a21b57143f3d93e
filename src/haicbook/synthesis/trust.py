"""How far this book can be trusted, as shares of a hundred: from the scores that the benchmarks keep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from haicbook.accuracy import accuracy
from haicbook.audit import RULES
from haicbook.paths import root

# points on a curve's scale
_PER_CENT = 100


@dataclass(frozen=True)
class Share:
    """So many of so many, in words.

    Attributes
    ----------
    of, met
        What is counted, and what those that count have in common.
    count, total
        Those, and all.
    """

    of: str
    met: str
    count: float
    total: float

    @property
    def percent(self) -> float:
        """Of a hundred."""
        return _PER_CENT * self.count / self.total


@dataclass(frozen=True)
class Measured:
    """What the page says in shares.

    Attributes
    ----------
    errors, visible
        Injected errors that were found, of all and of those that printed numbers can show.
    alarms, false
        Alarms that are real, and papers without an error that had one.
    held
        Months at which a band held the true curve.
    listed
        Gravity to what of an independent list the audit finds.
    """

    errors: Share
    visible: Share
    alarms: Share
    false: Share
    held: Share
    listed: dict[str, Share]

    @property
    def first(self) -> tuple[Share, Share, Share]:
        """What a reader with one minute should know."""
        return self.errors, self.alarms, self.held


def calibration_scores(path: Path | None = None) -> pd.DataFrame:
    """What became of injected errors and of papers without any, by rule, with the rule's topic.

    Rules that only ever make notes are left out.
    """
    path = path or root() / "benchmarks" / "results" / "audit_calibration.csv"
    found = pd.read_csv(path, keep_default_na=False)
    found = found[found.why == ""]
    topics = {rule.key: rule.topic for rule in RULES}
    return found.assign(topic=found.rule.map(topics))


def found_errors(scores: pd.DataFrame) -> Share:
    """Of the errors injected, those that a rule found."""
    return Share("errors put into simulated papers", "found", float(scores.found.sum()), float(scores.injected.sum()))


def found_visible(scores: pd.DataFrame) -> Share:
    """Of the errors injected that no convention or rounding could excuse, those that a rule found."""
    total = float(scores.detectable.sum())
    return Share("errors that printed numbers can show", "found", float(scores.found.sum()), total)


def real_alarms(scores: pd.DataFrame, errors_per_paper: float) -> Share:
    """Of the errors and warnings that the audit would give, those that are due to an error.

    Parameters
    ----------
    scores
        From :func:`calibration_scores`.
    errors_per_paper
        How many errors a paper is assumed to have: the fewer, the more of the alarms are false.
    """
    papers = float(scores.papers.iloc[0])
    false = float(scores.errors.sum() + scores.warnings.sum()) / papers
    found = found_errors(scores)
    real = errors_per_paper * found.count / found.total
    return Share("errors and warnings of the audit", "real", real, real + false)


def false_alarms(scores: pd.DataFrame) -> Share:
    """Of the papers without an error, those with an alarm; at most one for each."""
    papers = float(scores.papers.iloc[0])
    return Share(
        "papers without an error", "with a false alarm", float(scores.errors.sum() + scores.warnings.sum()), papers
    )


def measured(scores: pd.DataFrame, errors_per_paper: float) -> Measured:
    """All shares of the page.

    Parameters
    ----------
    scores
        From :func:`calibration_scores`.
    errors_per_paper
        As :func:`real_alarms` takes it.
    """
    # of papers that print rates, as most do
    bands = curves().set_index("level").covered
    return Measured(
        errors=found_errors(scores),
        visible=found_visible(scores),
        alarms=real_alarms(scores, errors_per_paper),
        false=false_alarms(scores),
        held=Share("months of a curve", "within its 95 % band", float(bands.iloc[-1]), float(_PER_CENT)),
        listed=blind_list(),
    )


def by_topic(scores: pd.DataFrame) -> pd.DataFrame:
    """One row for each topic of the audit: its rules, what became of injected errors, and false alarms."""
    grouped = scores.groupby("topic", sort=False)
    sums = grouped[["injected", "detectable", "found", "checks", "errors", "warnings"]].sum()
    return sums.assign(rules=grouped.size()).reset_index()


def blind_list(path: Path | None = None) -> dict[str, Share]:
    """What an independent statistician found on the real papers, and how much of it the audit finds, by gravity."""
    path = path or root() / "benchmarks" / "results" / "audit_recall.csv"
    listed = pd.read_csv(path, keep_default_na=False)
    return {
        gravity: Share(
            f"{gravity}s that an independent statistician listed",
            "found",
            float(rows.severity.isin(["error", "warning"]).sum()),
            float(len(rows)),
        )
        for gravity, rows in listed.groupby("blind_severity", sort=False)
    }


def curves(path: Path | None = None) -> pd.DataFrame:
    """By what a paper prints (`a`, `b`, `c`): how far curves were off, and how often bands held them.

    Columns `level`, `sets`, `off` (median distance, percentage points), `off_high` (its upper quartile), `covered` and
    its `error` (per cent).
    """
    scores = accuracy(path)
    rows = []
    for level, found in scores.groupby("level", sort=True):
        of = found.set_index("measure")
        distance, band = of.loc["e"], of.loc["covered"]
        rows.append(
            {
                "level": level,
                "sets": int(distance.sets),
                "off": _PER_CENT * float(distance.value),
                "off_high": _PER_CENT * float(distance.high),
                "covered": _PER_CENT * float(band.value),
                "error": _PER_CENT * float(band.high - band.value),
            }
        )
    return pd.DataFrame(rows)
