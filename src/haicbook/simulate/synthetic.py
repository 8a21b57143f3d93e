"""A synthetic paper: invented patients, and every figure that a paper on them would print."""

from __future__ import annotations

import numpy as np

from haicbook.simulate import paper_tables as tables
from haicbook.simulate.cohort import SimulatedPatients, World, draw_patients, match
from haicbook.simulate.draft import CLAIMS, Draft
from haicbook.simulate.paper_tables import Group
from haicbook.simulate.specs import ARMS, BASELINE, COX, DESIGNS, EVENTS, RESPONSE, Design, spec_of
from haicbook.simulate.statements import ENDPOINTS, claims, in_words, protocol, statements, two_stages
from haicbook.simulate.typesetting import PrintingConventions


def synthetic_paper(
    rng: np.random.Generator,
    *,
    study: str = "synthetic",
    design: Design = "propensity_matched",
    world: World | None = None,
    conventions: PrintingConventions | None = None,
) -> Draft:
    """A paper without errors: a fully synthetic study with everything printed as papers print it.

    Parameters
    ----------
    rng
        Source of all randomness.
    study
        Its key.
    design
        Two matched arms, two arms as they are, or one arm.
    world, conventions
        What is true, and how it is printed; drawn where they are not given.

    Returns
    -------
    Draft
        `.paper()` reads it, `.write(folder)` writes it down as a data folder.

    Raises
    ------
    ValueError
        When there is no such design, or one of its arms has no patient.

    Examples
    --------
    >>> import numpy as np
    >>> from haicbook import audit, simulate
    >>> paper = simulate.synthetic_paper(np.random.default_rng(1)).paper()
    >>> [finding.rule for finding in audit.audit(paper) if finding.severity == "error"]
    []
    """
    if design not in DESIGNS:
        raise ValueError(f"found design {design!r}; allowed are {', '.join(DESIGNS)}")
    world = World.drawn(rng, single=design == "single_arm") if world is None else world
    conventions = PrintingConventions.drawn(rng) if conventions is None else conventions
    patients = draw_patients(world, rng)
    groups = _groups(design, patients)
    arms = ("all",) if design == "single_arm" else ("new", "old")
    sizes = {name: {arm: p.n for arm, p in group.arms(arms).items()} for name, group in groups.items()}
    if any(n < 1 for of_arm in sizes.values() for n in of_arm.values()):
        raise ValueError(f"found arms of {sizes}; each needs a patient: more patients, or less confounding")
    main = next(reversed(groups))
    spec = spec_of(study, design, world, conventions, sizes, main)
    stages = two_stages(sizes[main]["all"], rng) if design == "single_arm" else None
    printed = _tables(groups, main, arms, conventions)
    printed[CLAIMS] += [
        *protocol(world, main, arms, stages),
        *statements(groups[main], main, arms, conventions, printed[EVENTS]),
        *in_words(groups[main], main, arms, printed[EVENTS], _tested(printed[CLAIMS])),
    ]
    return Draft(spec | ({"two_stage": stages} if stages else {}), printed, _truth(world, conventions, design))


def _groups(design: Design, patients: SimulatedPatients) -> dict[str, Group]:
    """Populations in order; the last one is that of the results."""
    if design == "propensity_matched":
        return {"before_psm": Group("_before", patients), "after_psm": Group("_after", patients.take(match(patients)))}
    return {"all": Group("", patients)}


def _tables(
    groups: dict[str, Group], main: str, arms: tuple[str, ...], conventions: PrintingConventions
) -> dict[str, tables.Rows]:
    group = groups[main]
    shorts = tuple(ARMS[arm]["short"] for arm in arms)
    found = {
        BASELINE: tables.baseline(list(groups.values()), arms, conventions),
        RESPONSE: tables.response(Group("", group.patients), arms, conventions),
        **{file: tables.cox_table(group.patients, endpoint, shorts, conventions) for endpoint, file in COX.items()},
        EVENTS: tables.adverse_events(Group("", group.patients), arms, conventions),
    }
    return found | {CLAIMS: claims(group, main, arms, conventions)}


def _tested(rows: tables.Rows) -> dict[str, list[str]]:
    """The printed p-values of each endpoint's curves."""
    return {
        endpoint: [row["printed"] for row in rows if row["id"] == f"{endpoint}_comparison"] for endpoint in ENDPOINTS
    }


def _truth(world: World, conventions: PrintingConventions, design: Design) -> dict[str, str]:
    return {
        "design": design.replace("_", " "),
        "patients before matching": str(world.patients),
        "hazard ratio of death": f"{world.hr_os:.3f}",
        "hazard ratio of progression": f"{world.hr_progression:.3f}",
        "confounding (log odds of treatment for one SD of prognosis)": f"{world.confounding:.3f}",
        "program": conventions.software,
    }
