"""Find the errors: a synthetic paper in which errors were put on purpose, and the key."""

from __future__ import annotations

import copy
import html
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from haicbook.audit import RULES, Finding, Rule, cells
from haicbook.markup import escape
from haicbook.paths import root
from haicbook.results import write_text
from haicbook.simulate import Draft, PrintingConventions, SimulatedPatients, World, draw_patients, synthetic_paper
from haicbook.simulate.calibration import grave, inject
from haicbook.simulate.cohort import match
from haicbook.simulate.errors.injection import Injected
from haicbook.simulate.specs import Design
from haicbook.study import Paper
from haicbook.teaching.layout import folded
from haicbook.teaching.typeset import paper_html

Level = Literal["easy", "medium", "hard"]
LEVELS: tuple[Level, ...] = get_args(Level)
# how many errors, and of which kinds: seen by reading, by comparing or a line of arithmetic, by a calculation
ERRORS: dict[Level, tuple[int, tuple[str, ...]]] = {
    "easy": (
        3,
        (
            *("percentage", "levels", "grades", "response", "any_event", "matched", "arms", "complements", "interval"),
            *("monotone", "repeated", "one_event_twice", "most_common", "dates"),
        ),
    ),
    "medium": (
        4,
        (
            *("attainable", "nested", "ratio_interval", "ratio_direction", "endpoint_order", "landmark", "p_value"),
            *("pooled_median", "significance", "doses", "schedules", "calendar", "out_of_scale", "compared"),
        ),
    ),
    "hard": (
        4,
        (
            *(
                "ratio_p",
                "log_rank",
                "ratio_precision",
                "whole_numbers",
                "frequencies",
                "within_range",
                "rate_interval",
            ),
            *("rate_test", "median_interval", "proportion_interval", "ratio_deaths", "progressions", "pooled", "joint"),
        ),
    ),
}
# levels of the book's exercises; the first has seed 1, the next seed 2
BOOK: tuple[Level, ...] = (*("easy",) * 4, *("medium",) * 3, *("hard",) * 3)
_DESIGNS: tuple[Design, ...] = ("propensity_matched", "unmatched")
# small enough for two pages, large enough for every table
_PATIENTS = (110, 261)


@dataclass(frozen=True, eq=False)
class Planted:
    """One error.

    Attributes
    ----------
    rule
        The rule of the audit that should find it, and does.
    words
        What was changed, `41 → 14`.
    finding
        What the audit says of it.
    """

    rule: Rule
    words: str
    finding: Finding


@dataclass(frozen=True, eq=False)
class Exercise:
    """A synthetic paper with errors.

    Attributes
    ----------
    seed, level
        The same ones give the same paper.
    draft
        The paper, errors in it.
    patients
        Of its main results, for the curves.
    planted
        The errors, each confirmed by the audit.
    """

    seed: int
    level: Level
    draft: Draft
    patients: SimulatedPatients
    planted: tuple[Planted, ...]


def make(seed: int, level: Level) -> Exercise:
    """A synthetic paper with as many errors as its level has, each found by the rule that should find it.

    Raises
    ------
    ValueError
        When there is no such level.
    """
    if level not in LEVELS:
        raise ValueError(f"found level {level!r}; allowed are {', '.join(LEVELS)}")
    for attempt in range(10):
        rng = np.random.default_rng([seed, LEVELS.index(level), attempt])
        draft, patients = _sound_paper(rng)
        planted = _with_errors(draft, level, rng)
        if planted is not None:
            return Exercise(seed, level, planted[0], patients, planted[1])
    raise RuntimeError(f"no paper of seed {seed} takes {ERRORS[level][0]} errors; take another seed")


def _sound_paper(rng: np.random.Generator) -> tuple[Draft, SimulatedPatients]:
    """A paper in which the audit finds nothing, and the patients of its results."""
    while True:
        design = _DESIGNS[int(rng.integers(len(_DESIGNS)))]
        world, conventions = World.drawn(rng, patients=int(rng.integers(*_PATIENTS))), PrintingConventions.drawn(rng)
        # the paper draws its patients first, so a copy of the generator draws the same
        patients = draw_patients(world, copy.deepcopy(rng))
        draft = synthetic_paper(rng, study="exercise", design=design, world=world, conventions=conventions)
        if not grave(draft.paper()):
            return draft, patients.take(match(patients)) if design == "propensity_matched" else patients


def _with_errors(draft: Draft, level: Level, rng: np.random.Generator) -> tuple[Draft, tuple[Planted, ...]] | None:
    """The draft with the level's errors; None where it has no room for so many."""
    number, kinds = ERRORS[level]
    there: list[tuple[str, Injected]] = []
    for kind in rng.permutation(kinds):
        injected = inject(str(kind), draft, draft.paper(), rng)
        if injected is None or not injected.detectable or _touches(injected, there):
            continue
        paper = injected.draft.paper()
        planted = [_confirmed(paper, *one) for one in [*there, (str(kind), injected)]]
        if None in planted:
            continue
        draft = injected.draft
        there.append((str(kind), injected))
        if len(there) == number:
            return draft, tuple(one for one in planted if one is not None)
    return None


