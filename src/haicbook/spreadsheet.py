"""CSV cells that a spreadsheet shows and does not run, and that no program takes for missing by default."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

APOSTROPHE = (
    "A text that a spreadsheet would run (one that begins with =, +, -, @ or a tab and is no number) or that pandas or "
    "R would read as missing (NA, None, null and the like) has an apostrophe before it, as has one that begins with an "
    "apostrophe: take one apostrophe away to have the text as it is."
)
# the full-width forms run in some versions of Excel
_RUNS = tuple("=+-@\t\r\n＝＋－＠")
_NUMBER = re.compile(r"[-+]?[\d.,]*\d(?:[eE][-+]?\d+)?%?")
# pandas' default `na_values`, which hold R's
_MISSING = {"NA", "N/A", "n/a", "NULL", "null", "None", "NaN", "nan", "-NaN", "-nan", "<NA>", "#NA", "#N/A", "#N/A N/A"}
_MISSING |= {"1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"}
_INNER = re.compile(r"([,;\t]\s*)(?=[=+\-@＝＋－＠])")


def shown(text: str) -> str:
    """A text as a CSV cell: with an apostrophe before it where :data:`APOSTROPHE` says so."""
    runs = text.startswith(_RUNS) and not _NUMBER.fullmatch(text)
    return f"'{text}" if runs or text in _MISSING or text.startswith("'") else text


def csv_cell(text: str) -> str:
    """:func:`shown`, in the quotation marks that CSV wants around commas, line ends and quotation marks."""
    cell = shown(text)
    return '"{}"'.format(cell.replace('"', '""')) if re.search(r'[,"\r\n]', cell) else cell


def shown_frame(frame: pd.DataFrame, columns: Iterable[str]) -> pd.DataFrame:
    """A frame whose named columns of texts are as CSV cells show them."""
    return frame.assign(**{name: frame[name].map(shown) for name in columns})


def comment(line: str) -> str:
    """A line above the header, which a spreadsheet parts into cells at commas, of which it runs none."""
    return _INNER.sub(r"\1'", line)
