"""Words and figures of a text in reading order; which figures are no results, and by which rule."""

from __future__ import annotations

import calendar
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

_UNITS = r"months?|weeks?|days?|years?|hours?|h|min|mg|g|kg|ml|l|cm|mm|vs|sessions?|patients?|cycles?|stage|fold|to|and"
_SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen""".split()  # noqa: SIM905
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
_WORDS = {word: number for number, word in enumerate(_SMALL)}
_WORDS |= {word: 10 * number for number, word in enumerate(_TENS, start=2)}
_WORDS |= {"no": 0, "none": 0, "fve": 5, "ffteen": 15, "ffty": 50}  # ligatures that were lost
_MONTHS = {*calendar.month_name, *calendar.month_abbr} - {""}
_FIGURE = r"(?<![\d,])\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d+(?:\.\d+)*|(?<![\w.])\.\d+"
_ITEM = re.compile(
    r"(?P<open>\bnot (?:yet |been )*(?:reached|estimable|evaluable|calculable|assessable)\b|\bN\.?[AR]\b\.?|\bN[EC]\b"
    r"|\bN/A\b|\bNYR\b|∞)"
    rf"|(?P<figure>{_FIGURE})"
    r"|(?P<word>[^\W\d_]+)",
    re.IGNORECASE,
)
# "17.8 v 11.5" and "17.8 months v 11.5 months" are two results, "SPSS v 26" is none
_NOT_VERSUS = r"(?<![\d%)\]]\s)(?<!months\s)(?<!years\s)(?<!weeks\s)(?<!days\s)(?<!patients\s)(?<!reached\s)"
_SIDES = re.compile(r"\b(?:one|two|1|2)[- ](?:sided|tailed)\b", re.IGNORECASE)
_SIGN = re.compile(r"([<>]=?)\s?=?\s?$")
_SIGN_IN_WORDS = {"over": ">", "above": ">", "exceeding": ">", "more than": ">"}
_SIGN_IN_WORDS |= {"under": "<", "below": "<", "less than": "<"}
_SIGN_WORD = re.compile(rf"\b({'|'.join(_SIGN_IN_WORDS)}) $", re.IGNORECASE)
_CONTEXT = 40

# Figures that are no results. The first rule that holds names the reason; those of SOFT may yet be stored as values,
# so a cell may be found in them, and PROSE_ONLY do not hold in tables, where every figure is one.
_REFERENCES, _NUMBERS, _NAMES_OF, _GROUPS = (
    "references and addresses",
    "numbers of figures, tables and sections",
    "parts of names and versions",
    "thresholds of groups",
)
_GRADES, LEVELS = "grades", "confidence levels"
SOFT = frozenset({_GROUPS, _GRADES, LEVELS})
_RULES: list[tuple[str, bool, re.Pattern[str]]] = [  # reason, in tables too, pattern
    (_REFERENCES, True, re.compile(r"⟦[^⟧]*⟧")),
    (_REFERENCES, True, re.compile(r"\[\d{1,3}(?:\s*[,-]\s*\d{1,3})*\s*\]")),
    (_REFERENCES, False, re.compile(r"(?<![\d\w])(?<!\d )\(\s*\d{1,3}(?:\s*[,-]\s*\d{1,3})*\s*\)")),
    (
        _NUMBERS,
        True,
        re.compile(
            r"\b(?i:tables?|figs?\.?|figures?|files?|supplementary|materials?)\s*⟦?S?\d+[\da-dA-D]?"
            r"(?:\s*(?:[,-]|and)\s*S?\d+\w?)*"
        ),
    ),
    (_NUMBERS, False, re.compile(r"^\d+(?:\.\d+)+\.?\s+(?=[A-Z][^.\d\n]{3,80}$)", re.MULTILINE)),
    (
        _NUMBERS,
        False,
        re.compile(r"^\d+\.?\s+(?=(?:Introduction|Materials|Methods|Results|Discussion|Conclusion))", re.M),
    ),
    (LEVELS, True, re.compile(r"\d+(?:\.\d+)?\s?%\s*(?=-?\s?(?:CIs?\b|conf\w*dence|\[?CI))", re.IGNORECASE)),
    (_NAMES_OF, True, re.compile(r"(?:RECIST|antigen|carbohydrate)\s+(?:version\s+)?\d+(?:\.\d+)?")),
    (
        _NAMES_OF,
        False,
        re.compile(
            rf"(?:\b[vV]ersions?|{_NOT_VERSUS}\bv\.?|\bR|\bSPSS®?|\bPrism|\bsoftware)\s*\(?(?:v\.?\s?)?\d+(?:\.\w+)*"
        ),
    ),
    (_NAMES_OF, False, re.compile(r"\b[A-Z]*\d{4}-\d+(?:-\d+)?\b")),
    (
        _GRADES,
        True,
        re.compile(r"\bgraded?s?\s*(?:of\s)?(?:[<>]=?\s*)?\d(?:\s*(?:-|or|and|to|/)\s*\d)?", re.IGNORECASE),
    ),
    (_NAMES_OF, True, re.compile(r"(?<=[A-Za-z])\d[\d.]*|(?<=[A-Za-z]-)\d[\d.]*|(?<=\([A-Z]\))\d")),
    (_NAMES_OF, True, re.compile(rf"\d+(?=-?(?!(?:{_UNITS})\b)[A-Za-z])", re.IGNORECASE)),
    (_GROUPS, False, re.compile(r"\bscore\s+(?:of\s+)?\d\b")),
    (
        _GROUPS,
        False,
        re.compile(r"(?<![pP]\s)(?<![pP])(?<!value\s)(?<!values\s)(?<!value)[<>]=?\s*\d+(?:\.\d+)?(?![\d.])"),
    ),
]


@dataclass(frozen=True)
class Item:
    """A word or a figure of the text.

    Attributes
    ----------
    kind
        `figure`, `number word`, `month`, `open` (not reached, NA) or `word`.
    text
        What is compared: a figure without thousands separators, a number word's number, a word's plain letters.
    sign
        `<`, `<=`, `>` or `>=` before a figure, in brackets where words say it, else empty.
    line
        Line of the text, from 1.
    starts
        Whether it is the first of its line.
    left_out
        The rule by which the figure is no result; empty when it may be one.
    context
        Some characters around it, for the screen.
    """

    kind: str
    text: str
    sign: str
    line: int
    starts: bool
    left_out: str = ""
    context: str = ""

    @property
    def counts(self) -> bool:
        """Whether the item is a result, as far as the rules can say."""
        return self.kind != "word" and not self.left_out

    @property
    def findable(self) -> bool:
        """Whether a printed value can be this item."""
        return self.kind != "word" and (not self.left_out or self.left_out in SOFT)


def letters(word: str) -> str:
    """A word's plain lower-case letters; `fi`, `fl` and `ff`, which recognition loses or swaps, become `f`."""
    return re.sub(r"f[fil]*", "f", re.sub(r"[^\w]|_", "", word.lower()))


