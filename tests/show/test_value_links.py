"""The way from a chapter to a printed value's row in the appendix."""

from __future__ import annotations

import pytest

from haicbook import show


def test_the_link_leads_from_a_chapter_to_the_row() -> None:
    assert show.value_link("cao2024/table3/fever/after_psm/se/g12/n") == (
        "values.html#cao2024/table3/fever/after_psm/se/g12/n"
    )


def test_a_value_without_an_id_has_no_row() -> None:
    with pytest.raises(ValueError, match="no value id"):
        show.value_link("")
