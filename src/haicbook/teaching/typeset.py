"""A synthetic paper as two pages of HTML: abstract, methods, results, tables and a figure of survival."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterable
from typing import Any

from haicbook.simulate import Draft, SimulatedPatients
from haicbook.simulate.draft import CLAIMS
from haicbook.simulate.specs import ARMS
from haicbook.survival import estimators
from haicbook.words import GRADES, label

_SECTIONS = {"abstract": "Abstract", "methods": "Methods", "results": "Results", "discussion": "Discussion"}
_ARMS = ("new", "old")
# what a claim's id is called in a sentence, and what follows its figures
_WORDS = {
    "enrolled": ("Patients analysed:", ""),
    "os_median": ("Median overall survival was", " months"),
    "pfs_median": ("Median progression-free survival was", " months"),
    "os_comparison": ("The log-rank test of overall survival gave p =", ""),
    "pfs_comparison": ("The log-rank test of progression-free survival gave p =", ""),
    "deaths": ("Deaths:", ""),
    "progressions": ("Progressions:", ""),
    "follow_up": ("Median follow-up (range) was", " months"),
    "orr": ("The objective response rate was", ""),
    "orr_interval": ("With its confidence interval, the objective response rate was", ""),
    "dcr": ("The disease control rate was", ""),
    "sex": ("Men:", ""),
    "age": ("Mean age was", " years"),
    "tumor_size": ("Mean tumour size was", " cm"),
    "enrolment_start": ("Patients were enrolled from", ""),
    "enrolment_end": ("Enrolment ended on", ""),
    "last_follow_up": ("The last follow-up was on", ""),
    "dose_oxaliplatin": ("Oxaliplatin:", ""),
    "dose_fluorouracil": ("Fluorouracil:", ""),
    "haic_cycle": ("HAIC was repeated every", " weeks"),
    "drug_cycle": ("The drug was repeated every", " weeks"),
    "haic_courses_allowed": ("Courses allowed:", ""),
    "follows_haic_drug": ("The drug was given", ""),
    "named_time_zero": ("Times count from the", ""),
    "all_of_vascular_invasion_present": ("In BCLC stage C with vascular invasion:", " patients"),
    "significant_ae": ("Events of grade 3–4 with a significant difference:", ""),
}
_RATES = {"os_rate": "Overall survival", "pfs_rate": "Progression-free survival"}


def paper_html(draft: Draft, patients: SimulatedPatients) -> str:
    """The paper, without the frame of a page."""
    parts = [f'<h2 class="haic-paper-title">{html.escape(_title(draft))}</h2>']
    for section, title in _SECTIONS.items():
        sentences = [_sentence(rows) for rows in _claims(draft, section)]
        if sentences:
            parts.append(f"<h3>{title}</h3>\n<p>{' '.join(sentences)}</p>")
        if section == "methods":
            parts[-1] += f"\n<p>{_methods(draft)}</p>"
    for number, table in enumerate(draft.spec["tables"], 1):
        parts.append(_table(draft, table, number))
    parts.append(_figure(patients))
    return "\n".join(parts)


def _title(draft: Draft) -> str:
    matched = " after propensity score matching" if draft.spec["matching"] else ""
    return f"New combination against standard treatment{matched}: a synthetic study"


def _methods(draft: Draft) -> str:
    """Tests and models, as the study's methods have them."""
    methods = draft.spec["methods"]
    words = {
        "survival": "Survival",
        "regression": "Models",
        "categorical": "Counts",
        "continuous": "Means",
        "proportion_ci": "Intervals of proportions",
        "median_ci": "Intervals of medians",
        "software": "Program",
    }
    told = [f"{title}: {html.escape(str(methods[key]))}." for key, title in words.items() if methods.get(key)]
    return " ".join(told)


# --- sentences --------------------------------------------------------------------------------------------------------


def _claims(draft: Draft, section: str) -> Iterable[list[dict[str, str]]]:
    """Claims of a section that make one sentence: the same figure of several arms."""
    groups: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in draft.tables[CLAIMS]:
        if row["section"] == section:
            key = tuple(row.get(name, "") for name in ("id", "time", "level", "grade", "term"))
            groups.setdefault((*key, str(row.get("statistic") == "p")), []).append(row)
    return groups.values()


def _sentence(rows: list[dict[str, str]]) -> str:
    first = rows[0]
    words, after = _words(first)
    figures = [f"{row['printed']}{_unit(row, after)}{_whose(row, len(rows))}" for row in rows]
    return html.escape(f"{words} {_joined(figures)}.".replace("p = <", "p <"))


def _words(row: dict[str, str]) -> tuple[str, str]:
    name = row["id"]
    if name in _RATES and row.get("statistic") == "p":
        return f"{_RATES[name]} at {row['time']} months: p =", ""
    if name in _RATES:
        return f"{_RATES[name]} at {row['time']} months was", ""
    if name == "most_common_event":
        return f"The most common adverse event was {label(row['term'])}:", ""
    if name.startswith("compared_"):
        grade = f", {GRADES[row['grade']]}," if row.get("grade") else ""
        return f"{label(row.get('term') or row.get('endpoint', ''))}{grade} with New against Standard:", ""
    return _WORDS.get(name, (f"{label(name)}:", ""))


