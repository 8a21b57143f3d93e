"""Printed numbers: what a paper's characters say, and how much they leave open.

A printed `28.8` is not the number 28.8 but every number that is printed so: [28.75, 28.85] where the authors rounded,
[28.8, 28.9) where they cut off. All comparisons of a printed with a recomputed number go through :func:`agreement`.
"""

from __future__ import annotations

import calendar
import datetime
import math
import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Literal

from haicbook.limits import LONGEST_FIGURES, MOST_DIGITS

State = Literal["exact", "below", "above", "not_reached", "unreadable"]
Sides = Literal["two", "one"]
# what a comma between digits is where the figure alone does not tell: `1,234`
Comma = Literal["thousands", "decimal"]
Agreement = Literal["rounded", "truncated", "differs"]

DASH = "-"
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−－~～∼˜"), DASH)
ABOUT = "≈"
# a tilde before a figure is "about"; between two figures it is a dash
_TILDE = re.compile(r"(^|[(\[<>=:;±,‐‑‒–—―−-]|\bto\b)([\s$]*)(?:[~～∼≈]|\\sim(?![a-z]))(?=[\s$]*\.?[0-9])")
_TYPESETTING = [
    (re.compile(r"\s+"), " "),
    (re.compile(r"\\(?:overline|mathbf|boldsymbol|text|mathrm|bf)\s*\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\pm(?![a-z])|\+/-"), "±"),
    (re.compile(r"\\sim(?![a-z])"), DASH),
    (re.compile(r"\\leq?(?![a-z])|≤|≦"), "<="),
    (re.compile(r"\\geq?(?![a-z])|≥|≧"), ">="),
    (re.compile(r"\\lt(?![a-z])"), "<"),
    (re.compile(r"\\gt(?![a-z])"), ">"),
    (re.compile(r"\\theta(?![a-z])"), "0"),  # a typeset zero, as optical recognition reads it
    (re.compile(r"\\%"), "%"),
    (re.compile(r"\\[,;! ]"), " "),
    (re.compile(r"\$"), ""),
    (re.compile(r"</?[a-z]+>"), ""),
    (re.compile(r"(?<=[0-9])·(?=[0-9])"), "."),
]
# a footnote's mark, at a figure's end: ² or <sup>b</sup> or ^{†}; a plain letter only where nothing follows it
_SIGNS = r"[0-9a-c*†‡§¶‖,]+"
_MARK = re.compile(
    rf"(?<=[0-9%)\]])(?:\s?(?:<sup>\s*({_SIGNS})\s*</sup>|\^\{{({_SIGNS})\}}|\^({_SIGNS})|([¹²³⁰⁴-⁹ªᵃᵇᶜ*†‡§¶‖]+))"
    r"|([abc](?:,[abc])*)(?![A-Za-z0-9.]))"
)
_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
# a hyphen at a line's end is lost in some texts, so `thirtyfour` is read as well
_WORDS = {word: str(number) for number, word in enumerate(_UNITS)} | {"no": "0", "none": "0"}
_WORDS |= {
    ten + joint + unit: str(10 * (2 + place) + _UNITS.index(unit) if unit else 10 * (2 + place))
    for place, ten in enumerate(_TENS)
    for joint, unit in [("", ""), *((joint, unit) for joint in ("-", " ", "") for unit in _UNITS[1:10])]
}
_NOT_REACHED = re.compile(
    r"n\.?\s?[raec]\.?|n/a|n\.?y\.?r\.?|∞|inf(?:inity)?"
    r"|(?:not|could not be) (?:yet |been )*(?:reached|estimable|estimated|evaluable|evaluated|calculable|calculated"
    r"|available|applicable|assessable|computable|defined|determined)(?: yet)?",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"[-+]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]*)?")
