"""What `study.yml` may say, as pydantic models; data/README.md says it for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from haicbook.limits import MOST_PATIENTS
from haicbook.printed import parse_number

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]*$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Size = Annotated[int, Field(strict=True, ge=1, le=MOST_PATIENTS)]
Count = Annotated[int, Field(strict=True, ge=0, le=MOST_PATIENTS)]


def _figure(text: str) -> str:
    if parse_number(text).state != "exact":
        raise ValueError(f'{text!r}; a printed figure such as "0.05"')
    return text


def _not_negative(text: str) -> str:
    if parse_number(text).value < 0:
        raise ValueError(f"{text!r}; a number of months from 0 on")
    return text


def _level(text: str) -> str:
    if not 50 <= parse_number(text).value < 100:
        raise ValueError(f'{text!r}; a level in per cent such as "96.02"')
    return text


Figure = Annotated[str, AfterValidator(_figure)]
Confidence = Annotated[Figure, AfterValidator(_level)]
Months = Annotated[Figure, AfterValidator(_not_negative)]

Statistic = Literal[
    "n",
    "pct",
    "n_pct",
    "mean_sd",
    "median",
    "median_ci",
    "median_iqr",
    "median_range",
    "rate",
    "rate_ci",
    "pct_ci",
    "hr",
    "hr_ci",
    "p",
    "range",
    "value",
    "date",
    "said",
]
Grade = Literal["any", "g12", "g34", "g3plus", "gt3", "g5"]
Model = Literal["univariable", "multivariable"]
Section = Literal["abstract", "introduction", "methods", "results", "discussion", "conclusion", "figure"]
Kind = Literal["baseline", "response", "cox", "adverse_events", "survival"]
Endpoint = Literal["os", "pfs", "liver_pfs", "ttr", "dor"]
Criterion = Literal["mrecist", "recist11"]
VariableType = Literal["binary", "nominal", "ordinal", "continuous"]
Reason = Literal["lost_in_text", "not_reported", "supplement_only", "not_entered"]


class Strict(BaseModel):
    """A mapping that knows its keys: an unknown one is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Arm(Strict):
    """A treatment group and the role it plays in the comparison."""

    label: Text
    short: Text
    role: Literal["experimental", "comparator", "single"]
    regimen: Text
    names: list[Text] = Field(default_factory=list, description="other names the paper uses for this arm")


class Population(Strict):
    """A set of patients and how many of them each arm has."""

    label: Text
    n: Annotated[dict[Slug, Size], Field(min_length=1)]


class Setting(Strict):
    """Where and when patients were treated."""

    country: Text
    institution: Text
    centres: Size | None = None
    enrolment_start: Text | None = None
    enrolment_end: Text | None = None
    last_follow_up: Text | None = None
    received: Text | None = None
    published: Text | None = None
    funding: Text | None = None
    conflicts: Text | None = None


class Matching(Strict):
    """The propensity score matching as the paper describes it; null where it says nothing."""

    method: Text | None
    ratio: Text | None
    caliper: Figure | None
    caliper_scale: Text | None
    replacement: bool | None
    score_model: Text | None
    software: Text | None
    covariates: list[Slug]


class EndpointDefinition(Strict):
    """How the paper defines a time to event."""

    label: Text
    primary: bool
    time_zero: Text | None
    event: Text | None
    criteria: list[Criterion] = Field(default_factory=list)


class Methods(Strict):
    """The statistics that the paper says it used."""

    survival: Text | None
    regression: Text | None
    categorical: Text | None
    continuous: Text | None
    proportion_ci: Text | None
    median_ci: Text | None
    software: Text | None
    alpha: Figure | None


class Design(Strict):
    """A two-stage design as planned."""

    name: Text
    null_rate: Figure
    alternative_rate: Figure
    alpha: Figure
    power: Figure
    stage1_n: Size
    stage1_reject_at_most: Count = Field(description="stop for futility at this many responders or fewer")
    total_n: Size
    total_reject_at_most: Count

    def limit(self, patients: int) -> tuple[int, str]:
        """Responders that are too few among so many patients, and what more of them allow, in words."""
        if patients <= self.stage1_n:
            return self.stage1_reject_at_most, "to go on"
        return self.total_reject_at_most, "to call the treatment worth pursuing"


class Earliest(Strict):
    """A time before which nobody can have an event, or leave follow-up: what eligibility or design says of it."""

    what: Literal["event", "censoring"]
    months: Figure
    endpoints: Annotated[list[Endpoint], Field(min_length=1)]
    reason: Text
    source: Text


class FollowUp(Strict):
    """What the paper says of follow-up, beyond the figures in claims.csv."""

    method: Text | None = Field(description="reverse Kaplan-Meier or observed time; null where unstated")
    note: Text | None = None
    scan_weeks: Figure | None = Field(default=None, description="between two scans that look for progression")
    range_of: Slug | None = Field(default=None, description="the population that a printed range is of")
    earliest: list[Earliest] = []


class Attributes(Strict):
    """What a cell is about; set on the table, a column or a row, the nearest wins."""

    arm: Slug | None = None
    reference: Slug | None = None
    population: Slug | None = None
    endpoint: Endpoint | None = None
    criterion: Criterion | None = None
    grade: Grade | None = None
    model: Model | None = None
    term: Slug | None = None
    time: Months | None = None
    statistic: Statistic | None = None
    unit: Text | None = None
    confidence: Confidence | None = Field(default=None, description="level of intervals in per cent, else 95")
    sides: Literal["one", "two"] | None = Field(default=None, description="of the test that a p-value is of")