def _unit(row: dict[str, str], after: str) -> str:
    """What follows a figure; nothing where none is reached."""
    if row["id"].startswith("dose_"):
        return f" {row['unit'].replace('m2', 'm²')}"
    return after if row["printed"][:1].isdigit() else ""


def _whose(row: dict[str, str], several: int) -> str:
    if row.get("arm") in ARMS and row.get("statistic") not in ("p", "said"):
        return f" ({ARMS[row['arm']]['short']})"
    return " (all)" if several > 1 and row.get("statistic") not in ("p", "said") else ""


def _joined(items: list[str]) -> str:
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else items[0]


# --- tables and the figure --------------------------------------------------------------------------------------------


def _table(draft: Draft, table: dict[str, Any], number: int) -> str:
    columns = table["columns"]
    heads = "".join(f'<th scope="col">{html.escape(_head(draft, about))}</th>' for about in columns.values())
    lines = [
        f'<tr><th scope="row"{" class=haic-level" if row.get("level") else ""}>{html.escape(row["label"])}</th>'
        + "".join(f"<td>{html.escape(row.get(column, ''))}</td>" for column in columns)
        + "</tr>"
        for row in draft.tables[table["file"]]
    ]
    body = "\n".join(lines)
    return (
        '<div class="haic-scroll" role="region" tabindex="0" '
        f'aria-label="Table {number}, scrolls sideways"><table class="table haic-paper-table">\n'
        f"<caption>Table {number}. {html.escape(table['title'])}</caption>\n"
        f'<thead><tr><th scope="col"></th>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'
    )


def _head(draft: Draft, about: dict[str, Any]) -> str:
    """What a column is called: `New (n = 61), grade 3–4`."""
    population = about.get("population") or draft.spec["main_population"]
    parts = []
    if about.get("arm"):
        size = draft.spec["populations"][population]["n"][about["arm"]]
        parts.append(f"{ARMS[about['arm']]['short']} (n = {size})")
    if about.get("model"):
        parts.append(about["model"].capitalize())
    parts.append({"p": "p", "hr_ci": "hazard ratio (95% CI)"}.get(about["statistic"], ""))
    parts.append(GRADES.get(about.get("grade", ""), ""))
    if len(draft.spec["populations"]) > 1 and about.get("population"):
        parts.append(draft.spec["populations"][population]["label"].lower())
    return ", ".join(filter(None, parts))


def _figure(patients: SimulatedPatients) -> str:
    """Overall survival by arm with the numbers at risk, as an SVG whose words are text."""
    import matplotlib as mpl
    from matplotlib import style as looks
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    arms = dict(zip(_ARMS, (patients.take(patients.treated), patients.take(~patients.treated)), strict=True))
    last = max(float(arm.time["os"].max()) for arm in arms.values())
    ticks = list(range(0, int(last) + 1, 6 if last < 50 else 12))
    # whatever look the process has: a paper of its own has none of the book's
    with (
        looks.context("default"),
        mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "haicbook", "font.family": "sans-serif"}),
    ):
        figure = Figure(figsize=(6.4, 3.6))
        FigureCanvasSVG(figure)
        ax = figure.add_axes((0.14, 0.36, 0.84, 0.6))
        for name, style in zip(arms, ("-", "--"), strict=True):
            _curve(ax, arms[name], ARMS[name]["short"], style)
        ax.set(xticks=ticks, xlim=(0, last), ylim=(0, 102), xlabel="Months", ylabel="Overall survival, %")
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False, loc="upper right")
        _numbers_at_risk(ax, arms, ticks)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    svg = re.sub(r"^.*?(?=<svg)", "", out.getvalue(), flags=re.DOTALL)
    svg = svg.replace("<svg ", '<svg role="img" aria-label="Kaplan–Meier curves with numbers at risk" ', 1)
    caption = "Figure 1. Overall survival (Kaplan–Meier) with numbers at risk."
    return f'<div class="haic-paper-figure">{svg}\n<p>{caption}</p></div>'


def _curve(ax: Any, arm: SimulatedPatients, name: str, style: str) -> None:
    curve = estimators.km(arm.time["os"], arm.event["os"])
    colour = "#2a7fbf" if style == "-" else "#d55e00"
    ax.step([0, *curve.time[0]], [100, *(100 * curve.survival[0])], style, where="post", color=colour, label=name)


def _numbers_at_risk(ax: Any, arms: dict[str, SimulatedPatients], ticks: list[int]) -> None:
    for place, (name, arm) in enumerate(arms.items()):
        height = -0.34 - 0.1 * place
        counts = estimators.at_risk(arm.time["os"], arm.event["os"], ticks)[0]
        ax.text(-0.02, height, ARMS[name]["short"], transform=ax.transAxes, ha="right", fontsize=8)
        for tick, count in zip(ticks, counts, strict=True):
            ax.text(tick, height, str(int(count)), transform=ax.get_xaxis_transform(), ha="center", fontsize=8)
    ax.text(-0.02, -0.24, "At risk", transform=ax.transAxes, ha="right", fontsize=8, fontweight="bold")