# groups of three digits after a comma may be thousands, but none begin with a zero: 0,580 has a decimal comma
_DECIMAL_COMMA = re.compile(r"([-+]?)(0+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,}))")
_ONE_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
_LEADING_SIGN = re.compile(r"^\s*(<=|>=|<|>|=)\s*")
_MONTHS = {name.lower(): i for i, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.lower(): i for i, name in enumerate(calendar.month_abbr) if name}
_EPOCH = datetime.date(1970, 1, 1).toordinal()
# Recomputed values carry floating-point noise; this is far below any printed digit and far above that noise.
_NOISE = 1e-11


@dataclass(frozen=True)
class Printed:
    """One printed number.

    Attributes
    ----------
    figure
        The characters as printed.
    value
        The number they say; NaN when not reached or unreadable. A date is in days since 1970-01-01.
    low, high
        The rounding interval: every number in it is printed as `figure`. A count is exact, so low = high. For `<0.001`
        it is [-inf, 0.001].
    decimals
        Digits after the decimal point.
    state
        `exact`, `below` (`<`), `above` (`>`), `not_reached` or `unreadable`.
    marks
        Footnote marks that stand at the figure: `²`, `*`, `a`. They are no part of it.
    confidence
        Of a confidence limit, the level that is printed with it, in per cent; 95 where none is.
    sides
        Of a p-value, whether it is one-sided by its own print.
    """

    figure: str
    value: float
    low: float
    high: float
    decimals: int
    state: State = "exact"
    marks: str = ""
    confidence: float = 95.0
    sides: Sides = "two"

    @property
    def unit(self) -> float:
        """One unit of the last printed digit."""
        return float(Decimal(1).scaleb(-self.decimals))


def normalise(text: str) -> str:
    """Plain characters: one dash, one space, no LaTeX or HTML wrappers, no full-width forms; digits untouched.

    Raised, lowered and circled digits stay what they are: `28.8¹` is not 28.81. The result of normalising twice is the
    result of normalising once.
    """
    before = None
    while before != text:
        before = text
        text = _TILDE.sub(rf"\1\2{ABOUT}", _without_other_forms(text)).translate(_DASHES)
        for pattern, replacement in _TYPESETTING:
            text = pattern.sub(replacement, text)
        text = re.sub(r"\s+", " ", text).strip()
    return text


def _without_other_forms(text: str) -> str:
    return "".join(
        "".join(run) if special else unicodedata.normalize("NFKC", "".join(run))
        for special, run in groupby(text, key=_is_special_digit)
    )


def _is_special_digit(character: str) -> bool:
    return character.isnumeric() and not character.isdecimal()


def split_marks(text: str) -> tuple[str, list[tuple[int, str]]]:
    """A text without its footnote marks, and each mark with its place there: `33² (44.0%)` has `²` at 2."""
    marks: list[tuple[int, str]] = []
    parts: list[str] = []
    end = 0
    for match in _MARK.finditer(text):
        parts.append(text[end : match.start()])
        marks.append((sum(map(len, parts)), next(filter(None, match.groups()))))
        end = match.end()
    return "".join([*parts, text[end:]]), marks


def parse_number(figure: str, *, count: bool = False, comma: Comma = "thousands") -> Printed:
    """Read one printed figure.

    Parameters
    ----------
    figure
        As printed: `28.8`, `.03`, `<0.001`, `3,923`, `0,58`, `~14`, `not reached`, `seven`, or a misprint such as
        `1.1.674`. What is printed as about a number stands for one unit of its last digit to either side.
    count
        A count of patients or events: exact, whole, and may be a number word.
    comma
        What the comma of `1,234` is. That of `0,580` or `14,2` is a decimal one whatever is said here.

    Returns
    -------
    Printed
        Unreadable figures are returned, not raised: state `unreadable`, value NaN.
    """
    plain, marks = split_marks(figure.strip())
    read = _read_figure(plain, count=count, comma=comma)
    return replace(read, marks="".join(mark for _, mark in marks)) if marks else read


