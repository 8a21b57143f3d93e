"""What survives: each conclusion of each comparative study under all scenarios, in words, as figures and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from haicbook.book.scenarios import DEFAULT, Scenario, compared, folder, found, read_scenarios, stored, tasks
from haicbook.headlines import Concluded, conclusions
from haicbook.markup import escape
from haicbook.paths import executed_dir
from haicbook.results import write_text
from haicbook.study import load
from haicbook.synthesis import study_label

NAME = "survives"
_SAYS = {
    "above": "above no difference",
    "below": "below no difference",
    "open": "no difference is within its range",
    "beyond": "chance does not explain what is printed",
    "chance": "chance may explain what is printed",
}


@dataclass(frozen=True)
class Tried:
    """One conclusion with the defaults and under each scenario.

    Attributes
    ----------
    study
        Whose.
    default
        With the defaults.
    under
        Scenario → the same under it, of those that were computed.
    old
        Scenarios whose results other code of the package computed.
    e_value
        Of the limit of the study's printed hazard ratio that is nearer to no difference; None where there is none.
    """

    study: str
    default: Concluded
    under: dict[str, Concluded]
    old: frozenset[str]
    e_value: float | None = None

    @property
    def takes(self) -> str:
        """What confounder it would take, where that can be said; else empty."""
        if self.e_value is None or not self.default.key.startswith("confounding."):
            return ""
        ratios = (
            f"It takes a confounder whose ratios with treatment and with death are both {self.e_value:.2g} (E-value)"
        )
        return f" {ratios} to bring the printed interval to no difference."

    @property
    def broken(self) -> dict[str, Concluded]:
        """Scenarios under which the verdict is another."""
        return {name: item for name, item in self.under.items() if item.verdict != self.default.verdict}


def tried(scenarios: Sequence[Scenario] | None = None) -> list[Tried]:
    """Every conclusion of every comparative study of which the defaults' results are kept."""
    sources, answers = compared(), stored()
    scenarios = read_scenarios(sources) if scenarios is None else scenarios
    every: list[Tried] = []
    for source in sources.values():
        kept, old, e_value = {}, set(), None
        for task in tasks([source], scenarios):
            answer = found(source, task.assumed, answers)
            if answer is not None:
                parameters = source.defaults | dict(task.assumed)
                kept[task.scenario] = {item.key: item for item in conclusions(source.name, answer.values, parameters)}
                e_value = answer.values.get("confounding.e_value_limit", e_value)
                old |= set() if answer.current else {task.scenario}
        for key, default in kept.get(DEFAULT, {}).items():
            under = {name: items[key] for name, items in kept.items() if name != DEFAULT and key in items}
            every.append(Tried(source.name, default, under, frozenset(old), e_value))
    return every


def untried(scenarios: Sequence[Scenario]) -> dict[str, list[str]]:
    """Scenario → the comparative studies of which nothing is kept under it."""
    sources, answers = compared(), stored()
    left: dict[str, list[str]] = {}
    for task in tasks(sources.values(), scenarios):
        if found(task.source, task.assumed, answers) is None:
            left.setdefault(task.scenario, []).append(task.source.name)
    return left


def verdict(item: Tried) -> str:
    """What becomes of a conclusion, in a sentence: under how many scenarios it stays, and which break it."""
    says, many = _SAYS[item.default.verdict], len(item.under)
    lead = f"{item.default.words}, {item.default.shown}: {says}"
    if not item.broken:
        return f"{lead}. It stays so under all {many} scenarios."
    broken = "; ".join(f"{name.replace('_', ' ')} ({other.shown})" for name, other in item.broken.items())
    return f"{lead}. It stays so under {many - len(item.broken)} of {many} scenarios; it does not under {broken}."


def summary(every: Sequence[Tried]) -> str:
    """How many conclusions survive everything."""
    whole = sum(not item.broken for item in every)
    return f"{whole} of {len(every)} conclusions survive all scenarios that were tried; {len(every) - whole} do not."


def write_survives() -> Path | None:
    """Write the page, `book/_executed/survives.md`, and its figures; left alone where nothing would change.

    A project without scenarios has no such page.
    """
    from haicbook import show

    if not folder().is_dir():
        return None
    scenarios = read_scenarios()
    every = tried(scenarios)
    page = executed_dir() / f"{NAME}.md"
    parts = [_HEAD.format(summary=escape(summary(every)) if every else "No scenario has been computed yet.")]
    for study in dict.fromkeys(item.study for item in every):
        these = [item for item in every if item.study == study]
        show.look()
        picture = show.as_svg(show.specification_curve(these)[0])
        _write(executed_dir() / f"{NAME}_{study}.svg", f'<?xml version="1.0" encoding="utf-8"?>\n{picture}')
        parts.append(_section(study, these))
    if left := untried(scenarios):
        named = (f"{name.replace('_', ' ')} ({', '.join(map(_label, studies))})" for name, studies in left.items())
        parts.append(f"**Not tried yet**, so that nothing above speaks of it: {escape('; '.join(named))}.")
    parts.append(_scenarios(scenarios))
    if any(item.old for item in every):
        parts.append("Some of these results were computed by an earlier version of the package: `haicbook scenarios`.")
    _write(page, "\n\n".join(parts) + "\n")
    return page


def _label(study: str) -> str:
    return study_label(load(study))


def _write(path: Path, text: str) -> None:
    if not (path.exists() and path.read_text(encoding="utf-8") == text):
        write_text(path, text)


_HEAD = """\
# What survives

Every result rests on assumptions. A scenario changes one of them, or a few that belong together, as a critic might ask.
**{summary}** None of them says which assumption is true. A conclusion that breaks under a likely one is weak; one that
holds under all of these may break under another. A range over the reconstructions leaves sampling error out."""


def _section(study: str, these: Sequence[Tried]) -> str:
    sentences = "\n".join(f"- {escape(verdict(item) + item.takes)}" for item in these)
    whole = sum(not item.broken for item in these)
    names = ", ".join(escape(item.default.words) for item in these if item.broken)
    told = f"{whole} of {len(these)} conclusions stay as they are under every scenario tried."
    alt = f"Panels, one for each conclusion, with a dot for each scenario. {told}" + (
        f" Broken: {names}." if names else ""
    )
    return f"""\
## {escape(_label(study))}

{told}

:::{{figure}} {NAME}_{study}.svg
:name: fig-{NAME}-{study}
:alt: {alt}
:class: dark-light

**{told}** Each row is a scenario; the line is no difference, or p = 0.05; the shaded band is the default's range.
Filled, in colour: the conclusion is another.
:::

{sentences}"""


def _scenarios(scenarios: Sequence[Scenario]) -> str:
    rows = "\n".join(f"| {escape(item.name)} | {escape(item.purpose)} | {_assumes(item)} |" for item in scenarios)
    return f"""\
## The scenarios

To try one of your own, put a file into `scenarios/` and call `haicbook scenarios`. `haicbook run STUDY -p … --open`
shows a changed assumption as a page.

:::{{table}} Scenarios, and what they assume
:name: tab-{NAME}
:class: haic-table haic-text

| Scenario | What for | Assumes |
|:--|:--|:--|
{rows}
:::"""


def _assumes(item: Scenario) -> str:
    same = {tuple(sorted(values.items())) for values in item.assumed.values()}
    if len(same) == 1:
        return escape(", ".join(f"{key} = {value}" for key, value in next(iter(same))))
    return "; ".join(
        escape(f"{_label(study)}: " + ", ".join(f"{key} = {value}" for key, value in values.items()))
        for study, values in item.assumed.items()
    )