def read_items(lines: list[str], tabular: list[bool] | None = None) -> list[Item]:
    """Items of cleaned lines, in reading order; a rule may look across the end of a line.

    Parameters
    ----------
    lines
        As :func:`haicbook.verify.clean.clean` gives them.
    tabular
        For each line whether it belongs to a table, where fewer rules hold; none does when not given.
    """
    text = "\n".join(lines)
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    reasons = _left_out_spans(text, starts, tabular or [False] * len(lines))
    items: list[Item] = []
    line_before = -1
    for match in _ITEM.finditer(text):
        line = bisect_right(starts, match.start()) - 1
        kind, shown = _classify(match)
        is_figure = kind == "figure"
        sign = _sign(text[max(0, match.start() - 12) : match.start()]) if is_figure else ""
        left_out = reasons.get(match.start(), "") if is_figure else ""
        context = _around(text, match) if is_figure or kind == "number word" else ""
        items.append(Item(kind, shown, sign, line + 1, line != line_before, left_out, context))
        line_before = line
    return items


def _around(text: str, match: re.Match[str]) -> str:
    return " ".join(text[max(0, match.start() - _CONTEXT) : match.end() + _CONTEXT].split())


def _classify(match: re.Match[str]) -> tuple[str, str]:
    shown = match.group()
    if match.lastgroup == "open":
        return "open", letters(shown)
    if match.lastgroup == "figure":
        return "figure", f"{'0' if shown.startswith('.') else ''}{shown.replace(',', '')}"
    if shown in _MONTHS:
        return "month", shown[:3]
    if shown.lower() in _WORDS:
        return "number word", str(_WORDS[shown.lower()])
    return "word", letters(shown)


def _sign(before: str) -> str:
    """`<`, `<=`, `>` or `>=` at the end of what stands before a figure, or the same in words in brackets: `(>)`."""
    if sign := _SIGN.search(before):
        return sign.group(1)
    if word := _SIGN_WORD.search(before):
        return f"({_SIGN_IN_WORDS[word.group(1).lower()]})"
    return ""


def _left_out_spans(text: str, starts: list[int], in_table: list[bool]) -> dict[int, str]:
    """Where figures start that a rule leaves out, and the rule's name."""
    reasons: dict[int, str] = {}
    for reason, in_tables_too, pattern in _RULES:
        for match in pattern.finditer(text):
            if not in_tables_too and in_table[bisect_right(starts, match.start()) - 1]:
                continue
            for position in _figure_starts(match):
                reasons.setdefault(position, reason)
    return reasons


def _figure_starts(match: re.Match[str]) -> Iterator[int]:
    for figure in re.finditer(_FIGURE, match.group()):
        yield match.start() + figure.start()


def read_cell(cell: str) -> list[Item]:
    """The items of a printed cell that the text must show: figures, number words, months, `not reached`."""
    from haicbook.verify.clean import clean

    return [item for item in read_items([_SIDES.sub("", clean(cell))], [True]) if item.kind != "word"]


def same(cell: Item, text: Item, *, exact_sign: bool) -> bool:
    """Whether an item of the text is the figure that the cell holds.

    Digits must agree one by one, decimals included. A sign in the cell must stand in the text; a sign in the text
    must stand in the cell where `exact_sign` asks for it (a p-value), and may be said in words elsewhere.
    """
    if cell.kind != text.kind or cell.text != text.text:
        return False
    return cell.sign == text.sign.strip("()") or (not cell.sign and not exact_sign)