def _read_figure(figure: str, *, count: bool, comma: Comma) -> Printed:
    """A figure without marks."""
    sign, about, body = _signs_and_body(normalise(figure))
    if count:
        body = _WORDS.get(body.lower(), body)
    if _NOT_REACHED.fullmatch(body):
        return Printed(figure, math.nan, math.nan, math.nan, 0, "not_reached")
    number = _number_in(body, comma)
    exponent = None if number is None else number.as_tuple().exponent
    if number is None or not isinstance(exponent, int) or (count and exponent < 0):
        return Printed(figure, math.nan, math.nan, math.nan, 0, "unreadable")
    decimals = max(0, -exponent)
    if sign.startswith("<"):
        return Printed(figure, float(number), -math.inf, float(number), decimals, "below")
    if sign.startswith(">"):
        return Printed(figure, float(number), float(number), math.inf, decimals, "above")
    unit = Decimal(1).scaleb(-decimals)
    half = unit if about else Decimal(0) if count else unit / 2
    return Printed(figure, float(number), float(number - half), float(number + half), decimals)


def _signs_and_body(text: str) -> tuple[str, bool, str]:
    """A normalised figure's sign of comparison, whether it is an approximate one, and the rest."""
    sign = _LEADING_SIGN.match(text)
    body = text[sign.end() :] if sign else text
    about = body.startswith(ABOUT)
    return sign.group(1) if sign else "=", about, body.removeprefix(ABOUT).strip().rstrip("%").strip()


def _number_in(body: str, comma: Comma) -> Decimal | None:
    """The number that digits say; None where they say none."""
    if _DECIMAL_COMMA.fullmatch(body) or (comma == "decimal" and _ONE_COMMA.fullmatch(body)):
        body = body.replace(",", ".")
    digits = sum(map(str.isdigit, body))
    if not _FIGURE.fullmatch(body) or not 1 <= digits <= MOST_DIGITS:
        return None
    return Decimal(body.replace(",", "").rstrip(".") or "0")


def parse_date(figure: str) -> Printed:
    """Read a date to the precision printed: `May 2018` stands for every day of that month."""
    text = normalise(split_marks(figure)[0]).lower()
    named = re.fullmatch(r"(?:(\d{1,2})\s+)?([a-z]+)\.?\s+(?:(\d{1,2}),?\s+)?(\d{4})", text, re.ASCII)
    iso = re.fullmatch(r"(\d{4})-(\d{2})(?:-(\d{2}))?", text, re.ASCII)
    if named and named.group(2) in _MONTHS:
        year, month, day = int(named.group(4)), _MONTHS[named.group(2)], named.group(1) or named.group(3)
    elif iso:
        year, month, day = int(iso.group(1)), int(iso.group(2)), iso.group(3)
    else:
        return Printed(figure, math.nan, math.nan, math.nan, 0, "unreadable")
    try:
        first = datetime.date(year, month, int(day) if day else 1)
        last = first if day else datetime.date(year, month, calendar.monthrange(year, month)[1])
    except ValueError:
        return Printed(figure, math.nan, math.nan, math.nan, 0, "unreadable")
    low, high = first.toordinal() - _EPOCH, last.toordinal() - _EPOCH
    return Printed(figure, float(low), float(low), float(high), 0)


# --- cells ------------------------------------------------------------------------------------------------------------

# a figure of any kind, misprints included, so that what cannot be read is kept and marked
_F = rf"[<>]?=? ?{ABOUT}? ?[-+]?\.?(?:[0-9][0-9.,]*[0-9]|[0-9])\.?"
_E = rf"(?:{_F}|{_NOT_REACHED.pattern})"
_SEP = r"\s*(?:-|,\s|;|\bto\b|,(?=[0-9]+\.[0-9]))\s*"
_OPEN, _CLOSE = r"[(\[]\s*", r"\s*[)\]]"
# what may stand before the two figures of an interval; of a confidence interval its level
_CI = r"(?:(?:([0-9]+(?:[.,][0-9]+)?) ?% ?)?(?:-?(?:ci|confidence interval))?[:,;]?\s*)"
_IQR = r"(?:(?:iqr|interquartile range|quartiles|q1 ?- ?q3)[:,;=]?\s*)?"
_RANGE = r"(?:range[:,;=]?\s*)?"


