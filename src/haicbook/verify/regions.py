"""Which part of the paper each line of its text belongs to: abstract, methods, a table, a legend, references."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from haicbook.verify.clean import clean, is_tabular
from haicbook.verify.items import letters

_HEADINGS = {
    "introduction": "introduction|background",
    "methods": "methods?|(?:materials?|patients?) ?and (?:methods?|patients?)|methods? and materials?",
    "results": "results?",
    "discussion": "discussions?",
    "conclusion": "conclusions?",
    "back": "abbreviations|acknowledg\\w*|funding|declarations?|disclosures?|keywords?|conflicts? of interests?|"
    "author'?s?'? contributions?|authors' contributions|data (?:availability|sharing)(?: statement)?|ethics\\b.*|"
    "supplementary (?:information|materials?)|competing interests?|author details|publisher's note",
    "references": "references|bibliography",
    "abstract": "abstract|summary",
}
_HEADING = {name: re.compile(rf"(?:{pattern})[:.]?", re.IGNORECASE) for name, pattern in _HEADINGS.items()}
_NUMBERED = re.compile(r"^(?:\d+(?:\.\d+)*\.?\s+)(?=[A-Z])")
_STARTS_ABSTRACT = re.compile(
    r"^(?:abstract|background|purpose|objectives?|aims?|introduction|importance)\b", re.IGNORECASE
)
_ENDS_ABSTRACT = re.compile(r"^(?:key ?words?|correspondence|abbreviations)\b", re.IGNORECASE)
_TABLE = re.compile(r"^(?i:table)\s+(S?\d+|[IVX]+)\b[.:]?\s*(?=[A-Z(]|$)")
_CAPTION_WITHIN = re.compile(r"\*\*Table\s+(\d+)\*\*\s+[A-Z]")  # bold, amid a line of prose
_FIGURE = re.compile(r"^(?i:fig\.?|figure)\s*(\d+)[.:]?\s*(?=[A-Z]|$)")
_NOTE = re.compile(
    r"^(?:Abbreviations?|Notes?|Data are|Values are)\b|^[\w‐-]+(?: PS)?,? [\w-]+[\w ,/+-]*;|^[\w-]+, [a-z][\w -]*;?$"
)
_PAGE_NUMBER = re.compile(r"\d{1,4}")
_ROMAN = {
    "I": "1",
    "II": "2",
    "III": "3",
    "IV": "4",
    "V": "5",
    "VI": "6",
    "VII": "7",
    "VIII": "8",
    "IX": "9",
    "X": "10",
}


@dataclass(frozen=True)
class TextLine:
    """A line of the text and where in the paper it stands.

    Attributes
    ----------
    number
        From 1.
    text
        In plain characters.
    region
        `front`, `abstract`, `introduction`, `methods`, `results`, `discussion`, `conclusion`, `back`, `references`,
        `table`, `note`, `figure`, or `page` (running heads and page numbers).
    section
        For a table, a note or a figure: the part of the paper around it; else the region.
    table
        The table's number, for its lines and notes.
    place
        The subsection's heading, as plain letters.
    tabular
        Whether tabs, pipes or HTML cells mark the line as a row.
    """

    number: int
    text: str
    region: str
    section: str
    table: str
    place: str
    tabular: bool


def read_lines(text: str, places: set[str]) -> list[TextLine]:
    """Every line of a text, placed.

    Parameters
    ----------
    text
        The paper as plain text.
    places
        Headings of subsections, as plain letters, that the extraction names.
    """
    raw = text.splitlines()
    reader = _RegionReader(places, _running_heads(raw))
    return [reader.read(number, line) for number, line in enumerate(raw, start=1)]


def _running_heads(raw: list[str]) -> set[str]:
    """Skeletons of short lines that come again with another page number."""
    skeletons = Counter(
        re.sub(r"\d+", "#", line.strip())
        for line in raw
        if len(line) < 60 and re.search(r"(?:^\d+ |[a-z] \d+$)", line.strip()) and not is_tabular(line)
    )
    return {
        skeleton
        for skeleton, count in skeletons.items()
        if count > 1 and skeleton.count("#") == 1 and len(re.findall(r"[A-Za-z]{4,}", skeleton)) > 1
    }


class _RegionReader:
    """Reads line after line and remembers which part it is in."""

    def __init__(self, places: set[str], heads: set[str]) -> None:
        self.places, self.heads = places, heads
        self.section, self.place, self.inner, self.table = "front", "", "", ""
        self.saw_rows = self.saw_text = False
        self.before = ""

    def read(self, number: int, raw: str) -> TextLine:
        text, tabular = clean(raw), is_tabular(raw)
        region = self._region(raw, text, tabular)
        if text:
            self.before = text
        inside = region in ("table", "note", "figure")
        return TextLine(number, text, region, self.section, self.table if inside else "", self.place, tabular)

    def _region(self, raw: str, text: str, tabular: bool) -> str:
        if self.section == "references" or not text:
            self._blank(text)
            return self.inner or self.section
        if re.sub(r"\d+", "#", raw.strip()) in self.heads or (_PAGE_NUMBER.fullmatch(text) and self.inner != "table"):
            return "page"
        if caption := _TABLE.match(text) or _CAPTION_WITHIN.search(raw):
            label = caption.group(1).upper()
            self.inner, self.table, self.saw_rows, self.saw_text = "table", _ROMAN.get(label, label), False, True
            # a caption amid a line of prose leaves that line to the prose
            return "table" if _TABLE.match(text) else self.section
        if _FIGURE.match(text):
            self.inner, self.table, self.saw_text = "figure", "", len(text.split()) > 3
            return "figure"
        if self._heading(text):
            return self.section
        if self.inner:
            self._leave(raw, text, tabular)
        return self.inner or self.section

    def _blank(self, text: str) -> None:
        if not text and (self.inner == "note" or (self.inner == "figure" and self.saw_text)):
            self.inner = ""

    def _heading(self, text: str) -> bool:
        bare = _NUMBERED.sub("", text.lstrip("# ")).strip()
        if len(bare) > 90:
            return self._abstract(bare)
        for name, pattern in _HEADING.items():
            if pattern.fullmatch(bare) and not (name == "back" and self.section == "front"):
                # the parts of a structured abstract are headings of it
                if self.section == "abstract" and name in ("methods", "results", "conclusion"):
                    return True
                self.section, self.place, self.inner = name, "", ""
                return True
        plain = letters(bare)
        if plain in self.places and self.inner != "table":
            self.place, self.inner = plain, ""
            return True
        return self._abstract(bare)

    def _abstract(self, bare: str) -> bool:
        if self.section == "front" and _STARTS_ABSTRACT.match(bare):
            self.section = "abstract"
        elif self.section == "abstract" and _ENDS_ABSTRACT.match(bare):
            self.section = "front"
        return False

    def _leave(self, raw: str, text: str, tabular: bool) -> None:
        """Whether this line ends the table, note or legend that the last one belonged to."""
        goes_on = self.before.endswith(".") and (raw[:1].isspace() or text[:1].islower())
        if self.inner == "table":
            if _NOTE.match(text) and not tabular:
                self.inner = "note"
            elif not tabular and (self.saw_rows or "(continued)" in self.before.lower() or _is_prose(text)):
                self.inner = ""
            self.saw_rows = self.saw_rows or tabular
        elif (self.inner == "note" or self.saw_text) and goes_on:
            self.inner = ""
        elif self.inner == "figure":
            self.saw_text = True


def _is_prose(text: str) -> bool:
    words = re.findall(r"\b[a-z]{3,}\b", text)
    return len(words) >= 7 and len(re.findall(r"\d+(?:\.\d+)?", text)) < 2
