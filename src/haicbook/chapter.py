"""What a notebook begins with: its paper, its results, and a name for each of its tables and figures."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from haicbook import show, study
from haicbook.book.normalise import FIGURE
from haicbook.book.notebooks import read_source
from haicbook.book.parameters import Parameter
from haicbook.markup import escape, visible
from haicbook.paths import notebooks_dir
from haicbook.results import Results, SavedResults, read_results
from haicbook.study import Paper
from haicbook.words import GRADES, abbreviation, label

if TYPE_CHECKING:
    import pandas as pd
    from IPython.display import Markdown
    from matplotlib.figure import Figure

    from haicbook.audit.finding import Finding
    from haicbook.matching import Rerun, RerunSetting
    from haicbook.survival import Bands, Ensemble

# the parameters that a reconstruction depends on, and those that the matching re-run does besides the seed
_OF_CURVES = {"seed", "replicates", "censoring", "reading"}
_OF_RERUN = {"seed", "cohorts", "caliper", "caliper_scale", "rho", "spread", "etiology"}
# a love plot's dots, before and after matching
_DOTS = ("hollow", "filled")


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of a chapter's paper, reconstructed.

    Attributes
    ----------
    key
        Under which its results are recorded.
    title, short
        What it is called in a caption and in a table's row.
    ensemble
        The data sets.
    summary
        What they say, as `survival.summarise` has it.
    bands
        What a figure draws of them.
    behind
        The same with the defaults, where changed parameters have made another; else None.
    """

    key: str
    title: str
    short: str
    ensemble: Ensemble
    summary: dict[str, Any]
    bands: Bands
    behind: Bands | None = None