def _interval(first: str, low: str, high: str, before: str = _CI) -> tuple[re.Pattern[str], tuple[str, ...]]:
    pattern = rf"({_E})\s*%?(?:\s*{_OPEN}{before}({_E})\s*%?{_SEP}({_E})\s*%?{_CLOSE})?"
    level = ("confidence",) if before == _CI else ()
    return re.compile(pattern, re.IGNORECASE), (first, *level, low, high)


def _single(name: str, after: str = "") -> tuple[re.Pattern[str], tuple[str, ...]]:
    return re.compile(rf"({_E})\s*%?{after}", re.IGNORECASE), (name, *(("sides",) if after else ()))


_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
# a count that is no whole number is a misprint: it is kept, and cannot be read
_COUNT = rf"{_F}|{_WORD}"
_OF = r"(?:\s*(?:/|\bof\b)\s*([0-9][0-9,]*))?"
_LAYOUTS: dict[str, tuple[re.Pattern[str], tuple[str, ...]]] = {
    "n": (re.compile(rf"({_COUNT}){_OF}", re.IGNORECASE), ("n", "denominator")),
    "pct": (re.compile(rf"({_F})\s*%?"), ("pct",)),
    "n_pct": (
        re.compile(
            rf"(?:({_COUNT})?{_OF}(?:\s*{_OPEN}({_F})\s*%?{_CLOSE})?|({_F})\s*%\s*{_OPEN}({_COUNT}){_OF}{_CLOSE})",
            re.IGNORECASE,
        ),
        ("n", "denominator", "pct", "pct", "n", "denominator"),
    ),
    "mean_sd": (
        re.compile(
            rf"({_F})\s*(?:±\s*({_F})|{_OPEN}(?:±|(?:sd|standard deviation)[:,;=]?)?\s*({_F}){_CLOSE})", re.IGNORECASE
        ),
        ("mean", "sd", "sd"),
    ),
    "median": _single("median"),
    "median_ci": _interval("median", "ci_low", "ci_high"),
    "median_iqr": _interval("median", "q1", "q3", _IQR),
    "median_range": _interval("median", "min", "max", _RANGE),
    "rate": _single("rate"),
    "rate_ci": _interval("rate", "ci_low", "ci_high"),
    "pct_ci": _interval("pct", "ci_low", "ci_high"),
    "hr": _single("hr"),
    "hr_ci": _interval("hr", "ci_low", "ci_high"),
    "p": _single("p", r"(?:[,;]?\s*[(\[]?(one|two|1|2)[- ](?:sided|tailed)[)\]]?)?"),
    "range": (re.compile(rf"({_E}|{_WORD}){_SEP}({_E}|{_WORD})\s*%?", re.IGNORECASE), ("min", "max")),
    "value": _single("value"),
}
EXAMPLES = {
    "n": "97",
    "pct": "56.3%",
    "n_pct": "21 (11.5%)",
    "mean_sd": "55.3 ± 9.5",
    "median": "16.1",
    "median_ci": "16.0 (13.6–18.3)",
    "median_iqr": "25.3 (14.9–52.3)",
    "median_range": "48 (34–67)",
    "rate": "72.1%",
    "rate_ci": "54.0% (34.9–83.4)",
    "pct_ci": "44.0% (24.6–63.5)",
    "hr": "0.56",
    "hr_ci": "0.560 (0.330–0.950)",
    "p": "0.035",
    "range": "4–6",
    "value": "0.03",
    "date": "January 1, 2018",
}
_COUNTS = {"n", "denominator"}
# 10² is a count of ten with a mark, or a hundred
_POWER_OF_TEN = re.compile(r"(?<![0-9.,])10\s?(?:\^|<sup>|[²³⁴-⁹])")
# ratios, percentages and probabilities: a comma in one can only be a decimal one
_WITHOUT_THOUSANDS = {"hr", "hr_ci", "p", "pct", "pct_ci", "rate", "rate_ci"}
# of these all figures are
_ALL_RATIOS = _WITHOUT_THOUSANDS - {"pct"}
_LIMITS = ("ci_low", "ci_high")
ONE_MARK = "with decimal points or decimal commas, not both"
_ANY_FIGURE = re.compile(r"[0-9][0-9.,]*[0-9]|\.[0-9]+")
_POINT = re.compile(r"[0-9]*\.[0-9]+")
_MOST_CONFIDENCE, _LEAST_CONFIDENCE = 100.0, 50.0


