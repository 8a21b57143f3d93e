"""Named values in teaching texts: `{{result os.rmst_difference .1f}}` becomes what the book has under that name."""

from __future__ import annotations

import difflib
import html
import math
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from haicbook.audit import every, ranked
from haicbook.audit.audited import audited
from haicbook.audit.finding import Finding
from haicbook.markup import Markup
from haicbook.printed import Printed, agreement, parse_number
from haicbook.results import SavedResults, read_results
from haicbook.show.tables import Linked, linked
from haicbook.stats.proportions import Proportion, exact_interval
from haicbook.study import Paper, Problem, as_printed, load
from haicbook.synthesis.judgements import appraisal, judged, risk_of_bias
from haicbook.synthesis.message import StudyMessage, study_message
from haicbook.teaching.figures import pictures

_PLACE = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_Z95 = 1.96
Kind = Callable[..., str]
KINDS: dict[str, Kind] = {}


class UnknownError(LookupError):
    """A name that stands for nothing; its text says what there is."""


def kind(function: Kind) -> Kind:
    """Register a kind of value under its function's name; its arguments are the words after that name."""
    KINDS[function.__name__] = function
    return function


class Facts:
    """What the book knows of one study, by name.

    Parameters
    ----------
    study
        The study, or the chapter across studies, that names refer to; empty where texts name one themselves.
    known
        Those that were asked for so far, each read once.
    """

    def __init__(self, study: str = "", known: dict[str, Facts] | None = None) -> None:
        self.study, self._known = study, {} if known is None else known
        self._known[study] = self

    def of(self, study: str) -> Facts:
        """What the book knows of another one."""
        return self._known.get(study) or Facts(study, self._known)

    @cached_property
    def paper(self) -> Paper:
        """The study."""
        return load(self.study)

    @cached_property
    def findings(self) -> list[Finding]:
        """What does not add up, what matters most first."""
        return ranked(self.paper, audited(self.paper))

    @cached_property
    def message(self) -> StudyMessage:
        """The card's content."""
        return study_message(self.paper, self.results)

    @cached_property
    def results(self) -> SavedResults:
        """What the chapter has recorded, as the book shows it."""
        return read_results(self.study)

    def printed(self, place: str) -> Any:
        """A printed value's row, by its id without the study."""
        known, wanted = self.paper.by_id, f"{self.study}/{place}"
        if wanted not in known.index:
            raise UnknownError(_nearest(place, (name.partition("/")[2] for name in known.index)))
        return known.loc[wanted]

    def finding(self, rule: str, place: str) -> Finding:
        """The finding of a rule in which a printed value takes part, by the beginning of its id."""
        found = [one for one in every(self.findings) if one.rule == rule]
        for one in found:
            if any(value.startswith(f"{self.study}/{place}") for value in one.value_ids):
                return one
        there = (value.partition("/")[2] for one in found for value in one.value_ids)
        raise UnknownError(f"a finding of {rule}: {_nearest(place, there)}")

    def limits(self, place: str) -> tuple[float, float, float]:
        """A ratio with its limits as printed."""
        stem = self.printed(place).name.rpartition("/")[0]
        ends = [f"{stem}/{end}" for end in ("ci_low", "ci_high")]
        if any(end not in self.paper.by_id.index for end in ends):
            raise UnknownError(f"a ratio with an interval, not {place}")
        low, high = (float(self.paper.by_id.value[end]) for end in ends)
        return float(self.printed(place).value), low, high