def _touches(injected: Injected, there: list[tuple[str, Injected]]) -> bool:
    return any(set(injected.value_ids) & set(other.value_ids) for _, other in there)


def _confirmed(paper: Paper, kind: str, injected: Injected) -> Planted | None:
    """What the rule that should find an error says of it."""
    rule = next(rule for rule in RULES if rule.key == kind)
    for finding in rule.findings(paper, cells(paper)):
        if finding.severity != "info" and set(finding.value_ids) & set(injected.value_ids):
            return Planted(rule, injected.words, finding)
    return None


# --- as files ---------------------------------------------------------------------------------------------------------


def key_rows(exercise: Exercise) -> list[tuple[str, str, str]]:
    """What is wrong, the arithmetic, and what was changed; one row an error."""
    return [
        (one.finding.sentence, one.finding.recomputation, f"{one.rule.title}: {one.words}") for one in exercise.planted
    ]


def book_page(exercise: Exercise, number: int) -> str:
    """The exercise as a page of the book, its key folded."""
    answers = "\n\n".join(
        f"{n}. {escape(sentence)}"
        + (f" *By hand:* {escape(by_hand)}" if by_hand else "")
        + f" *Changed:* {escape(was)}"
        for n, (sentence, by_hand, was) in enumerate(key_rows(exercise), 1)
    )
    return f"""\
---
nosearch: true
---

# Find the errors {number}: {exercise.level}

Fully synthetic: no patient, hospital or paper stands behind any figure. {_task(exercise)}

```{{raw}} html
<div class="haic-paper">
{paper_html(exercise.draft, exercise.patients)}
</div>
```

{folded("The key", answers)}
"""


def _task(exercise: Exercise) -> str:
    return f"{len(exercise.planted)} errors were put in; each can be shown from the printed figures alone."


def files(exercise: Exercise, form: str = "html") -> dict[str, str]:
    """The paper and, apart, its key, as pages of HTML that stand alone; or as one page of a book (`markdown`)."""
    name = f"exercise-{exercise.level}-{exercise.seed}"
    if form == "markdown":
        return {f"{name}.md": book_page(exercise, exercise.seed)}
    rows = "\n".join(
        f"<li><p>{html.escape(sentence)}</p><p><b>By hand:</b> {html.escape(by_hand)}</p>"
        f"<p><b>Rule and change:</b> {html.escape(was)}</p></li>"
        for sentence, by_hand, was in key_rows(exercise)
    )
    task = f"<p><b>Find the errors.</b> Fully synthetic. {_task(exercise)}</p>"
    paper = f'{task}\n<div class="haic-paper">{paper_html(exercise.draft, exercise.patients)}</div>'
    return {
        f"{name}.html": _FRAME.format(title=f"Find the errors, {exercise.level}, seed {exercise.seed}", body=paper),
        f"{name}-key.html": _FRAME.format(
            title=f"Key, {exercise.level}, seed {exercise.seed}", body=f"<h1>The key</h1>\n<ol>{rows}</ol>"
        ),
    }


_FRAME = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
@page {{ size: A4; margin: 10mm; }}
body {{ font: 7.6pt/1.25 sans-serif; margin: 1rem auto; max-width: 186mm; padding: 0 0.5rem; }}
h2 {{ font-size: 12pt; margin: 0 0 0.3rem; }}
h3 {{ font-size: 9pt; margin: 0.3rem 0 0; }}
p {{ margin: 0.1rem 0 0.3rem; }}
.haic-scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-size: 6.5pt; margin: 0.3rem 0; font-variant-numeric: tabular-nums; }}
caption {{ text-align: left; font-weight: bold; }}
thead {{ border-block: 1px solid; }}
tbody {{ border-bottom: 1px solid; }}
th {{ text-align: left; font-weight: normal; }}
th, td {{ padding: 0 0.5rem 0 0; vertical-align: top; line-height: 1.2; }}
.haic-level {{ padding-left: 1em; }}
svg {{ max-width: 100%; height: auto; }}
@media print {{ body {{ margin: 0; }} svg {{ max-height: 52mm; }} }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def write_book_pages() -> None:
    """Write the book's exercises, `book/exercises/`, again."""
    for number, level in enumerate(BOOK, 1):
        path = root() / "book" / "exercises" / f"exercise_{number:02d}.md"
        write_text(path, book_page(make(number, level), number))


if __name__ == "__main__":
    write_book_pages()
