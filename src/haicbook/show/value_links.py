"""Where a printed value stands in the appendix, and a finding in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from haicbook.audit.finding import Finding


def value_link(value_id: str) -> str:
    """The address of a printed value's row in the appendix, as seen from a chapter.

    Parameters
    ----------
    value_id
        `study/source/row/…/statistic`, as in the `id` of the tidy values.

    Raises
    ------
    ValueError
        When there is no id: such a link would lead to the appendix and to no value.
    """
    if not value_id:
        raise ValueError("no value id; expected one as study/source/row/…/statistic")
    return f"values.html#{quote(value_id)}"


def finding_link(finding: Finding) -> str:
    """The address of a study's findings by one rule in the ledger, as seen from a chapter."""
    return f"audit.html#Study={quote(finding.study, errors='replace')}&Rule={quote(finding.rule)}"