class Chapter:
    """A notebook as its cells see it.

    Attributes
    ----------
    name
        The notebook's.
    declared
        Its parameters, as its tagged cell declares them.
    results
        What it records; `save` writes them.
    """

    def __init__(self, name: str, values: Mapping[str, Any]) -> None:
        self.name = name
        self.declared: tuple[Parameter, ...] = read_source(notebooks_dir() / f"{name}.md").parameters
        self.results = Results(name, {item.name: values[item.name] for item in self.declared})

    @property
    def defaults(self) -> dict[str, Any]:
        """Parameter to its default."""
        return {item.name: item.default for item in self.declared}

    @property
    def changed(self) -> dict[str, Any]:
        """Parameter to its value in this run, of those that differ from their defaults."""
        return {name: value for name, value in self.results.parameters.items() if value != self.defaults[name]}

    @cached_property
    def paper(self) -> Paper:
        """The study that the chapter is about."""
        return study.load(self.name)

    @cached_property
    def papers(self) -> list[Paper]:
        """All studies, for a chapter across them."""
        return [study.load(name) for name in study.studies()]

    @cached_property
    def labels(self) -> dict[str, str]:
        """Study to what it is called in a table that has a row for each."""
        from haicbook.synthesis import study_label

        return {paper.study: study_label(paper) for paper in self.papers}

    @cached_property
    def saved(self) -> dict[str, SavedResults]:
        """Study to the results of its own chapter."""
        return {paper.study: read_results(paper.study) for paper in self.papers}

    def medians(self, endpoint: str) -> pd.DataFrame:
        """The printed medians of an endpoint, of every arm of every study; records them."""
        from haicbook import synthesis

        found = synthesis.medians(self.papers, endpoint)
        for arm in found.itertuples(index=False):
            name = f"{endpoint}_median.{arm.study}.{arm.arm}"
            self.results.record(name, arm.estimate, "months", [arm.value_id])
        return found

    def table(
        self,
        frame: pd.DataFrame,
        caption: str,
        kind: str,
        *,
        source: str = "",
        align: str = "",
        notes: Iterable[str] = (),
    ) -> Markdown:
        """A numbered table called `tab-<chapter>-<kind>`; the rest is as `show.table` has it."""
        return show.table(frame, caption, f"tab-{self.name}-{kind}", source=source, align=align, notes=notes)

    def figure(self, drawn: tuple[Figure, Any], kind: str, caption: str, alt: str) -> None:
        """Show a numbered figure called `fig-<chapter>-<kind>`.

        Parameters
        ----------
        drawn
            The figure and its axes, as a plot function returns them.
        kind
            What it shows, in a word.
        caption
            Its message first; a plain text, or `Markup`.
        alt
            What one would say of it on the telephone.
        """
        import matplotlib.pyplot as plt
        from IPython.display import display

        if self.changed:
            stamp = show.changed_words(self.changed, self.defaults)
            show.stamp(drawn[0], stamp)
            caption = show.Markup("{}. A run with {}").format(caption, stamp)
            alt = f"{alt}. A run with {stamp}"
        figure = {"caption": escape(caption), "name": f"fig-{self.name}-{kind}"}
        display(
            drawn[0], metadata={FIGURE: {"figure": figure, "image": {"alt": visible(alt), "classes": "dark-light"}}}
        )
        plt.close(drawn[0])

    def glance(self) -> Markdown:
        """The study as its paper describes it, and what of the paper this book does not have; glues the arms' names."""
        from IPython.display import Markdown

        show.glue(**show.arm_names(self.paper))
        source = f"the paper as a whole, data/{self.name}/study.yml"
        caption = "The study as its paper describes it"
        table = self.table(show.glance(self.paper), caption, "glance", source=source, align="ll")
        return Markdown(f"{show.unchecked(self.paper)}\n{table.data}\n{show.lost(self.paper.lost()).data}")

    def sizes(self, source: str) -> Markdown:
        """How many patients there are before and after matching, and what the comparison is worth."""
        from haicbook import matching

        sizes = matching.sizes(self.paper)
        caption = "Patients before and after matching, and how many the comparison is worth"
        return self.table(show.sizes_table(sizes), caption, "sizes", source=source, notes=show.sizes_notes(sizes))

    def love_plot(self, balances: dict[str, pd.DataFrame], source: str) -> None:
        """The figure of the standardised differences, one set of dots for each population."""
        named = (
            list(balances)
            if len(balances) == 1
            else [f"{name} ({how})" for name, how in zip(balances, _DOTS, strict=True)]
        )
        caption = f"Standardised differences, {' and '.join(named).lower()}, recomputed from {source}"
        self.figure(
            show.love_plot(balances, threshold=0.1),
            "balance",
            show.led(show.balance_words(balances), caption),
            show.love_plot_alt(balances),
        )

    def balance_table(
        self, balances: dict[str, pd.DataFrame], source: str, *, only_p: Iterable[Any] | None = None
    ) -> Markdown:
        """Standardised differences with their intervals; `only_p` are covariates with a p-value only."""
        notes = [*show.balance_notes(balances), *(show.only_p_notes(only_p) if only_p is not None else [])]
        caption, align = (
            "Standardised differences with confidence intervals",
            "lrlrll" if len(balances) == 2 else "lrll",
        )
        notes = [show.with_arms_named(self.paper, note) for note in notes]
        return self.table(show.balance_table(balances), caption, "balance", align=align, source=source, notes=notes)

    def p_values(self, source: str) -> None:
        """The figure of p-values against standardised differences, before and after matching."""
        from haicbook import matching

        p_values, unnoticed = matching.p_and_smd(self.paper), matching.unnoticed(self.paper)
        self.results.record_all("p_values", matching.summarise_p(p_values, unnoticed))
        words = show.p_words(p_values, unnoticed)
        show.glue(**words)
        told = f"With matching, difference and p-value both rose for: {words['p_misleading']}"
        caption = f"p-values (chi-square or t-test) against standardised differences, both recomputed from {source}"
        self.figure(
            show.p_figure(p_values, matching.p_curves(self.paper, p_values)),
            "p-values",
            show.led(told, caption),
            f"Hollow and filled dots near three falling curves, with lines at p = 0.05 and at 0.1 and 0.25. {told}",
        )

    def rerun(self, setting: RerunSetting) -> tuple[Rerun, Rerun]:
        """Run the matching again, with the setting's caliper and with one that keeps as many pairs as the paper has."""
        from haicbook import matching
        from haicbook.survival import stream

        cohorts, seed = self.results.parameters["cohorts"], self.results.parameters["seed"]
        settings = setting, setting.keeping_pairs()
        free, kept = matching.reruns(self.paper, settings, cohorts, stream(seed, "matching"))
        summary, of_kept = matching.summarise_rerun(free), matching.summarise_rerun(kept)
        self.results.record_all("rerun", summary)
        self.results.record_all("rerun.kept", {name: of_kept[name] for name in ("p", "p_without")})
        repeated = show.repeated_words(matching.repeated_counts(free))
        words = show.rerun_words(free, kept, summary)
        words["rerun_notes"] = show.with_arms_named(self.paper, words["rerun_notes"])
        show.glue(**words, rerun_repeated=repeated)
        return free, kept

    def _default_rerun(self, setting: RerunSetting) -> Rerun | None:
        """The re-run with the defaults, where changed parameters have made another."""
        from haicbook import matching
        from haicbook.survival import stream

        if not self.changed.keys() & _OF_RERUN:
            return None
        usual = self.defaults
        setting = replace(
            setting,
            caliper=usual["caliper"],
            caliper_scale=usual["caliper_scale"],
            dependence=matching.Unknown(usual["spread"], usual["rho"]),
            repair={name: usual[name] for name in setting.repair},
        )
        return matching.rerun(self.paper, setting, usual["cohorts"], stream(usual["seed"], "matching"))

    def rerun_table(self, free: Rerun, kept: Rerun, source: str) -> Markdown:
        """The rows of the printed matched table that lie farthest from the re-run."""
        frame = show.rerun_table(self.paper, free, kept, most=6)
        caption = "Rows of the printed matched table that lie farthest from the re-run"
        return self.table(frame, caption, "rerun", source=source)

    def rerun_figure(self, free: Rerun, source: str) -> None:
        """The figure of matched shares, printed and over the cohorts."""
        told = show.margins_words(self.paper, free)
        counted = told.split(":")[0]
        self.figure(
            show.margins_figure(self.paper, free, self._default_rerun(free.setting)),
            "rerun",
            show.led(
                counted, f"Matched patients by level, in per cent: printed ({source}) and over the re-run's cohorts"
            ),
            f"Two panels, one for each arm, with a bar for each share over the cohorts, a diamond as printed. {told}",
        )

    def sensitivity(self, setting: RerunSetting, kept: Rerun, watched: tuple[str, str], name: str) -> None:
        """The figure of the re-run with one assumption changed at a time; `watched` is a covariate and its level."""
        from haicbook import matching
        from haicbook.survival import stream

        cohorts = max(2, self.results.parameters["cohorts"] // 8)
        grid = matching.sensitivity(
            self.paper, setting, watched, cohorts, stream(self.results.parameters["seed"], "grid")
        )
        over = matching.summarise_sensitivity(grid)
        self.results.record_all("rerun.grid", over)
        words = show.grid_words(grid, over, kept, watched)
        show.glue(**words, watched=name)
        settings = f"{words['grid_surprising']} of {words['grid_settings']} settings"
        told = f"The printed table is beyond chance (p up to 0.05) under {settings}"
        panels = f"pairs, matched patients with {name} (both arms), and the p-value of the printed table"
        self.figure(
            show.sensitivity_figure(grid, name),
            "sensitivity",
            show.led(told, f"The re-run with one assumption changed at a time: {panels}"),
            f"Three panels with one row for each setting, and lines at what is printed: {panels}. {told}",
        )

    def discarded(self, levels: list[tuple[str, str]], source: str) -> Markdown:
        """Whom the matching discarded and whom it kept, by levels of covariates; glues the p-values of the first."""
        from haicbook import matching

        found = matching.discarded(self.paper, levels)
        self.results.record_all(
            "discarded", {f"{row.covariate}.{row.arm}": row.lost_with for row in found.itertuples()}
        )
        covariate = levels[0][0]
        printed, pearson = matching.p_before(self.paper, covariate)
        show.glue(**{f"{covariate}_p": printed, f"{covariate}_pearson": show.number(pearson)})
        caption = "Patients discarded and kept by matching, from the printed counts"
        return self.table(show.discarded_table(self.paper, found), caption, "discarded", source=source)

    def response_table(self, source: str) -> Markdown:
        """Tumour response, printed and with exact intervals; records it, and glues the differences of two arms."""
        from haicbook import response

        rates, level = response.response_rates(self.paper), self.results.parameters["confidence"]
        gaps = response.differences(self.paper, rates, level)
        self.results.record_all("response", response.summarise(rates, gaps, level))
        show.glue(**show.response_gaps(gaps, rates))
        caption = "Tumour response, printed and with exact intervals"
        return self.table(show.response_table(self.paper, rates, level), caption, "response", source=source)

    def response_figure(self, source: str) -> None:
        """The figure of objective response and disease control."""
        from haicbook import response

        rates, level = response.response_rates(self.paper), self.results.parameters["confidence"]
        told = show.response_words(self.paper, rates)
        self.figure(
            show.response_forest(self.paper, rates, level),
            "response",
            show.led(told, f"{source}, with exact (Clopper–Pearson) intervals"),
            f"Dots with bars. {told}",
        )

    def adverse_table(self, source: str) -> Markdown:
        """Adverse events as printed; records what they come to."""
        from haicbook import safety

        events = safety.adverse_events(self.paper)
        self.results.record_all("safety", safety.summarise(self.paper, events, self.results.parameters["confidence"]))
        return self.table(show.adverse_table(self.paper, events), "Adverse events as printed", "adverse", source=source)

    def adverse_figure(self, source: str) -> None:
        """The figure of adverse events by grade."""
        from haicbook import safety

        arms = [arm.short for arm in self.paper.spec.arms.values()]
        sides = f", {arms[1]} to the left, {arms[0]} to the right" if len(arms) == 2 else ""
        events = safety.adverse_events(self.paper)
        gaps = safety.differences(self.paper, events, safety.widest_grade(events), 0.95)
        told, which = show.adverse_words(self.paper, events, gaps), show.adverse_drawn(events)
        self.figure(
            show.mirrored_bars(self.paper, events),
            "adverse",
            show.led(told, f"{which} by grade, in per cent of patients ({source})"),
            f"Bars of adverse events by grade{sides}. {told}",
        )

    def adverse_differences(self, source: str) -> Markdown:
        """The largest differences of adverse events between two arms."""
        from haicbook import safety

        events, level = safety.adverse_events(self.paper), self.results.parameters["confidence"]
        grade = safety.widest_grade(events)
        gaps = safety.differences(self.paper, events, grade, level)
        names = " minus ".join(show.arm_names(self.paper).values())
        caption = f"Largest differences in events of {GRADES[grade]}, {names}; intervals not adjusted for multiplicity"
        return self.table(show.differences_table(gaps, level, most=8), caption, "adverse-gaps", source=source)

    def reconstruct(self, endpoint: str, population: str, criterion: str = "", *, key: str = "") -> Endpoint:
        """Reconstruct an endpoint under the chapter's assumptions, and record what it says.

        Parameters
        ----------
        endpoint, population, criterion
            As `study.yml` calls them.
        key
            Under which its results are recorded; the endpoint's name by default. Each has random numbers of its own.
        """
        from haicbook import endpoints, survival

        given, key = self.results.parameters, key or endpoint

        def drawn(parameters: Mapping[str, Any]) -> tuple[Ensemble, Bands]:
            seed, draws = parameters["seed"], key.replace("_", "-")
            reading = parameters["reading"]
            targets = endpoints.targets_from_study(self.paper, endpoint, population, criterion, reading)
            ensemble = endpoints.reconstruct(
                targets, parameters["replicates"], survival.stream(seed, draws), parameters["censoring"]
            )
            return ensemble, survival.bands(ensemble, given["horizon"], survival.stream(seed, f"{draws}-bands"))

        ensemble, bands = drawn(given)
        behind = drawn(self.defaults)[1] if self.changed.keys() & _OF_CURVES else None
        summary = survival.summarise(ensemble, given["horizon"])
        self.results.record_all(key, summary)
        by = f" by {label(criterion)}" if criterion else ""
        short = f"{abbreviation(endpoint)}, {label(criterion)}" if criterion else abbreviation(endpoint)
        return Endpoint(key, f"{label(endpoint)}{by}", short, ensemble, summary, bands, behind)

    def curves(self, endpoint: Endpoint, source: str) -> None:
        """The figure of an endpoint's curves; `source` is where the paper prints its figures."""
        message = show.medians_words(self.paper, endpoint.ensemble.targets, endpoint.title)
        self.figure(
            show.survival_curves(self.paper, endpoint.bands, endpoint.behind),
            endpoint.key.replace("_", "-"),
            show.led(message, f"Curves and numbers at risk are reconstructed from the figures printed in {source}"),
            show.curves_alt(self.paper, endpoint.bands, endpoint.title),
        )

    def compared(self, endpoint: Endpoint) -> Markdown:
        """Printed beside reconstructed numbers of an endpoint, how they were read, and a second opinion."""
        from IPython.display import Markdown

        from haicbook.second_opinion import second_opinion

        name = f"tab-{self.name}-{endpoint.key.replace('_', '-')}"
        table = show.compared_table(self.paper, endpoint.ensemble, endpoint.title, name)
        opinion = show.opinion_words(self.paper, second_opinion(endpoint.ensemble))
        return Markdown(f"{table.data}\n{escape(opinion)}\n")

    def mean_survival(self, *endpoints: Endpoint) -> Markdown:
        """Deaths or events and restricted mean survival of endpoints; glues the difference of two arms in the first."""
        from haicbook import synthesis

        horizon, first = self.results.parameters["horizon"], endpoints[0]
        if len(self.paper.spec.arms) == 2:
            level = self.results.parameters["confidence"]
            gap = synthesis.restricted_differences({self.name: first.ensemble}, [horizon], level).iloc[0]
            limits = {"ci_low": float(gap.low), "ci_high": float(gap.high)}
            self.results.record_all(f"{first.key}.rmst_difference", limits)
            between = show.interval(gap.low, gap.high, 1) if gap.supported else f"not given ({gap.why})"
            show.glue(**show.mean_gap(first.summary, horizon), rmst_gap_ci=between)
        frame = show.survival_summary(self.paper, {item.short: item.summary for item in endpoints}, horizon)
        caption = f"Reconstructed deaths or events, and restricted mean survival to {horizon:g} months"
        notes = [
            "Events in all: over the whole follow-up, median of the data sets; the tables above have the ranges.",
            f"Where nobody is followed to {horizon:g} months, the last value of the curve is carried on.",
        ]
        return self.table(frame, caption, "rmst", notes=notes)

    def downloads(self, *endpoints: Endpoint) -> Any:
        """Links to the rows of endpoints: a typical data set, and all of them."""
        from haicbook.survival import rows_text

        sets = {item.title: item.ensemble for item in endpoints}
        files = {title: (rows_text(rows, [rows.typical()]), rows_text(rows)) for title, rows in sets.items()}
        return show.rows_downloads(self.name, files)

    def cox(self, endpoint: str, source: str) -> None:
        """The figure of an endpoint's printed Cox models."""
        from haicbook import regression

        models, title = regression.cox_models(self.paper, endpoint), label(endpoint).lower()
        told = show.cox_words(self.paper, models)
        alt = f"Forest plot of {len(models)} printed hazard ratios for {title}, log scale, with confidence intervals"
        self.figure(
            show.cox_forest(models),
            f"cox-{endpoint}",
            show.led(told, f"Hazard ratios for {title} as printed ({source})"),
            f"{alt}. {told}" if told else alt,
        )

    def confounder(self) -> None:
        """Glue what an unmeasured confounder would make of the hazard ratio of death in the multivariable model."""
        from haicbook import regression
        from haicbook.stats import confounding

        effect = regression.treatment_effect(self.paper, "os", "multivariable")
        if effect is None:
            raise ValueError(f"{self.name} prints no hazard ratio of treatment from a multivariable model of survival")
        assumed = (self.results.parameters["confounder_effect"], self.results.parameters["confounder_gap"])
        sensitivity = confounding.sensitivity(effect.hr, effect.ci_low, effect.ci_high, *assumed)
        self.results.record_all("confounding", sensitivity)
        show.glue(**show.sensitivity_text(effect, sensitivity, *assumed))

    def findings(self) -> Markdown:
        """What does not add up: the findings that matter most, the others folded; glues how many there are."""
        from haicbook import audit

        found = self._ranked()
        self.results.record_all("audit", audit.summarise(found))
        show.glue(**show.finding_counts(found))
        return show.ranked_findings(found, "What else does not add up", f"tab-{self.name}-findings")

    def end(self) -> None:
        """Write what was recorded, and glue the study's message, which rests on all of it, for the top of the page."""
        from myst_nb import glue

        from haicbook.synthesis.message import study_message

        glue("card", show.card(self.paper, study_message(self.paper, self.results), self._ranked()), display=False)
        self.results.save()

    def _ranked(self) -> list[Finding]:
        from haicbook import audit
        from haicbook.audit.audited import audited

        return audit.ranked(self.paper, audited(self.paper))

    def assumptions(self) -> Markdown:
        """The table of the parameters, with their values in this run."""
        frame = show.assumptions(self.declared, self.results.parameters)
        return self.table(frame, "Parameters of this notebook", "assumptions", align="lllll")


def begin(name: str) -> Chapter:
    """Begin a notebook: the look of its figures, and its parameters with the values that they have in this run.

    Parameters
    ----------
    name
        The notebook's name. The parameters' values are those of the cell that calls.

    Raises
    ------
    KeyError
        When the calling cell lacks a declared parameter.
    """
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    show.use()
    return Chapter(name, frame.f_back.f_globals)
