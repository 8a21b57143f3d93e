"""One look for every figure: two colours by role, mid-contrast axes that read on light and dark pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from haicbook.study import Paper

# A blue and a vermillion (after Okabe and Ito) that every common kind of colour vision tells apart; line style
# tells them apart in grey.
COLOURS = {"experimental": "#2a7fbf", "comparator": "#d55e00", "single": "#2a7fbf"}
DASHES: dict[str, Any] = {"experimental": "-", "comparator": (0, (5, 1.6)), "single": "-"}
THIRD = "#009e73"  # for what is neither arm
MARKERS = {"experimental": "o", "comparator": "s", "single": "o"}
# grey with 4.5 to 1 against white, and about as much against the dark page
INK = "#767676"
FAINT = "#8a8a8a44"
BEHIND = "#8a8a8aaa"  # what the defaults give, behind what a changed run does
WIDTH = 7.2
# what journals ask of a picture
PICTURE_DPI = 300


def use() -> None:
    """Set the look for this kernel: sharp vector figures, transparent ground, the same bytes for the same figure."""
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    # the page shows the drawing; the picture is for who takes it along
    steady = {"Date": None, "Creator": None}
    set_matplotlib_formats("svg", "png", metadata=steady, bbox_inches="tight", dpi=PICTURE_DPI)
    look()


def as_svg(figure: Figure) -> str:
    """A figure as SVG to stand in a page; the same bytes for the same figure."""
    import io

    import matplotlib.pyplot as plt

    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    plt.close(figure)
    return drawn.getvalue().partition("<svg")[1] + drawn.getvalue().partition("<svg")[2]


def look() -> None:
    """Set the look of figures."""
    import seaborn as sns

    sns.set_theme(
        context=None,
        style="ticks",
        palette=[COLOURS["experimental"], COLOURS["comparator"], THIRD],
        # the one that matplotlib brings along: the same letters on every machine
        font="DejaVu Sans",
        rc={
            "figure.figsize": (WIDTH, 4.2),
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.transparent": True,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            # bars and bands have no rim of their own
            "patch.edgecolor": "none",
            "patch.force_edgecolor": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": 0.8,
            "xtick.color": INK,
            "ytick.color": INK,
            "text.color": INK,
            "font.size": 10,
            "axes.labelsize": 10,
            "legend.frameon": False,
            "legend.fontsize": 9.5,
            "lines.linewidth": 1.8,
            "svg.hashsalt": "haicbook",
            # a $ in a label is a $
            "text.parse_math": False,
        },
    )


def colour(paper: Paper, arm: str) -> str:
    """The arm's colour: its role decides, the same in every chapter."""
    return COLOURS[paper.spec.arms[arm].role]


def say(ax: Axes, words: str) -> None:
    """A sentence in place of a figure that has nothing to draw."""
    ax.axis("off")
    ax.text(0.5, 0.5, words, ha="center", va="center", color=INK, wrap=True, transform=ax.transAxes)


def figure(rows: int, *, row_height: float = 0.32, least: float = 2.0, **kwargs: Any) -> tuple[Figure, Axes]:
    """A figure as tall as its number of rows needs."""
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(WIDTH, max(least, 0.9 + row_height * rows)), **kwargs)
    # room for the rows' names within the figure's width, so that its letters are as large as those of the others
    fig.subplots_adjust(left=0.29, right=0.97)
    return fig, ax


def stamp(figure: Figure, words: str) -> None:
    """Say on a figure itself under which changed assumptions it was drawn."""
    # a fifth of an inch below all that has the figure's own place
    figure.text(0.0, -0.2 / figure.get_figheight(), words, va="top", fontsize=8.5, color=THIRD)