class CellError(ValueError):
    """A cell whose shape is not the one that its column announces; what is `wanted`, besides."""

    def __init__(self, cell: str, layout: str, wanted: str = "") -> None:
        self.cell = cell
        self.layout = layout
        self.expected = f"{layout} such as {EXAMPLES[layout]!r}" + (f", {wanted}" if wanted else "")
        super().__init__(f"found {cell!r}; expected {self.expected}")


def decimal_marks(cell: str) -> set[str]:
    """Which decimal marks a cell shows beyond doubt: `,` in `0,58`, `.` in `14.2`, none in `1,234`."""
    figures = _figures_in(cell).split()
    commas = {"," for figure in figures if _DECIMAL_COMMA.fullmatch(figure)}
    return commas | {"." for figure in figures if _POINT.fullmatch(figure)}


def _figures_in(cell: str) -> str:
    return " ".join(_ANY_FIGURE.findall(normalise(split_marks(cell)[0])))


def parse_cell(cell: str, layout: str, comma: Comma | None = None) -> list[tuple[str, Printed]]:
    """Split a printed cell into its statistics.

    Parameters
    ----------
    cell
        As printed, e.g. `21 (11.5%)`. Empty cells yield nothing.
    layout
        One of the codebook's statistics, e.g. `n_pct`.
    comma
        What the comma of `1,234` is by the table's other figures; None where they do not tell: then a decimal one in a
        ratio, a percentage or a probability, and of thousands elsewhere.

    Returns
    -------
    list of (statistic, Printed)
        In the order printed: `[("n", 21), ("pct", 11.5)]`. What cannot be read is marked, not dropped.

    Raises
    ------
    CellError
        When the cell does not have the shape of its layout at all, or mixes decimal commas and points.
    """
    if not cell.strip():
        return []
    if layout not in ("n", "n_pct") and _POWER_OF_TEN.search(cell):
        raise CellError(cell, layout)
    if len(cell) > LONGEST_FIGURES:
        raise CellError(f"{cell[:40]}… ({len(cell)} characters)", layout)
    if layout == "date":
        return _require_readable([("date", parse_date(cell))], cell, layout)
    plain, marks = split_marks(cell)
    pattern, names = _LAYOUTS[layout]
    match = pattern.fullmatch(normalise(plain))
    if match is None or not any(match.groups()):
        raise CellError(cell, layout)
    marks_shown = decimal_marks(cell) | {mark for mark in ",." if layout in _ALL_RATIOS and mark in _figures_in(cell)}
    if len(marks_shown) > 1:
        raise CellError(cell, layout, ONE_MARK)
    places = [(len(normalise(plain[:place])), mark) for place, mark in marks]
    said: dict[str, str] = {}
    parts: list[tuple[str, Printed]] = []
    for group, (name, figure) in enumerate(zip(names, match.groups(), strict=True), 1):
        if figure is None:
            continue
        if name in ("confidence", "sides"):
            said[name] = figure.lower()
            continue
        if comma == "decimal" and name in _COUNTS and "," in figure:
            raise CellError(cell, layout, "without a comma, which is a decimal one elsewhere in this table")
        below_thousands = layout in _WITHOUT_THOUSANDS or name == "pct"
        if comma == "thousands" and below_thousands and "," in figure:
            raise CellError(cell, layout, ONE_MARK)
        is_count = name in _COUNTS or figure.lower() in _WORDS
        decimal = below_thousands or (comma == "decimal" and not is_count)
        printed = _read_figure(_verbatim(figure, plain), count=is_count, comma="decimal" if decimal else "thousands")
        own = [mark for place, mark in places if _owner(match, place) == group]
        parts.append((name, replace(printed, marks="".join(own)) if own else printed))
    return _require_readable(_with_what_is_said(parts, said, cell, layout), cell, layout)