def fill(text: str, facts: Facts, file: str, key: str, problems: list[Problem], *, plain: bool = False) -> str:
    """A text with its named values in place.

    Parameters
    ----------
    text
        `{{kind words}}` is a value, of a kind of `KINDS`; its first word may name a study, `lin2023:printed`.
    facts
        Of the study that names refer to where they name none.
    file, key
        Where the text stands, for the problems.
    problems
        What cannot be filled is added here.
    plain
        Whether values become HTML without links, as for slides, and not MyST Markdown.
    """

    def value(found: re.Match[str]) -> str:
        try:
            cell = _value(found[1].split(), facts)
        except (LookupError, TypeError, ValueError) as error:
            expected = str(error) if isinstance(error, UnknownError) else "a kind with its words"
            problems.append(Problem(file, 0, key, f"{{{{{found[1]}}}}}", expected))
            return "…"
        return html.escape(cell) if plain else linked(cell, cell.value_id if isinstance(cell, Linked) else "")

    return _PLACE.sub(value, text)


def _value(words: Sequence[str], facts: Facts) -> str:
    first, *others = words
    study, _, name = first.rpartition(":")
    if name not in KINDS:
        raise UnknownError(_nearest(name, KINDS))
    about = facts.of(study or facts.study)
    if not about.study:
        raise UnknownError(f"a study before it, as lin2023:{name}")
    return KINDS[name](about, *others)


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(dict.fromkeys(known))
    return f"one of {', '.join(difflib.get_close_matches(name, names, n=3, cutoff=0.3) or names[:5])}"


def shown(value: object, form: str = "") -> str:
    """A value for people: `.0%` gives 58 %, `points` 58, a true minus sign, and no decimals unless asked for."""
    if value is None:
        raise UnknownError("a value that is not missing")
    if form == "points":
        return shown(value, ".0%").removesuffix(" %")
    text = format(value, form or (".0f" if isinstance(value, float) else ""))
    return re.sub(r"%$", " %", text).replace("-", "−")


# --- kinds ------------------------------------------------------------------------------------------------------------


@kind
def result(facts: Facts, name: str, form: str = "") -> str:
    """What a chapter has recorded: `result os.si.median .1f`, of another chapter `result trial/printed.power .2f`."""
    chapter, _, key = name.rpartition("/")
    values = facts.of(chapter or facts.study).results
    if key not in values.values:
        raise UnknownError(_nearest(key, values.values))
    return shown(values.value(key), form)


@kind
def parameter(facts: Facts, name: str, form: str = "g") -> str:
    """What a chapter's parameter was: `parameter horizon`."""
    chapter, _, key = name.rpartition("/")
    known = facts.of(chapter or facts.study).results.parameters
    if key not in known:
        raise UnknownError(_nearest(key, known))
    return shown(known[key], form)


@kind
def printed(facts: Facts, place: str) -> str:
    """A cell as the paper prints it; it leads to its row of the appendix."""
    value = facts.printed(place)
    return Linked(value.cell, str(value.name))


@kind
def arm(facts: Facts, key: str) -> str:
    """An arm's name."""
    return str(facts.paper.spec.arms[key].label)


@kind
def short(facts: Facts, key: str) -> str:
    """An arm's short name."""
    return str(facts.paper.spec.arms[key].short)


@kind
def size(facts: Facts, key: str, population: str = "") -> str:
    """Patients of an arm."""
    return str(facts.paper.spec.populations[population or facts.paper.spec.main_population].n[key])


@kind
def finding(facts: Facts, rule: str, place: str) -> str:
    """What does not add up, in a sentence."""
    return facts.finding(rule, place).sentence


@kind
def byhand(facts: Facts, rule: str, place: str) -> str:
    """The arithmetic behind a finding."""
    return facts.finding(rule, place).recomputation


@kind
def repair(facts: Facts, rule: str, place: str) -> str:
    """A change that would reconcile the figures."""
    return facts.finding(rule, place).repair


@kind
def because(facts: Facts, domain: str, outcome: str = "") -> str:
    """The reason of a judgement of ROBINS-I."""
    return str(_judgement(facts, domain, outcome).reason)


@kind
def level(facts: Facts, domain: str, outcome: str = "") -> str:
    """A judgement of ROBINS-I; `overall` is that of the worst domain."""
    if domain == "overall":
        return str(judged(risk_of_bias(), "os").overall[facts.study])
    return str(_judgement(facts, domain, outcome).judgement).replace("_", " ")


