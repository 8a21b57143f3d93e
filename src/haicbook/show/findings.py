"""Findings of the audit as a table for the page."""

from __future__ import annotations

from typing import Any

import pandas as pd

from haicbook.show.tables import Linked

_MARK = {"error": "error", "warning": "warning", "info": "note"}


def findings(found: list[Any], most: int | None = None) -> pd.DataFrame:
    """One row for each finding, the gravest first: severity, the sentence, printed, recomputed."""
    rows = [
        (
            _MARK[item.severity],
            item.sentence + (f" {item.repair}" if item.repair else ""),
            Linked(item.printed, item.value_ids[0] if item.value_ids else ""),
            item.recomputed,
        )
        for item in found[:most]
    ]
    return pd.DataFrame(rows, columns=["", "What does not add up", "Printed", "Recomputed"])
