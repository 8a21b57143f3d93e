"""Appraisal sheets: every item that the book judges has its place."""

from __future__ import annotations

from haicbook.study.beside import DOMAINS
from haicbook.synthesis.judgements import appraisal
from haicbook.synthesis.reporting import ITEMS
from haicbook.teaching.sheets import STROBE, blank_sheets


def test_every_item_of_reporting_has_an_item_of_strobe() -> None:
    assert list(STROBE) == list(ITEMS)


def test_the_sheets_to_fill_in_ask_what_the_book_judges() -> None:
    page = blank_sheets(["lee2024"])
    asked = [*ITEMS, *DOMAINS.values(), "Imprecision", "Inconsistency"]
    assert [item for item in asked if f"|{item}|" not in page] == []
    assert page.count("| | |") >= len(DOMAINS) + len(appraisal())
