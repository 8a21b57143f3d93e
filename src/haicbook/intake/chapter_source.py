"""The chapter of a study, written from what its data hold: sections for what is printed, a line for what is not."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from haicbook import regression, response
from haicbook.book.assumptions import DECLARED
from haicbook.book.parameters import Scalar
from haicbook.endpoints import targets_from_study
from haicbook.markup import escape
from haicbook.printed import parse_number
from haicbook.study import Paper
from haicbook.study.schema import Kind
from haicbook.survival import TargetError
from haicbook.words import label

_SHORTEST, _LONGEST = 6, 60
_HEAD = """\
---
jupytext:
  text_representation: {{extension: .md, format_name: myst, format_version: 0.13}}
kernelspec: {{display_name: Python 3, language: python, name: python3}}
---

# {title}

```{{glue:md}} card
:format: myst
```

{paper}. This chapter was laid out by `haicbook chapter`: its sentences are those that all papers share, and what is
particular to this one has still to be written.

"""


_RERUN = """\
Could the matching described have produced the matched columns printed? Simulated cohorts have exactly the printed
counts, means and standard deviations before matching, and each is matched one to one without replacement. How the
covariates depend on one another is not printed, so each cohort has its own correlations. These are assumptions.\
"""


class _Curve(NamedTuple):
    """An endpoint, by its name in a cell and what `Chapter.reconstruct` is given, or why it cannot be reconstructed."""

    name: str
    title: str
    arguments: tuple[str, ...]
    source: str
    refused: str = ""


def chapter_source(paper: Paper) -> str:
    """The MyST source of a study's chapter.

    It is a start: each section that the data can fill has its cells, each that they cannot says so, and the sentences
    that only a reader of the paper can write are left to that reader.

    Parameters
    ----------
    paper
        The study, as far as it is entered.

    Returns
    -------
    str
        A notebook for `notebooks/<study>.md`, which `haicbook run` executes.
    """
    spec = paper.spec
    authors, title = escape(spec.authors), escape(spec.short_title)
    place = ", ".join(str(part) for part in (spec.journal, spec.year) if part)
    paper_words = f"{authors} {escape(spec.title)}" + (f" ({escape(place)})" if place else "")
    head = _HEAD.format(title=f"{authors}: {title}", paper=paper_words.rstrip("."))
    parts = [*_opening(paper), *_baseline(paper), *_response(paper), *_survival(paper), *_harms(paper)]
    parts += [*_findings(), *_balance(paper), *_models(paper), *_assumptions(paper)]
    return head + "\n\n".join(parts) + "\n"


def _cell(*lines: str, tags: str = "") -> str:
    options = [f":tags: [{tags}]", ""] if tags else []
    return "\n".join(["```{code-cell} ipython3", *options, *lines, "```"])


def _shared(name: str) -> str:
    return f"```{{include}} ../../notebooks/_shared/{name}.md\n```"


def _absent(what: str) -> str:
    return f"{what} not entered."


def _source(paper: Paper, kind: Kind, terms: tuple[str, ...] = (), **attributes: str) -> str:
    """Where the paper prints something, in words: its tables of a kind, or the places of the running text."""
    tables = [table for table in paper.tables(kind) if not table.endpoint or table.endpoint in attributes.values()]
    if tables:
        return ", ".join(dict.fromkeys(table.source for table in tables))
    found = paper.select(kind="claim", **attributes)
    found = found[found.term.isin(terms)] if terms else found
    return ", ".join(list(dict.fromkeys(found[found.section == "results"].source))[:2]) or "the text"


def _horizon(paper: Paper) -> float:
    """A whole half year beyond the last printed month, within what a figure can show."""
    values = paper.values
    months = [*values[values.statistic == "median"].query("endpoint != ''").value, *values.time]
    known = [month for month in months if math.isfinite(month)]
    return float(min(_LONGEST, max(_SHORTEST, 6 * math.ceil(max(known, default=24.0) / 6))))


def _rerun(paper: Paper) -> bool:
    """Whether a table of patients before and after matching can be matched again."""
    return paper.spec.matching is not None and {"before_psm", "after_psm"} <= {
        str(population) for population in paper.select(kind="baseline").population
    }


def _opening(paper: Paper) -> Iterator[str]:
    study = paper.study
    defaults: dict[str, Scalar | None] = {
        **dict.fromkeys(("seed", "confidence", "horizon", "replicates", "censoring", "reading")),
        **(dict(zip(("caliper", "caliper_scale"), _caliper(paper), strict=True)) if _rerun(paper) else {}),
        **(dict.fromkeys(("rho", "spread", "cohorts")) if _rerun(paper) else {}),
        **(dict.fromkeys(("confounder_effect", "confounder_gap")) if _adjusted(paper) else {}),
        "seed": zlib.crc32(study.encode()),
        "horizon": _horizon(paper),
    }
    lines = [_parameter(name, default) for name, default in defaults.items()]
    yield _cell(*lines, tags="parameters, remove-cell")
    yield _cell(
        "from haicbook import matching, show",
        "from haicbook.chapter import begin",
        "",
        f'page = begin("{study}")',
        "paper, results = page.paper, page.results",
    )
    yield "## The paper at a glance"
    yield _cell("page.glance()")


def _parameter(name: str, default: Scalar | None) -> str:
    """A line of the parameters cell, as the assumption is declared; with a default of its own where there is one."""
    declared = DECLARED[name].parameter
    shown = json.dumps(declared.default if default is None else default)
    return f"{name}: {declared.type} = {shown}  # {declared.allowed}: {declared.help}"


def _caliper(paper: Paper) -> tuple[float, str]:
    matching = paper.spec.matching
    assert matching is not None
    value = parse_number(matching.caliper).value if matching.caliper else 0.2
    of_logit = "logit" in (matching.caliper_scale or "logit").lower()
    return value, "sd_logit" if of_logit else "score"


def _adjusted(paper: Paper) -> bool:
    return regression.treatment_effect(paper, "os", "multivariable") is not None


def _baseline(paper: Paper) -> Iterator[str]:
    yield "## Baseline characteristics"
    if paper.tables("baseline"):
        where = _source(paper, "baseline")
        caption = "Baseline characteristics as printed"
        yield _cell(f'page.table(show.baseline(paper), "{caption}", "baseline", source={where!r})')
    else:
        yield _absent("A baseline table is")


def _response(paper: Paper) -> Iterator[str]:
    yield "## Tumour response"
    if not response.response_rates(paper):
        yield _absent("Response rates are")
        return
    where = _source(paper, "response", response.CATEGORIES)
    yield _cell(f"page.response_table({where!r})")
    yield _cell(f"page.response_figure({where!r})")
    if paper.spec.comparator:
        yield _shared("response_gaps")


def _curves(paper: Paper) -> Iterator[_Curve]:
    """Each endpoint, under each criterion, in the population that the results are of."""
    order = sorted(paper.spec.populations, key=lambda name: name != paper.spec.main_population)
    for endpoint, definition in paper.spec.endpoints.items():
        criteria: list[str] = list(definition.criteria) or [""]
        for criterion in criteria:
            name = f"{endpoint}_{criterion}" if criterion else endpoint
            words = f"{label(endpoint)} by {label(criterion)}" if criterion else label(endpoint)
            refusals = {population: _refused(paper, endpoint, population, criterion) for population in order}
            population = next((name for name in order if not refusals[name]), order[0])
            arguments = (endpoint, population, criterion) if criterion else (endpoint, population)
            where = _source(paper, "survival", endpoint=endpoint, population=population)
            yield _Curve(name, words, arguments, where, refusals[population])


def _refused(paper: Paper, endpoint: str, population: str, criterion: str) -> str:
    """Why an endpoint cannot be reconstructed; empty where it can."""
    try:
        targets_from_study(paper, endpoint, population, criterion)
    except TargetError as error:
        return str(error)
    return ""


def _survival(paper: Paper) -> Iterator[str]:
    yield "## Survival"
    curves = [curve for curve in _curves(paper) if not curve.refused]
    for curve in _curves(paper):
        if curve.refused:
            yield f"{curve.title} cannot be reconstructed: {escape(curve.refused)}."
    if not curves:
        return
    yield _shared("survival")
    for curve in curves:
        asked = ", ".join(f'"{word}"' for word in curve.arguments)
        key = f', key="{curve.name}"' if curve.name != curve.arguments[0] else ""
        yield f"### {curve.title}"
        yield _cell(f"{curve.name} = page.reconstruct({asked}{key})", f"page.curves({curve.name}, {curve.source!r})")
        yield _cell(f"page.compared({curve.name})")
    names = ", ".join(curve.name for curve in curves)
    yield "What the curves imply up to the horizon, over all reconstructed data sets:"
    yield _cell(f"page.mean_survival({names})")
    if paper.spec.comparator:
        yield _shared("mean_survival")
    yield "### The rows, to download"
    yield _shared("downloads")
    yield _cell(f"page.downloads({names})")


def _harms(paper: Paper) -> Iterator[str]:
    yield "## Adverse events"
    if not paper.tables("adverse_events"):
        yield _absent("A table of adverse events is")
        return
    where = _source(paper, "adverse_events")
    yield _cell(f"page.adverse_table({where!r})")
    yield _cell(f"page.adverse_figure({where!r})")
    if paper.spec.comparator:
        yield _cell(f"page.adverse_differences({where!r})")


def _findings() -> Iterator[str]:
    yield "## Does it add up?"
    yield _shared("findings")
    yield _cell("page.findings()")


def _balance(paper: Paper) -> Iterator[str]:
    if paper.spec.comparator is None:
        return
    yield "## Balance"
    if not paper.tables("baseline"):
        yield _absent("A baseline table is")
        return
    where, matched = _source(paper, "baseline"), _rerun(paper)
    yield _shared("balance")
    lines = ["balances = matching.balances(paper, confidence)"]
    lines += ['results.record_all("balance", matching.summarise(balances))']
    yield _cell(*lines, *([f"page.sizes({where!r})"] if matched else []))
    yield _cell(f"page.love_plot(balances, {where!r})")
    yield _cell(f"page.balance_table(balances, {where!r})")
    yield _shared("balance_definitions")
    if not matched:
        return
    yield "### Why p-values do not show this"
    yield _shared("p_values")
    yield _cell(f"page.p_values({where!r})")
    yield _shared("p_values_read")
    yield "### The matching, run again"
    yield _RERUN
    yield _cell(
        "setting = matching.RerunSetting(caliper, caliper_scale, dependence=matching.Unknown(spread, rho))",
        "rerun, kept = page.rerun(setting)",
        f"page.rerun_table(rerun, kept, {where!r})",
    )
    yield _shared("rerun_read")
    yield _cell(f"page.rerun_figure(rerun, {where!r})")
    yield (
        "The table as a whole: {glue:text}`rerun_p`. With {glue:text}`rerun_printed` pairs: {glue:text}`kept_p`. "
        "{glue:text}`rerun_notes`"
    )
    yield _shared("rerun_limits")


def _models(paper: Paper) -> Iterator[str]:
    if paper.spec.comparator is None:
        return
    yield "## Cox models"
    printed = [key for key in paper.spec.endpoints if not regression.cox_models(paper, key).empty]
    if not printed:
        yield _absent("Hazard ratios are")
    for endpoint in printed:
        where = _source(paper, "cox", endpoint=endpoint)
        yield _cell(f'page.cox("{endpoint}", {where!r})')
    if _adjusted(paper):
        yield "### A confounder that nobody measured"
        yield _shared("confounder")
        yield _cell("page.confounder()")
        yield _shared("confounder_read")


def _assumptions(paper: Paper) -> Iterator[str]:
    yield "## Assumptions"
    yield (
        "Everything above follows from the printed figures and these parameters. To change one, run for instance\n"
        f"`haicbook run {paper.study} -p censoring=late`; the run goes to a folder of its own and lists what changed."
    )
    yield _cell("page.assumptions()")
    yield _cell("page.end()", tags="remove-cell")
