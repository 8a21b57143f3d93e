"""A two-stage design for the page: as printed, and the best designs for the same aims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from haicbook.show.tables import number

if TYPE_CHECKING:
    from haicbook.stats.single_arm import BestDesigns, Evaluation


def design_table(printed: Evaluation, best: BestDesigns) -> pd.DataFrame:
    """Stages and exact operating characteristics of the printed, the optimal and the minimax design."""
    columns = {"Printed": printed, "Optimal": best.optimal, "Minimax": best.minimax}
    rows: dict[str, Any] = {
        "Stage 1: stop at this many responders or fewer": lambda e: f"{e.design.r1} of {e.design.n1}",
        "End: not worth pursuing at this many or fewer": lambda e: f"{e.design.r} of {e.design.n}",
        f"Type I error at {printed.null.rate:.0%}, %": lambda e: number(100 * e.null.rejection, 1),
        f"Power at {printed.alternative.rate:.0%}, %": lambda e: number(100 * e.alternative.rejection, 1),
        f"Chance to stop after stage 1 at {printed.null.rate:.0%}, %": lambda e: number(100 * e.null.early_stop, 1),
        f"The same at {printed.alternative.rate:.0%}, %": lambda e: number(100 * e.alternative.early_stop, 1),
        f"Expected patients at {printed.null.rate:.0%}": lambda e: number(e.null.expected_n, 1),
    }
    frame = pd.DataFrame({"Simon's two stages": list(rows)})
    for name, evaluation in columns.items():
        frame[name] = [cell(evaluation) for cell in rows.values()]
    return frame


def design_text(printed: Evaluation, responders: int, patients: int) -> dict[str, str]:
    """What the first stage found against what it needed."""
    return {
        "stage1_found": f"{responders} of {patients}",
        "stage1_needed": f"more than {printed.design.r1}",
        "stage1_n": str(printed.design.n1),
        "stage1_stop_if_works": f"{number(100 * printed.alternative.early_stop, 1)} %",
        "type_one": f"{number(100 * printed.null.rejection, 1)} %",
        "power": f"{number(100 * printed.alternative.rejection, 1)} %",
    }