class Variable(Strict):
    """What kind of covariate a baseline row is."""

    type: VariableType
    unit: Text | None = None


class Table(Attributes):
    """A printed table and what its columns and rows mean."""

    file: Annotated[str, StringConstraints(pattern=r"^tables/[A-Za-z0-9_.-]+\.csv$")]
    number: Text
    source: Text
    title: Text
    kind: Kind
    columns: dict[Slug, Attributes]
    rows: dict[str, Attributes] = Field(default_factory=dict)
    variables: dict[Slug, Variable] = Field(default_factory=dict)

    @property
    def slug(self) -> str:
        """`table3` for Table 3: the source's place in a value's id."""
        return re.sub(r"[^a-z0-9]+", "", self.source.lower())

    @model_validator(mode="after")
    def every_column_has_a_statistic(self) -> Table:
        bare = [name for name, column in self.columns.items() if (column.statistic or self.statistic) is None]
        if bare:
            raise ValueError(f"no statistic for column {', '.join(bare)}")
        return self


class Unavailable(Strict):
    """Something the paper has, or should have, and the project does not."""

    what: Text
    why: Reason
    detail: Text


class Disagreement(NamedTuple):
    """Two parts of study.yml that do not fit: the place of one, what stands there and what is expected."""

    path: tuple[str | int, ...]
    found: str
    expected: str


class DisagreementError(ValueError):
    """All parts of study.yml that do not fit the others."""

    def __init__(self, found: list[Disagreement]) -> None:
        self.found = found
        super().__init__("; ".join(part.found for part in found))


class Study(Strict):
    """One paper: what it is, and how its tables are to be read."""

    study: Slug
    citation: Text
    title: Text
    short_title: Text
    authors: Text
    year: Annotated[int, Field(strict=True, ge=1900, le=2100)] | None
    journal: Text | None
    doi: Annotated[str, StringConstraints(pattern=r"^10\.\d{4,9}/\S+$")] | None
    licence: Text
    registration: Text | None
    question: Text
    design: Literal["propensity_matched", "unmatched", "single_arm"]
    design_label: Text
    line_of_therapy: Text | None
    setting: Setting
    arms: dict[Slug, Arm]
    populations: dict[Slug, Population]
    main_population: Slug
    matching: Matching | None
    endpoints: dict[Endpoint, EndpointDefinition]
    response_criterion: Text | None
    safety_criterion: Text | None
    follow_up: FollowUp
    methods: Methods
    two_stage: Design | None = None
    tables: list[Table]
    unavailable: list[Unavailable]

    @model_validator(mode="after")
    def names_agree(self) -> Study:
        """Arms and populations that are used are declared, and the roles fit the design; all offenders at once."""
        found = [*self._undeclared_in_populations(), *self._undeclared_in_tables(), *self._roles_without_comparison()]
        if found:
            raise DisagreementError(found)
        return self

    def _undeclared_in_populations(self) -> Iterator[Disagreement]:
        arms, populations = f"arms are {', '.join(self.arms)}", f"populations are {', '.join(self.populations)}"
        for name, population in self.populations.items():
            for arm in population.n:
                if arm not in self.arms:
                    yield Disagreement(
                        ("populations", name, "n", arm), f"population {name} names arm {arm}", f"a declared one; {arms}"
                    )
        if self.main_population not in self.populations:
            yield Disagreement(
                ("main_population",), f"main_population {self.main_population}", f"a declared one; {populations}"
            )

    def _undeclared_in_tables(self) -> Iterator[Disagreement]:
        arms, populations = f"arms are {', '.join(self.arms)}", f"populations are {', '.join(self.populations)}"
        for index, table in enumerate(self.tables):
            places: dict[tuple[str, ...], Attributes] = {(): table}
            places |= {("columns", name): column for name, column in table.columns.items()}
            places |= {("rows", name): row for name, row in table.rows.items()}
            for place, attributes in places.items():
                who = f"{table.file}, {place[-1] if place else 'the table'}"
                for key in ("arm", "reference"):
                    arm = getattr(attributes, key)
                    if arm is not None and arm not in self.arms:
                        path = ("tables", index, *place, key)
                        yield Disagreement(path, f"{who} names arm {arm}", f"a declared one; {arms}")
                population = attributes.population
                if population is not None and population not in self.populations:
                    path = ("tables", index, *place, "population")
                    yield Disagreement(path, f"{who} names population {population}", f"a declared one; {populations}")

    def _roles_without_comparison(self) -> Iterator[Disagreement]:
        roles = [arm.role for arm in self.arms.values()]
        wanted = ["single"] if self.design == "single_arm" else ["comparator", "experimental"]
        if sorted(roles) != wanted:
            expected = f"{' and '.join(f'one {role}' for role in wanted)}, since the design is {self.design}"
            yield Disagreement(("arms",), f"arms with the roles {', '.join(roles) or 'none'}", expected)

    @property
    def experimental(self) -> str | None:
        """Key of the experimental arm; the single arm's where there is one arm only."""
        return next((key for key, arm in self.arms.items() if arm.role in ("experimental", "single")), None)

    @property
    def comparator(self) -> str | None:
        """Key of the comparator arm; None in a single-arm study."""
        return next((key for key, arm in self.arms.items() if arm.role == "comparator"), None)
