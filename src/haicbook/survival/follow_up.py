"""When patients can have been followed at all: dates and eligibility as bounds of every row's time."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from haicbook.printed import parse_date
from haicbook.survival.intervals import DAYS_IN_MONTH, Fault

__all__ = ["Bound", "Calendar"]

_LAST = {
    "cutoff": "the last follow-up",
    "received": "the day on which the paper was received",
    "published": "the publication",
}


@dataclass(frozen=True)
class Bound:
    """A time before which something does not happen.

    Attributes
    ----------
    months
        From the start of follow-up.
    reason
        Why, in words: what eligibility or design asks for.
    source
        Where the paper says so.
    """

    months: float
    reason: str = ""
    source: str = ""


@dataclass(frozen=True)
class Calendar:
    """The dates that a paper prints, as text; each may be exact, a month, or a year.

    Attributes
    ----------
    enrolment_start, enrolment_end
        Between which patients were enrolled.
    cutoff
        The last follow-up.
    received, published
        Of the paper: later than any follow-up in it.
    """

    enrolment_start: str = ""
    enrolment_end: str = ""
    cutoff: str = ""
    received: str = ""
    published: str = ""

    @property
    def last(self) -> str:
        """The date that ends follow-up, `cutoff`, else `received`, else `published`; empty where none is there."""
        return next((name for name in _LAST if _readable(getattr(self, name))), "")

    @property
    def months(self) -> float:
        """From the first enrolment to the end of follow-up, the longest that the dates allow; infinite without them."""
        if not self.last or not _readable(self.enrolment_start):
            return math.inf
        return (days(getattr(self, self.last))[1] - days(self.enrolment_start)[0]) / DAYS_IN_MONTH

    @property
    def enrolled(self) -> float:
        """Months over which patients enrolled, the shortest that the dates allow; 0 where they do not say."""
        if not _readable(self.enrolment_start) or not _readable(self.enrolment_end):
            return 0.0
        return max(days(self.enrolment_end)[0] - days(self.enrolment_start)[1], 0.0) / DAYS_IN_MONTH

    @property
    def words(self) -> str:
        """Between which days these months lie."""
        return f"from the first enrolment to {_LAST[self.last]}, by the printed dates"

    def faults(self) -> list[Fault]:
        """Dates that cannot be: enrolment that ends before it begins, or begins after the end of follow-up."""
        faults = []
        order = ("enrolment_start", "enrolment_end", *_LAST)
        names = {
            "enrolment_start": "the first enrolment",
            "enrolment_end": "the last enrolment",
            "cutoff": "the cut-off",
            "received": "the paper's receipt",
            "published": "its publication",
        }
        for place, later in enumerate(order):
            for earlier in order[:place]:
                dates = getattr(self, earlier), getattr(self, later)
                if all(map(_readable, dates)) and days(dates[1])[1] < days(dates[0])[0]:
                    words = f"{names[later]}, {dates[1]}, is before {names[earlier]}, {dates[0]}"
                    faults.append(Fault(("follow_up", later.partition("_")[0]), words))
        return faults


def days(date: str) -> tuple[float, float]:
    """The first and the last day that a date stands for; NaN where it cannot be read."""
    if re.fullmatch(r"\d{4}", date):
        return parse_date(f"{date}-01").low, parse_date(f"{date}-12").high
    printed = parse_date(date)
    return printed.low, printed.high


def _readable(date: str) -> bool:
    return bool(date) and not math.isnan(days(date)[0])
