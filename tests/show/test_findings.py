"""Findings for a chapter: the first as a list, the others folded, none lost."""

from __future__ import annotations

from haicbook import show
from haicbook.audit import Finding
from haicbook.show.findings import in_brief, shortened
from haicbook.show.value_links import finding_link


def finding(severity: str, sentence: str, **further: object) -> Finding:
    given = {"value_ids": ("x/y/n",), "printed": "1 (2%)", "recomputed": "50%"} | further
    return Finding(rule="percentage", severity=severity, study="x", sentence=sentence, **given)  # type: ignore[arg-type]


FOUND = [
    finding("error", "First thing.", recomputation="1/2 = 50%, not 2%", repair="1 (50%) for 1 (2%)."),
    finding("error", "Second thing."),
    finding("warning", "Third thing."),
    finding("info", "Fourth <thing>."),
]


def test_the_first_are_a_list_and_the_rest_is_folded() -> None:
    text = show.ranked_findings(FOUND, "Others", "tab-others").data
    first, folded = text.split("::::{dropdown} The other 1: 1 note")
    assert [line[:12] for line in first.splitlines() if line[:1].isdigit()] == [
        "1. **Error.*",
        "2. **Error.*",
        "3. **Warning",
    ]
    assert "By hand: 1/2 = 50%, not 2%." in first
    assert "Perhaps: 1 (50%) for 1 (2%)." in first
    assert "Fourth \\<thing\\>." in folded
    assert ":name: tab-others" in folded
    assert folded.rstrip().endswith("::::")


def test_printed_figures_side_by_side_are_no_arithmetic() -> None:
    sentence = "OS, median differs from place to place: 28.8 in Abstract; 25.4 in Discussion."
    item = finding("error", sentence, printed="28.8 / 25.4", recomputation="28.8 ≠ 25.4", recomputed="")
    assert "By hand" not in show.ranked_findings([item], "Others", "tab-others").data
    assert in_brief([item])[0][1].endswith(": OS, median, 28.8 in Abstract; 25.4 in Discussion")


def test_three_findings_leave_nothing_to_fold() -> None:
    assert "dropdown" not in show.ranked_findings(FOUND[:3], "Others", "tab-others").data


def test_a_paper_without_findings_says_so() -> None:
    assert show.ranked_findings([], "Others", "tab-others").data == "Nothing was found that does not add up.\n"


def test_every_finding_leads_to_its_values_and_to_the_ledger() -> None:
    text = show.ranked_findings(FOUND, "Others", "tab-others").data
    assert text.count('href="values.html#x/y/n"') == len(FOUND)
    assert text.count(f'href="{finding_link(FOUND[0])}"') == 3
    assert finding_link(FOUND[0]) == "audit.html#Study=x&Rule=percentage"


def test_a_long_quotation_is_cut_at_a_word() -> None:
    assert shortened("a few words") == "a few words"
    cut = shortened("a few words more, " * 20, 30)
    assert cut.endswith(" …")
    assert len(cut) <= 32