def _judgement(facts: Facts, domain: str, outcome: str) -> Any:
    table = risk_of_bias()
    rows = table[(table.study == facts.study) & (table.domain == domain) & (table.outcome == outcome)]
    if rows.empty:
        raise UnknownError(_nearest(domain, table.domain))
    return rows.iloc[0]


@kind
def appraised(facts: Facts, item: str) -> str:
    """The answer to an item of the checklist for case series, with its reason."""
    table = appraisal()
    rows = table[(table.study == facts.study) & (table["item"].astype(str) == item)]
    if rows.empty:
        raise UnknownError(_nearest(item, table["item"].astype(str)))
    row = rows.iloc[0]
    return f"{row.answer.capitalize()}. {row.reason}"


@kind
def message(facts: Facts, part: str) -> str:
    """A part of the card: `question`, `claim`, `bottom_line`, `certainty`, `primary`, `reasons`."""
    found = getattr(facts.message, part)
    parts = found if isinstance(found, tuple) else (found,)
    if not any(parts):
        raise UnknownError(f"a part of the card that is not empty, as {part} is here")
    words = [str(getattr(one, "words", one)) for one in parts]
    return "; ".join(word.rstrip(".") for word in words) if len(words) > 1 else words[0]


@kind
def middle(facts: Facts, place: str) -> str:
    """The geometric middle of a ratio's limits."""
    _, low, high = facts.limits(place)
    return f"√({low:g} × {high:g}) = {math.sqrt(low * high):.3f}"


@kind
def se(facts: Facts, place: str) -> str:
    """The standard error of a log ratio, from its limits."""
    _, low, high = facts.limits(place)
    return f"ln({high:g}/{low:g})/3.92 = {_error(low, high):.3f}"


@kind
def events(facts: Facts, place: str) -> str:
    """The events that an interval of a hazard ratio between two equal groups implies, 4/SE²."""
    _, low, high = facts.limits(place)
    return f"4/{_error(low, high):.3f}² = {4 / _error(low, high) ** 2:.0f}"


def _error(low: float, high: float) -> float:
    return math.log(high / low) / (2 * _Z95)


@kind
def totals(facts: Facts, place: str, patients: str) -> str:
    """The whole-number totals whose mean over some patients is the printed one: what GRIM asks."""
    return _totals(as_printed(facts.printed(place)), int(patients))


@kind
def totals_if(facts: Facts, text: str, patients: str) -> str:
    """The same for a figure that is not printed, in an exercise."""
    return _totals(parse_number(text), int(patients))


def _totals(mean: Printed, patients: int) -> str:
    near = round(mean.value * patients)
    found = [total for total in range(near - 2, near + 3) if agreement(mean, total / patients) != "differs"]
    tried = found or [math.floor(mean.value * patients), math.ceil(mean.value * patients)]
    told = ", ".join(f"{total}/{patients} = {total / patients:.4f}" for total in tried)
    return told if found else f"none: {told}"


@kind
def exact(facts: Facts, place: str) -> str:
    """The Clopper–Pearson interval of a printed count, in per cent."""
    value = facts.printed(place)
    population = facts.paper.spec.populations[value.population].n
    low, high = exact_interval(Proportion(int(value.value), population[value.arm]), 0.95)
    return f"{100 * low:.1f} to {100 * high:.1f} %"


@kind
def figure(facts: Facts, name: str) -> str:
    """A figure of the chapter, with its caption and a link to it."""
    known = pictures(facts.study)
    if name not in known:
        raise UnknownError(_nearest(name, known))
    picture = known[name]
    return Markup(
        f"```{{figure}} figures/{name}.svg\n:name: {name}-again\n:class: dark-light\n:alt: {picture.alt}\n\n"
        f"{picture.caption}. From {{numref}}`{name}`.\n```"
    )
