"""No cell of a CSV file is run by a spreadsheet or taken for missing, and each has its text back."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haicbook.spreadsheet import comment, csv_cell, shown

STARTS = ["=", "+", "-", "@", "\t", "\r", "'", "＝", "NA", "None", '"', ","]
TEXTS = st.tuples(st.sampled_from(["", *STARTS]), st.text(max_size=6)).map("".join)


@given(TEXTS)
@settings(deadline=None)
def test_one_apostrophe_fewer_is_the_text(text: str) -> None:
    cell = shown(text)
    assert cell.removeprefix("'") == text
    assert next(csv.reader(io.StringIO(f"{csv_cell(text)},1\r\n", newline=""))) == [cell, "1"]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1-1", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "-", "-0.5 (-1 to 2)"]
)
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert shown(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["-12", "-0.5", "+3", "-1,234.5", "-12.5%", "1e-3", "−0.5", "", "28.8 (19.3–35)", "<0.001"]
)
def test_numbers_and_ordinary_texts_stay(text: str) -> None:
    assert shown(text) == text


def test_a_default_reader_takes_no_text_for_missing() -> None:
    from pandas._libs.parsers import STR_NA_VALUES

    words = sorted(STR_NA_VALUES - {""})
    read = pd.read_csv(io.StringIO("\n".join(["text", *map(shown, words)])))
    assert read.text.str.removeprefix("'").to_list() == words


def test_no_part_of_a_line_of_comment_is_a_formula() -> None:
    line = comment("# synthetic, =1+1; @x, 2 of 4 replicates, -3")
    parts = [part.strip() for part in line.replace(";", ",").split(",")]
    assert parts == ["# synthetic", "'=1+1", "'@x", "2 of 4 replicates", "'-3"]
