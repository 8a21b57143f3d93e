"""What a notebook's results are called: each headline result declared once, with its words, unit and decimals.

A key that a chapter records, such as `os.si.rmst`, is matched by one of :data:`DECLARED`; its words name the endpoint
and the arm as the study does. An estimate and its limits are one result.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from haicbook.results import SavedResults
from haicbook.study import load, studies

ENDPOINT, ARM = r"(?P<endpoint>os|pfs|liver)(?:_(?P<criterion>recist))?", r"(?P<arm>\w+)"
# keys that a study does not name
_NAMES = {
    "liver": "liver progression-free survival",
    "recist": "RECIST 1.1",
    "orr": "objective response",
    "dcr": "disease control",
}


@dataclass(frozen=True)
class Headline:
    """A headline result.

    Attributes
    ----------
    pattern
        A regular expression of its key; its groups are what `words` names.
    words
        What it is, with `{endpoint}`, `{arm}`, `{population}`, `{category}`, and `{horizon}` and other parameters.
    unit, decimals
        How it is shown; of `%` and `percentage points` the value is a fraction, of `p` decimals are significant digits.
    low, high
        Ends of the keys of its limits, after its own key or instead of its last part (`../low`); empty without limits.
    nothing
        The value that means no difference; None where there is none.
    """

    pattern: str
    words: str
    unit: str = ""
    decimals: int = 0
    low: str = ""
    high: str = ""
    nothing: float | None = None


DECLARED = (
    Headline(
        rf"{ENDPOINT}\.rmst_difference",
        "Mean {endpoint} to {horizon} months, difference (range over the reconstructions)",
        *("months", 1, ".low", ".high", 0.0),
    ),
    Headline(
        rf"{ENDPOINT}\.{ARM}\.rmst",
        "Mean {endpoint} to {horizon} months, {arm} (range over the reconstructions)",
        *("months", 1, ".low", ".high"),
    ),
    Headline(rf"{ENDPOINT}\.{ARM}\.median", "Median {endpoint}, {arm} (reconstructed)", "months", 1),
    Headline(rf"{ENDPOINT}\.{ARM}\.deaths", "Events of {endpoint}, {arm} (reconstructed)", "patients"),
    Headline(rf"{ENDPOINT}\.{ARM}\.left_early", "Left follow-up before the median {endpoint}, {arm}", "patients"),
    Headline(rf"{ENDPOINT}\.{ARM}\.band", "Mean width of the band of {endpoint}, {arm}", "percentage points"),
    Headline(rf"{ENDPOINT}\.targets_dropped", "Printed numbers of {endpoint} that could not be met"),
    Headline(
        r"confounding\.hr_adjusted",
        "Hazard ratio of death after the unmeasured confounder",
        *("", 2, "../low_adjusted", "../high_adjusted", 1.0),
    ),
    Headline(r"rerun\.pairs", "Matched pairs in the re-run (95 % of the cohorts)", "", 0, ".low", ".high"),
    Headline(r"rerun\.pairs_p", "Simulated p of the printed number of pairs", "p", 2),
    Headline(r"rerun\.p", "Simulated p of the printed matched table", "p", 2),
    Headline(r"rerun\.p_without", "Simulated p of the matched table, largest without any one covariate", "p", 2),
    Headline(r"rerun\.kept\.p", "Simulated p of the matched table, with as many pairs as printed", "p", 2),
    Headline(r"rerun\.rows_beyond", "Rows of the matched table with an adjusted p below 0.05"),
    Headline(r"rerun\.grid\.surprising", "Settings under which the matched table has a p up to 0.05"),
    Headline(
        r"response\.(?P<category>\w+)\.difference",
        "{category}, difference",
        *("percentage points", 0, ".low", ".high", 0.0),
    ),
    Headline(rf"response\.(?P<category>\w+)\.{ARM}\.estimate", "{category}, {arm}", "%", 0, "../low", "../high"),
    Headline(r"balance\.(?P<population>\w+)\.largest", "Largest standardised difference, {population}", "", 2),
    Headline(r"balance\.(?P<population>\w+)\.within", "Covariates within 0.1, {population}"),
    Headline(
        r"balance\.(?P<population>\w+)\.interval_width",
        "Mean width of the intervals of standardised differences, {population}",
        *("", 2),
    ),
    Headline(
        r"p_values\.unnoticed\.(?P<population>\w+)",
        "Largest standardised difference that no test would notice, {population}",
        *("", 2),
    ),
    Headline(r"safety\.apart", "Adverse events whose interval excludes no difference"),
    Headline(r"audit\.errors", "Errors found"),
    Headline(r"audit\.warnings", "Warnings found"),
)
# a simulated p up to which what is printed is beyond chance
_CHANCE = 0.05
# records of how a result was made, not results
_ABOUT_THE_RUN = re.compile(r"(?:.*\.)?(?:digest|members)$")


@dataclass(frozen=True)
class ChangedResult:
    """One headline result before and after.

    Attributes
    ----------
    key
        Under which it is recorded.
    words, before, after
        For people.
    size
        How far it moved, in half widths of its limits, else relative to its value: larger is shown first.
    remark
        That its limits now include no difference, or no longer do; else empty.
    unit
        Of the figures.
    old, new
        The value, and its limits where it has them, in that unit; None for what is not available.
    """

    key: str
    words: str
    before: str
    after: str
    size: float
    remark: str
    unit: str = ""
    old: tuple[Any, ...] = ()
    new: tuple[Any, ...] = ()

    @property
    def visible(self) -> bool:
        """Whether the figures, as they are shown, differ."""
        return self.before != self.after or bool(self.remark)


def changes(before: SavedResults, after: SavedResults) -> tuple[list[ChangedResult], list[ChangedResult]]:
    """What changed from one run of a notebook to another: headline results, and others by their key.

    What now includes no difference, or no longer does, comes first; then the largest change. A headline result that
    changed by less than its decimals show is among the others.
    """
    moved = [key for key in sorted({*before.values, *after.values}) if _value(before, key) != _value(after, key)]
    names = _Names(before.study, after.parameters)
    found: list[ChangedResult] = []
    told: set[str] = set()
    for key in sorted({*before.values, *after.values}):
        declared = _declared(key)
        if declared is None:
            continue
        headline, groups = declared
        keys = [key, *_limits(headline, key)]
        if any(part in moved for part in keys):
            change = _change(headline, keys, names.words(headline, groups), before, after)
            if not change.visible:
                continue
            found.append(change)
        told |= set(keys)
    others = [
        ChangedResult(key, key, _plain(_value(before, key)), _plain(_value(after, key)), 0.0, "")
        for key in moved
        if key not in told and not _ABOUT_THE_RUN.match(key)
    ]
    return sorted(found, key=lambda change: (not change.remark, -change.size, change.words)), others


@dataclass(frozen=True)
class Concluded:
    """What one headline result says for or against a difference, or for or against chance.

    Attributes
    ----------
    key, words
        The result.
    shown
        Its figures, for people.
    values
        The value, and its limits where it has them, in the unit shown; None for what is not available.
    verdict
        `above`, `below` or `open` (no difference within its limits); of a simulated p, `chance` or `beyond`.
    unit, nothing
        As declared, of the same scale.
    """

    key: str
    words: str
    shown: str
    values: tuple[Any, ...]
    verdict: str
    unit: str
    nothing: float


def conclusions(study: str, values: Mapping[str, Any], parameters: Mapping[str, Any]) -> list[Concluded]:
    """The results that say whether there is a difference, or whether chance explains what is printed.

    Parameters
    ----------
    study
        Whose results they are.
    values
        Key → value.
    parameters
        Of the run.
    """
    names, found = _Names(study, parameters), []
    for key in values:
        declared = _declared(key)
        if declared is None or (declared[0].nothing is None and declared[0].unit != "p") or values[key] is None:
            continue
        headline, groups = declared
        these = [values.get(part) for part in (key, *_limits(headline, key))]
        nothing = _CHANCE if headline.nothing is None else headline.nothing
        told = names.words(headline, groups), _shown(headline, these), _scaled(headline, these)
        found.append(Concluded(key, *told, _verdict(headline, these), headline.unit, nothing))
    return found


def _verdict(headline: Headline, values: list[Any]) -> str:
    if headline.nothing is None:
        return "beyond" if values[0] <= _CHANCE else "chance"
    if _holds(values, headline.nothing):
        return "open"
    return "above" if values[0] > headline.nothing else "below"


def _plain(value: Any) -> str:
    """A value of which no unit is known."""
    if value is None:
        return "not available"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _declared(key: str) -> tuple[Headline, dict[str, str]] | None:
    for headline in DECLARED:
        if match := re.fullmatch(headline.pattern, key):
            return headline, {name: text or "" for name, text in match.groupdict().items()}
    return None


def _limits(headline: Headline, key: str) -> Iterator[str]:
    for end in filter(None, (headline.low, headline.high)):
        yield f"{key.rpartition('.')[0]}.{end.removeprefix('../')}" if end.startswith("../") else key + end


def _value(results: SavedResults, key: str) -> Any:
    return results.values[key].value if key in results.values else None


def _change(
    headline: Headline, keys: list[str], words: str, before: SavedResults, after: SavedResults
) -> ChangedResult:
    old, new = ([_value(results, key) for key in keys] for results in (before, after))
    remark = "" if headline.nothing is None else _remark(*(_holds(values, headline.nothing) for values in (old, new)))
    told = words, _shown(headline, old), _shown(headline, new), _size(old, new), remark
    return ChangedResult(keys[0], *told, headline.unit, *(_scaled(headline, values) for values in (old, new)))


def _scaled(headline: Headline, values: list[Any]) -> tuple[Any, ...]:
    scale = 100 if headline.unit in ("%", "percentage points") else 1
    return tuple(value * scale if isinstance(value, int | float) else None for value in values)


def _remark(before: bool, after: bool) -> str:
    if before == after:
        return ""
    return "no difference is now within the interval" if after else "no difference is no longer within the interval"


def _holds(values: list[Any], nothing: float) -> bool:
    """Whether limits hold the value of no difference; a result without limits does not."""
    return len(values) == 3 and None not in values and values[1] <= nothing <= values[2]


def _size(old: list[Any], new: list[Any]) -> float:
    first, last = old[0], new[0]
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in (first, last)):
        return math.inf
    scale = (old[2] - old[1]) / 2 if len(old) == 3 and None not in old else abs(first)
    if first == last:
        return 0.0
    return abs(last - first) / scale if scale else math.inf


def _shown(headline: Headline, values: list[Any]) -> str:
    figures = [_figure(headline, value) for value in values]
    text = figures[0] if len(figures) < 3 or None in values else f"{figures[0]} ({figures[1]} to {figures[2]})"
    return f"{text} {headline.unit}" if headline.unit not in ("", "p") and values[0] is not None else text


def _figure(headline: Headline, value: Any) -> str:
    if value is None:
        return "not available"
    if not isinstance(value, int | float):
        return str(value)
    if headline.unit == "p":
        return f"{value:.{headline.decimals}g}"
    scale = 100 if headline.unit in ("%", "percentage points") else 1
    return f"{value * scale:.{headline.decimals}f}".replace("-", "−")


class _Names:
    """The study's names of endpoints, arms and populations, and the run's parameters."""

    def __init__(self, study: str, parameters: Mapping[str, Any]) -> None:
        self.spec = load(study).spec if study in studies() else None
        self.parameters = {
            name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in parameters.items()
        }

    def words(self, headline: Headline, groups: Mapping[str, str]) -> str:
        """A headline's words with the names in place."""
        named = self.parameters | {name: self._named(name, key) for name, key in groups.items()}
        if criterion := named.get("criterion"):
            named["endpoint"] += f" ({criterion})"
        text = headline.words.format_map(_Lenient(named))
        return text[0].upper() + text[1:]

    def _named(self, kind: str, key: str) -> str:
        spec = self.spec
        if spec is not None and kind == "arm" and key in spec.arms:
            return str(spec.arms[key].short)
        if spec is not None and kind == "endpoint" and key in spec.endpoints:
            return str(spec.endpoints[key].label).lower()
        return _NAMES.get(key, key.replace("_", " "))


class _Lenient(dict[str, str]):
    """What a notebook has no parameter for is left out."""

    def __missing__(self, key: str) -> str:
        return "…"