def _with_what_is_said(
    parts: list[tuple[str, Printed]], said: dict[str, str], cell: str, layout: str
) -> list[tuple[str, Printed]]:
    """The parts with the confidence level, and the sides of the test, that the cell prints."""
    confidence = float(said.get("confidence", "95").replace(",", "."))
    if not _LEAST_CONFIDENCE <= confidence < _MOST_CONFIDENCE:
        raise CellError(cell, layout)
    sides: Sides = "one" if said.get("sides") in ("one", "1") else "two"
    return [
        (name, replace(printed, confidence=confidence if name in _LIMITS else 95.0, sides=sides))
        for name, printed in parts
    ]


def _owner(match: re.Match[str], place: int) -> int:
    """The last figure that ends at or before a mark, or else the first."""
    figures = [group for group in range(1, match.re.groups + 1) if match.group(group) is not None]
    return max((group for group in figures if match.end(group) <= place), default=figures[0])


def _verbatim(figure: str, cell: str) -> str:
    """The figure's own characters in the cell, or its normalised form when typesetting stands between them."""
    if figure in cell:
        return figure
    for tilde in "~∼～":
        if figure.replace(ABOUT, tilde) in cell:
            return figure.replace(ABOUT, tilde)
    for plain, printed in (("<=", "≤"), (">=", "≥")):
        figure = figure.replace(plain, printed)
    return figure.strip()


def _require_readable(parts: list[tuple[str, Printed]], cell: str, layout: str) -> list[tuple[str, Printed]]:
    """The parts, unless none can be read, or a comma leaves open what is meant."""
    unread = [printed.state == "unreadable" for _, printed in parts]
    doubtful = [printed.state == "unreadable" and "," in printed.figure for _, printed in parts]
    if all(unread) or any(doubtful):
        raise CellError(cell, layout)
    return parts


# --- comparison -------------------------------------------------------------------------------------------------------


def agreement(printed: Printed, recomputed: float) -> Agreement:
    """Whether a recomputed number can have been printed as this figure.

    Parameters
    ----------
    printed
        What the paper prints.
    recomputed
        The number that the paper's other figures imply, in the same unit.

    Returns
    -------
    "rounded", "truncated" or "differs"
        `rounded` when the number lies in the rounding interval (its ends included: authors round halves both ways);
        `truncated` when it only agrees if the further digits were cut off.

    Raises
    ------
    ValueError
        When the figure has no value (not reached, unreadable) or the recomputed number is NaN.
    """
    if printed.state in ("not_reached", "unreadable") or math.isnan(recomputed):
        raise ValueError(f"{printed.figure!r} cannot be compared with {recomputed!r}")
    noise = _NOISE * max(1.0, abs(recomputed))
    if printed.low - noise <= recomputed <= printed.high + noise:
        return "rounded"
    if printed.state != "exact" or printed.low == printed.high:
        return "differs"
    nearer, farther = sorted((printed.value, printed.value + math.copysign(printed.unit, printed.value)), key=abs)
    if abs(nearer) - noise <= abs(recomputed) < abs(farther) - noise and recomputed * printed.value >= 0:
        return "truncated"
    return "differs"


def overlap(printed: Printed, low: float, high: float) -> bool:
    """Whether some number in [low, high] can have been printed as this figure, by rounding."""
    return printed.low - _NOISE <= high and low <= printed.high + _NOISE


def format_like(value: float, printed: Printed) -> str:
    """A recomputed value with as many decimals as the printed one has."""
    return f"{value:.{printed.decimals}f}"
