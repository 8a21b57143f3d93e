"""Of a hundred: squares for what is so, and for what is not."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from haicbook.show.style import FAINT, INK, WIDTH
from haicbook.synthesis.trust import Measured, Share

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIDE = 10
_PRINTED = {
    "a": "medians, hazard ratio, p",
    "b": "the same, and deaths of each arm",
    "c": "the same, and rates at three times",
}


def hundreds(shares: Sequence[Share]) -> tuple[Figure, object]:
    """A panel of a hundred squares for each share, as many of them dark as there are in a hundred, rounded.

    Parameters
    ----------
    shares
        What to draw, from left to right.

    Returns
    -------
    tuple
        The figure and its axes.
    """
    import matplotlib.pyplot as plt
    from matplotlib.patches import Rectangle

    figure, axes = plt.subplots(1, len(shares), figsize=(WIDTH, 3.4), squeeze=False)
    for axis, share in zip(axes[0], shares, strict=True):
        for place in range(_SIDE * _SIDE):
            down, along = divmod(place, _SIDE)
            colour = INK if place < round(share.percent) else FAINT
            axis.add_patch(Rectangle((along + 0.1, _SIDE - down - 0.9), 0.8, 0.8, facecolor=colour))
        axis.set(xlim=(0, _SIDE), ylim=(0, _SIDE), aspect="equal")
        axis.axis("off")
        axis.set_title(f"Of 100 {_wrapped(share.of)},\n{round(share.percent)} {share.met}", fontsize=10)
    figure.tight_layout()
    return figure, axes


def hundreds_words(shares: Sequence[Share]) -> str:
    """The same in words."""
    return "; ".join(f"of 100 {share.of}, {round(share.percent)} {share.met}" for share in shares).capitalize()


def trust_words(found: Measured) -> dict[str, str]:
    """The sentences of the page, by the names that it glues."""
    errors, alarms, held = found.first
    false, visible = found.false, found.visible
    message = (
        f"Of 100 errors put in, {errors.percent:.0f} were found; of 100 errors and warnings given, about "
        f"{alarms.percent:.0f} are real; and where a paper prints survival rates, the 95 % band of a curve held the "
        f"true one in {held.percent:.0f} of 100 months."
    )
    return {
        "message": message,
        "papers": f"{false.total:.0f}",
        "injected": f"{errors.total:.0f}",
        "hidden": f"{100 * (1 - visible.total / errors.total):.0f} %",
        "found_visible": "all" if visible.count == visible.total else f"{visible.percent:.1f} %",
        "false_alarms": f"{false.count:.0f} in {false.total:.0f} papers",
        "real": f"{alarms.percent:.0f}",
        **{f"listed_{gravity}s": f"{share.count:.0f} of {share.total:.0f}" for gravity, share in found.listed.items()},
    }


def topics_table(found: pd.DataFrame) -> pd.DataFrame:
    """One row for each topic of the audit."""
    return pd.DataFrame(
        {
            "Topic": found.topic.map(lambda topic: topic.replace("_", " ").capitalize()),
            "Rules": found.rules,
            "Put in": found.injected.map("{:,}".format),
            "Visible": found.detectable.map("{:,}".format),
            "Found": found.found.map("{:,}".format),
            "Checks without error": found.checks.map("{:,}".format),
            "Alarms there": found.errors + found.warnings,
        }
    )


def curves_table(found: pd.DataFrame) -> pd.DataFrame:
    """One row for what a paper prints."""
    return pd.DataFrame(
        {
            "The paper prints": found.level.map(_PRINTED),
            "Trials": found.sets,
            "Distance, points": [f"{row.off:.1f} ({row.off_high:.1f})" for row in found.itertuples()],
            "In the band, %": [f"{row.covered:.0f} ± {row.error:.1f}" for row in found.itertuples()],
        }
    )


def _wrapped(words: str) -> str:
    return "\n".join(textwrap.wrap(words, 22))
