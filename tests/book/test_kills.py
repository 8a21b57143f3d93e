"""Builds that are killed leave a whole book, and nothing that the next build stumbles over."""

from __future__ import annotations

from kills import Victim, kills


def test_ten_kills_leave_the_old_book_or_the_new_one(project):
    found = list(kills(Victim(project, data=False), 10, seed=7, mend=False))
    assert [kill for kill in found if not kill.well] == []
    assert {"old"} <= {kill.book for kill in found}
