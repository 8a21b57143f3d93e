"""The paper at a glance: what was asked, of whom, how, and what this chapter can and cannot rebuild."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pandas as pd

from haicbook.markup import Markup

if TYPE_CHECKING:
    from haicbook.study import Paper
    from haicbook.study.schema import EndpointDefinition, Population, Study

_UNSTATED = "not stated"


def glance(paper: Paper) -> pd.DataFrame:
    """Two columns, item and content, from study.yml."""
    spec = paper.spec
    rows = {
        "Question": spec.question,
        "Design": spec.design_label,
        "Setting": _setting(spec),
        "Patients": _patients(spec),
        **{_arm(spec, arm.short): f"{arm.label}. {arm.regimen}" for arm in spec.arms.values()},
        "Matching": _matching(spec),
        **{f"{endpoint.label}": _endpoint(endpoint) for endpoint in spec.endpoints.values()},
        "Reconstructed here": reconstructed(paper),
        "Response by": spec.response_criterion or _UNSTATED,
        "Adverse events by": spec.safety_criterion or _UNSTATED,
        "Follow-up": spec.follow_up.note or _UNSTATED,
        "Software": spec.methods.software or _UNSTATED,
        "Registration": spec.registration or _UNSTATED,
        "DOI, licence": Markup("{}; {}").format(_doi(spec.doi), spec.licence),
    }
    return pd.DataFrame({"": list(rows), "The paper": list(rows.values())})


def unchecked(paper: Paper) -> Markup:
    """A box that says which tables were drafted by machine and checked by nobody yet; empty where there is none."""
    if not paper.unchecked:
        return Markup("")
    files = {f"{paper.study}/{file}" for file in paper.unchecked}
    count = int(paper.values.file.isin(files).sum())
    names = ", ".join(table.source for table in paper.spec.tables if table.file in paper.unchecked)
    told = "{} of {} printed values were drafted by machine and have not been laid beside the paper: {}."
    box = ":::{{warning}} Not checked yet\n" + told + "\n:::\n"
    return Markup(box).format(count, len(paper.values), names)


def reconstructed(paper: Paper) -> str:
    """Which curves, in words."""
    medians = set(paper.select(statistic="median").endpoint)
    curves = [paper.spec.endpoints[key].label.lower() for key in ("os", "pfs", "liver_pfs") if key in medians]
    if not curves:
        return "no curve; all is printed or recomputed from printed figures"
    return f"curves of {', '.join(curves)}; all else is printed or recomputed from printed figures"


def _arm(spec: Study, short: str) -> str:
    return f"Arm {short}" if len(spec.arms) > 1 else "Treatment"


def _setting(spec: Study) -> str:
    setting = spec.setting
    stated = {None: "number of centres not stated", 1: "one centre"}
    centres = stated.get(setting.centres, f"{setting.centres} centres")
    dates = f"{setting.enrolment_start or '?'} to {setting.enrolment_end or '?'}"
    until = f", followed to {setting.last_follow_up}" if setting.last_follow_up else ""
    return f"{setting.institution}, {setting.country} ({centres}); enrolled {dates}{until}"


def _patients(spec: Study) -> str:
    def sizes(population: Population) -> str:
        names = {arm: f" {spec.arms[arm].short}" if len(spec.arms) > 1 else "" for arm in population.n}
        return " and ".join(f"{size}{names[arm]}" for arm, size in population.n.items())

    return "; ".join(f"{population.label}: {sizes(population)}" for population in spec.populations.values())


def _matching(spec: Study) -> str:
    matching = spec.matching
    if matching is None:
        return "none"
    stated = {
        "": matching.method,
        "ratio ": matching.ratio,
        "caliper ": matching.caliper,
        "caliper scale ": matching.caliper_scale,
    }
    said = ", ".join(f"{word}{value or _UNSTATED}" for word, value in stated.items())
    return f"{said}; on {len(matching.covariates)} covariates"


def _endpoint(endpoint: EndpointDefinition) -> str:
    primary = " (primary)" if endpoint.primary else ""
    if not endpoint.time_zero and not endpoint.event:
        return f"definition {_UNSTATED}{primary}"
    return f"from {endpoint.time_zero or _UNSTATED} to {endpoint.event or _UNSTATED}{primary}"


def _doi(doi: str | None) -> str:
    return Markup("[{}](https://doi.org/{})").format(doi, quote(doi)) if doi else "DOI not in the text we have"
