"""Ways in which the files of data/ go wrong, and what is said of each: the test's cases and CONTRIBUTING's table.

`python tests/study/corruptions.py` prints the table.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from haicbook.study.beside import FORMS

Damage = Callable[[Path], None]

STUDY = "demo2020"
YAML, CLAIMS = f"{STUDY}/study.yml", f"{STUDY}/claims.csv"
BASELINE, RESPONSE, COX, EVENTS = (
    f"{STUDY}/tables/{name}.csv" for name in ("1_baseline", "2_response", "3_cox", "4_adverse_events")
)
EVERY_CSV = (*FORMS, CLAIMS, RESPONSE)


@dataclass(frozen=True)
class Case:
    """One damaged file.

    Attributes
    ----------
    kind
        The row of the table.
    file
        Below data/.
    damage
        Does it, given data/.
    said
        What `haicbook check` says of it, after the file's name; of an audit's finding, a part of its sentence.
    audited
        The files are sound and the audit finds it.
    """

    kind: str
    file: str
    damage: Damage
    said: str
    audited: bool = False


def changed(file: str, old: str, new: str) -> Damage:
    """One text for another, once."""

    def damage(data: Path) -> None:
        text = (data / file).read_text(encoding="utf-8")
        assert old in text, f"{old} is not in {file}"
        (data / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return damage


def bytes_for(file: str, new: Callable[[bytes], bytes]) -> Damage:
    """The whole file made from what it was."""
    return lambda data: (data / file).write_bytes(new((data / file).read_bytes())) and None


def in_its_place(file: str, make: Callable[[Path], object]) -> Damage:
    """Something else under the file's name."""

    def damage(data: Path) -> None:
        (data / file).unlink()
        make(data / file)

    return damage


def _large(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(100_000_000)


def _lines(raw: bytes) -> list[bytes]:
    return raw.splitlines(keepends=True)


# --- any CSV ----------------------------------------------------------------------------------------------------------

_ANY: tuple[tuple[str, Callable[[str], Damage], str], ...] = (
    ("the file is missing", lambda file: in_its_place(file, lambda path: None), ": found no such file"),
    ("the file is empty", lambda file: bytes_for(file, lambda raw: b" \n"), ": found an empty file"),
    ("a header alone", lambda file: bytes_for(file, lambda raw: _lines(raw)[0]), ": found a header without rows"),
    (
        "semicolons between the columns",
        lambda file: bytes_for(file, lambda raw: raw.replace(b",", b";")),
        ":1: found semicolons between the columns, expected commas",
    ),
    (
        "a NUL character",
        lambda file: bytes_for(file, lambda raw: raw + b"\x00"),
        ": found the control character U+0000, expected characters that show",
    ),
    (
        "bytes that are not UTF-8",
        lambda file: bytes_for(file, lambda raw: b"\xff\xfe" + raw),
        ":1: found byte 0xff, which is not UTF-8, expected UTF-8 text",
    ),
    ("a folder in its place", lambda file: in_its_place(file, Path.mkdir), ": found a folder, expected a file"),
    ("a pipe in its place", lambda file: in_its_place(file, os.mkfifo), ": found a pipe, expected a file"),
    (
        "a link in a circle",
        lambda file: in_its_place(file, lambda path: path.symlink_to(path.name)),
        ": found a link that leads to itself, expected a file",
    ),
    (
        "a column of another name",
        lambda file: bytes_for(file, lambda raw: b"x" + raw),
        ": found an unknown column, expected",
    ),
    (
        "a row that is too long",
        lambda file: bytes_for(file, lambda raw: raw + b",".join([b"x"] * 40) + b"\n"),
        "found 40 cells, expected",
    ),
    (
        "a quotation mark that does not end",
        lambda file: bytes_for(file, lambda raw: raw + b'"x\n'),
        "found malformed CSV (unexpected end of data), expected comma-separated cells",
    ),
    ("a row twice", lambda file: bytes_for(file, lambda raw: raw + _lines(raw)[1]), " again, expected "),
)

_ONCE = (
    Case(
        "a link that leads nowhere",
        CLAIMS,
        in_its_place(CLAIMS, lambda path: path.symlink_to("gone.csv")),
        ": found a link that leads nowhere",
    ),
    Case(
        "a link that leads out of the project",
        COX,
        in_its_place(COX, lambda path: path.symlink_to("/etc/hostname")),
        ": found a link that leads out of the project, expected the file itself",
    ),
    Case("a device in its place", COX, in_its_place(COX, lambda path: path.symlink_to("/dev/zero")), "found a device"),
    Case(
        "a file of 100 MB",
        CLAIMS,
        in_its_place(CLAIMS, _large),
        ": found a file of 100.0 MB, expected at most 2 MB",
    ),
    Case(
        "more rows than any paper has",
        "ctcae.csv",
        bytes_for("ctcae.csv", lambda raw: raw + b"".join(b"e%d,T,S,exact,\n" % i for i in range(5000))),
        ":5002: found more than 5000 rows",
    ),
    Case(
        "a cell of 3,000 characters",
        "facets.csv",
        changed("facets.csv", "First line", "x" * 3000),
        ":2:words: found 3000 characters, expected at most 2000",
    ),
    Case(
        "text that runs backwards",
        COX,
        changed(COX, "0.028", "0.0\u202e28"),
        ":2: found the control character U+202E",
    ),
    Case(
        "a column twice",
        COX,
        changed(COX, "hr,p", "hr,hr"),
        ":1:hr: found the column twice, expected each column once",
    ),
    Case(
        "a file that nothing reads",
        "ctcae (copy).csv",
        lambda data: (data / "ctcae (copy).csv").write_text("event\n"),
        ": found a file that nothing reads, expected folders, and",
    ),
)

# --- words, figures and rows ------------------------------------------------------------------------------------------


def _rows(kind: str, file: str, *changes: tuple[str, str, str], audited: bool = False) -> Iterator[Case]:
    for old, new, said in changes:
        yield Case(kind, file, changed(file, old, new), said, audited)


_LONG = "9" * 400
_FIRST = "os_median,abstract,Abstract,os,,after_psm,drug,,,,,,,median,months,14.2"


def _claim(**cells: str) -> tuple[str, str]:
    """The first claim, with other cells."""
    columns = (
        *("id", "section", "source", "endpoint", "criterion", "population", "arm", "reference"),
        *("term", "level", "grade", "model", "time", "statistic", "unit", "printed"),
    )
    row = dict(zip(columns, _FIRST.split(","), strict=True)) | cells
    return _FIRST, ",".join(row.values())


def _claims(kind: str, *changes: tuple[dict[str, str], str]) -> Iterator[Case]:
    return _rows(kind, CLAIMS, *((*_claim(**cells), said) for cells, said in changes))


_WORDS = (
    *_claims(
        "a word that is not allowed",
        ({"section": "results2"}, ":2:section: found 'results2', expected one of abstract, introduction"),
        ({"endpoint": "so"}, ":2:endpoint: found 'so', expected one of (empty), os, pfs"),
        ({"criterion": "recist"}, ":2:criterion: found 'recist', expected one of (empty), mrecist"),
        ({"population": "matched"}, ":2:population: found 'matched', expected one of (empty), before_psm"),
        ({"arm": "drag"}, ":2:arm: found 'drag', expected one of (empty), drug, none"),
        ({"reference": "nobody"}, ":2:reference: found 'nobody', expected one of (empty), drug, none"),
        ({"grade": "99"}, ":2:grade: found '99', expected one of (empty), any, g12"),
        ({"model": "cox"}, ":2:model: found 'cox', expected one of (empty), univariable"),
        ({"statistic": "medianci"}, ":2:statistic: found 'medianci', expected one of n, pct"),
    ),
    *_rows(
        "a word that is not allowed",
        "risk_of_bias.csv",
        ("confounding", "confusion", ":2:domain: found 'confusion', expected one of confounding"),
        ("serious", "grave", ":2:judgement: found 'grave', expected one of low, moderate"),
        (",os,", ",so,", ":3:outcome: found 'so', expected one of (empty), os"),
    ),
    *_rows("a word that is not allowed", "appraisal.csv", (",yes,", ",perhaps,", ":2:answer: found 'perhaps'")),
    *_rows(
        "a word that is not allowed",
        "questions.csv",
        (",os,high", ",pfs,high", ":2:outcome: found 'pfs'"),
        (",high,", ",middle,", ":2:start: found 'middle'"),
        (",high,0,", ",high,9,", ":2:indirectness: found '9'"),
    ),
    *_rows(
        "a word that is not allowed",
        "benchmarks.csv",
        (",os,", ",so,", ":2:endpoint: found 'so'"),
        (",median,", ",mean,", ":2:statistic: found 'mean'"),
        (",months,", ",years,", ":2:unit: found 'years', expected one of months, percent"),
    ),
    *_rows("a word that is not allowed", "characteristics.csv", ("printed", "print", ":2:state: found 'print'")),
    *_rows("a word that is not allowed", "ctcae.csv", ("exact", "exactly", ":2:fit: found 'exactly'")),
    *_rows(
        "a word that is not allowed", "institutions.csv", ("treating", "treated", ":2:role: found 'treated centre'")
    ),
    *(
        Case(
            "a study that does not exist",
            file,
            changed(file, f"{STUDY},", "demo2021,"),
            f"{'cited_by' if file == 'benchmarks.csv' else 'study'}: found 'demo2021', expected one of demo2020",
        )
        for file in FORMS
        if file != "ctcae.csv"
    ),
    *_rows("nothing where something is needed", "ctcae.csv", ("Fever", "", ":2:term: found nothing")),
    *_rows("nothing where something is needed", "facets.csv", (",First line,", ",,", ":2:words: found nothing")),
    *_rows(
        "nothing where something is needed", "institutions.csv", ("A hospital", "", ":2:institution: found nothing")
    ),
    *_rows("nothing where something is needed", "risk_of_bias.csv", ("Nobody was randomised.", "", ":2:reason: found")),
    *_rows("nothing where something is needed", "appraisal.csv", (",1,", ",,", ":2:item: found nothing")),
    *_rows("nothing where something is needed", "questions.csv", ("One study.", "", ":2:publication_reason: found")),
    *_rows(
        "nothing where something is needed",
        "characteristics.csv",
        ("demo2020,sex", "demo2020,", ":2:row: found nothing"),
        ("The paper does not say", "", ":3:detail: found nothing, expected what is missing, in words"),
    ),
    *_claims(
        "nothing where something is needed",
        ({"printed": ""}, ":2:printed: found nothing"),
        (
            {"endpoint": "os", "level": "", "statistic": "said", "printed": "longer"},
            ":2:level: found nothing, expected what is said, as a slug",
        ),
    ),
    *_claims(
        "a sentence where a word is enough",
        (
            {"level": "longer", "statistic": "said", "printed": "They lived for longer than the others"},
            ":2:printed: found 7 words, expected the paper's word for it, at most 4",
        ),
    ),
    *_rows(
        "a row of a study that it does not have",
        "characteristics.csv",
        (",sex,", ",sexx,", ":2:row: found 'sexx', expected a row with levels: sex"),
        (",sex,male,", ",sex,males,", ":2:levels: found 'males', expected levels of that row: female, male"),
    ),
    *_rows(
        "a row of a study that it does not have",
        "ctcae.csv",
        ("fever,", "fevers,", ":2:event: found 'fevers', expected the id of an adverse event that a study prints"),
        ("fever,Fever,General disorders,exact,\n", "", ":event: found no row fever, expected a row for each event"),
    ),
    *_rows(
        "an id that is no slug",
        COX,
        ("treatment,", "Treatment,", ":2:id: found 'Treatment', expected a slug"),
        ("treatment,", ",", ":2:id: found '', expected a slug"),
    ),
    *_rows("an id that is no slug", BASELINE, (",male,", ",Male!,", ":4:level: found 'Male!', expected a slug")),
    *_claims("an id that is no slug", ({"term": "Over all"}, ":2:term: found 'Over all', expected a slug")),
    *_rows(
        "a grade that is not one",
        EVENTS,
        ("fever,Fever,,,", "fever,Fever,,99,", ":2:grade: found '99', expected one of (empty), any, g12, g34"),
    ),
    Case(
        "a table that study.yml does not name",
        f"{STUDY}/tables/5_more.csv",
        lambda data: (data / STUDY / "tables/5_more.csv").write_text("id\n"),
        ": found a table that study.yml does not name, expected an entry under tables:",
    ),
)

_FIGURES = (
    *_rows(
        "a cell of another form",
        BASELINE,
        ("55.2 ± 9.8", "fifty", ":2:drug_before: found 'fifty', expected mean_sd such as '55.3 ± 9.5'"),
        ("50 (83.3%)", "02-Jan", ":4:drug_before: found '02-Jan', expected n_pct such as '21 (11.5%)'"),
        ("50 (83.3%)", "83.3% (50", ":4:drug_before: found '83.3% (50'"),
        ("50 (83.3%)", "٥٠ (83.3%)", ":4:drug_before: found '٥٠ (83.3%)'"),
        ("50 (83.3%)", "50① (83.3%)", ":4:drug_before: found '50① (83.3%)'"),
        ("0.092", "#REF!", ":2:p_before: found '#REF!', expected p such as '0.035'"),
    ),
    *_rows(
        "a decimal comma beside decimal points",
        RESPONSE,
        (
            "22 (44.0%)",
            '"22 (44,0%)"',
            ":6:drug: found '22 (44,0%)' beside '2 (4.0%)' in line 2, expected figures with",
        ),
        ("22 (44.0%)", '"22 (44,00%)"', ":6:drug: found '22 (44,00%)'"),
    ),
    *_rows(
        "a decimal comma beside decimal points",
        COX,
        ("0.600 (0.380–0.947)", '"0,600 (0,380–0,947)"', ":2:hr: found '0,600 (0,380–0,947)'"),
        ("0.600 (0.380–0.947)", '"1,600 (1,380–1,947)"', ":2:hr: found '1,600 (1,380–1,947)', expected hr_ci such as"),
        ("0.028", '"<0,001"', ":2:p: found '<0,001'"),
    ),
    *_claims(
        "a rate that may be a fraction",
        (
            {"statistic": "rate", "unit": "percent", "printed": ".56"},
            ":2:printed: found .56, as if a fraction, expected a rate in per cent, such as 56 (.56% where it is below",
        ),
        ({"statistic": "rate", "unit": "percent", "printed": "0.6"}, ":2:printed: found 0.6, as if a fraction"),
    ),
    *_claims(
        "two figures of unnamed arms",
        ({"printed": "17.8 v 11.5"}, ":2:printed: found '17.8 v 11.5', expected median such as '16.1', or an arm and"),
    ),
    *_rows("a figure of 400 digits", COX, ("0.028", _LONG, ":2:p: found '999")),
    *_claims("a figure of 400 digits", ({"printed": _LONG}, ":2:printed: found '999")),
    *_claims("a power of ten", ({"endpoint": "", "statistic": "value", "printed": "10³"}, ":2:printed: found '10³'")),
    *_rows(
        "more than all",
        RESPONSE,
        ("2 (4.0%)", "52 (4.0%)", ":2:drug: found 52 patients of drug, after_psm, expected at most the group's 50"),
        ("2 (4.0%)", "2 (104%)", ":2:drug: found 104 per cent, expected a percentage from 0 to 100"),
    ),
    *_claims(
        "more than all",
        ({"statistic": "rate", "unit": "percent", "printed": "140%"}, ":2:printed: found 140 per cent"),
    ),
    *_rows("more than all", "benchmarks.csv", ("20%", "120%", ":3:printed: found '120%', expected at most 100")),
    *_rows(
        "a p-value outside 0 to 1",
        BASELINE,
        ("0.092", "1.2", ":2:p_before: found p = 1.2, expected a probability from 0 to 1"),
        ("0.092", "−0.004", ":2:p_before: found p = -0.004, expected a probability from 0 to 1"),
    ),
    *_rows(
        "a ratio that is not above 0",
        COX,
        ("0.600 (0.380–0.947)", "0 (0–0)", ":2:hr: found hr = 0, expected a ratio above 0"),
        ("0.600 (0.380–0.947)", "0.600 (−0.380–0.947)", ":2:hr: found ci_low = -0.380, expected a ratio above 0"),
        ("0.600 (0.380–0.947)", "−0.600", ":2:hr: found hr = -0.600, expected a ratio above 0"),
    ),
    *_rows(
        "a spread below 0",
        BASELINE,
        ("55.2 ± 9.8", "55.2 ± −9.8", ":2:drug_before: found sd = -9.8, expected a number of at least 0"),
    ),
    *_rows("a figure that is no number", "benchmarks.csv", ("9.9", "about 9", ":2:printed: found 'about 9', expected")),
    *_rows("a figure that is no number", "benchmarks.csv", ("9.9", "0", ":2:printed: found '0', expected a number")),
    *_claims(
        "a time that is no number of months",
        ({"time": "about 12"}, ":2:time: found 'about 12', expected a number of months from 0 on"),
        ({"time": "-12"}, ":2:time: found '-12', expected a number of months from 0 on"),
        ({"printed": "-14.2"}, ":2:printed: found -14.2 months, expected a time from 0 to 600 months"),
        ({"printed": "1420"}, ":2:printed: found 1420 months, expected a time from 0 to 600 months"),
    ),
    *_claims(
        "a unit that is not converted",
        ({"unit": "fortnights"}, ":2:unit: found 'fortnights', expected one of months, (empty), years, weeks, days"),
        ({"unit": "month"}, ":2:unit: found 'month', expected one of months"),
        ({"unit": "years", "printed": "142"}, ":2:printed: found 142 years, expected a time from 0 to 600 months"),
        ({"statistic": "rate", "unit": "months"}, ":2:unit: found 'months', expected percent"),
    ),
)

_AUDITED = (
    *_rows("a percentage of another count", RESPONSE, ("22 (44.0%)", "22 (54.0%)", "54.0"), audited=True),
    *_rows("an interval without its estimate", COX, ("0.380–0.947", "0.680–0.947", "0.680"), audited=True),
    *_rows("a p-value of another table", COX, ("0.028", "0.28", "0.28"), audited=True),
    *_rows("two figures for one thing", CLAIMS, ("median,months,14.2", "median,months,41.2", "41.2"), audited=True),
)

# --- study.yml --------------------------------------------------------------------------------------------------------

_BOMB = "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


def _yaml(kind: str, *changes: tuple[str, str, str]) -> Iterator[Case]:
    return _rows(kind, YAML, *changes)


def _with(lines: str) -> tuple[str, str]:
    return "study: demo2020\n", f"study: demo2020\n{lines}"


_STUDY = (
    *(Case(kind, YAML, make(YAML), said) for kind, make, said in _ANY[:2]),
    *(Case(kind, YAML, make(YAML), said) for kind, make, said in _ANY[4:9]),
    *_yaml(
        "YAML that is malformed",
        ("year: 2020", "year: [2020", "found malformed YAML"),
        ("year: 2020", "\tyear: 2020", "found malformed YAML"),
        ("year: 2020", "year: 2020\nyear: 2021", ':7: found duplicate key "year", expected each key once'),
        ("study: demo2020\n", "--- 1\n--- 2\n", "found malformed YAML"),
    ),
    Case("YAML that is malformed", YAML, bytes_for(YAML, lambda raw: b"- a\n- b\n"), ":1: found a list, expected keys"),
    *_yaml(
        "YAML that grows or hangs",
        (*_with(f"a: &a [x, x]\n{_BOMB}"), ":3: found the alias *a inside a named part, expected the values written"),
        (*_with("a: &a {<<: *a}\n"), ":2: found the alias *a inside a named part"),
        (*_with(f"a: [{', '.join(['*x'] * 60)}]\nb: &x 1\n"), "found more than 50 aliases"),
        (*_with("a: " + "[" * 1000 + "]" * 1000 + "\n"), ":2: found more than 20 levels inside each other"),
    ),
    *_yaml(
        "YAML that asks for more than text",
        ("year: 2020", "year: !!python/object/apply:os.getcwd []", ":6: found the tag"),
        ("year: 2020", "year: !x 2020", ":6: found the tag !x, expected no tags"),
        ("study: demo2020", "%YAML 1.1\n---\nstudy: demo2020", "found a %YAML directive"),
    ),
    *_yaml(
        "a key too many or too few",
        ("licence: not stated", "license: not stated", ":9:license: found an unknown key"),
        ("licence: not stated", "license: not stated", ":1:licence: found no such key"),
        ("role: comparator, ", "", "arms.none.role: found no such key"),
    ),
    *_yaml(
        "a date, a number or a list where a text belongs",
        (
            "enrolment_start: January 2015",
            "enrolment_start: 2015-01-01",
            ":15:setting.enrolment_start: found the date 2015-01-01, expected a text",
        ),
        ("title: A fictitious comparison for tests", "title: 12", ":3:title: found 12, expected"),
        ("title: A fictitious comparison for tests", "title: [a, b]", ":3:title: found ['a', 'b'], expected"),
        ("title: A fictitious comparison for tests", "title: ''", ":3:title: found '', expected"),
        ("tables:\n", "tables: null\nx:\n", "tables: found None, expected"),
    ),
    *_yaml(
        "a group that cannot be",
        ("n: {drug: 60", "n: {drug: 0", ":20:populations.before_psm.n.drug: found 0, expected"),
        ("n: {drug: 60", "n: {drug: -5", "populations.before_psm.n.drug: found -5, expected"),
        (
            "n: {drug: 60",
            "n: {drug: 20000",
            "n.drug: found 20000, expected input should be less than or equal to 10000",
        ),
        ("n: {drug: 60", f"n: {{drug: {_LONG}", "populations.before_psm.n.drug: found 999"),
        ("n: {drug: 60", f"n: {{drug: {_LONG * 20}", "found malformed YAML (Exceeds the limit"),
        ("n: {drug: 60", "n: {drug: 60.5", "populations.before_psm.n.drug: found 60.5"),
        ("n: {drug: 60", "n: {drug: true", "populations.before_psm.n.drug: found True"),
        ("n: {drug: 60", "n: {drug: .inf", "populations.before_psm.n.drug: found inf"),
    ),
    *_yaml(
        "a figure that is none",
        ('caliper: "0.2"', 'caliper: "about 0.2"', "matching.caliper: found 'about 0.2', expected a printed figure"),
        ('alpha: "0.05"', 'alpha: "five"', "methods.alpha: found 'five', expected a printed figure"),
        ('alpha: "0.05"', "alpha: 0.05", "methods.alpha: found 0.05, expected input should be a valid string"),
        ("hr_ci, ", 'hr_ci, time: "about 12", ', "columns.hr.time: found 'about 12', expected a printed figure"),
        ("hr_ci, ", 'hr_ci, time: "-12", ', "columns.hr.time: found '-12', expected a number of months"),
        ("year: 2020", "year: 20200", ":6:year: found 20200, expected"),
    ),
    *_yaml(
        "arms that make no comparison",
        (
            "role: comparator",
            "role: experimental",
            ":16:arms: found arms with the roles experimental, experimental, expected one comparator and",
        ),
        (
            "role: experimental",
            "role: comparator",
            ":16:arms: found arms with the roles comparator, comparator, expected one comparator",
        ),
        (
            "role: comparator",
            "role: single",
            ":16:arms: found arms with the roles experimental, single, expected one comparator",
        ),
        (
            "design: propensity_matched",
            "design: single_arm",
            ":16:arms: found arms with the roles experimental, comparator, expected one single",
        ),
        ("role: comparator", "role: placebo", "arms.none.role: found 'placebo', expected"),
    ),
    *_yaml(
        "a name that is not declared",
        (
            "{drug: 50, none: 50}",
            "{drug: 50, nobody: 50}",
            ":21:populations.after_psm.n.nobody: found population after_psm names arm nobody, expected a",
        ),
        ("main_population: after_psm", "main_population: matched", "main_population matched"),
        ("{arm: drug, reference: none}", "{arm: drug, reference: x}", "treatment names arm x"),
        (
            "population: after_psm\n    columns:\n      drug:",
            "population: later\n    columns:\n      drug:",
            "population later",
        ),
        ("sex: {type: binary}", "sexx: {type: binary}", "demo2020/tables/1_baseline.csv:id: found no row sexx"),
        ("      treatment: {arm", "      treatments: {arm", "demo2020/tables/3_cox.csv:id: found no row treatments"),
        ("tables/3_cox.csv", "tables/3_coxs.csv", "demo2020/tables/3_coxs.csv: found no such file"),
        ("study: demo2020", "study: demo2021", ":1:study: found demo2021, expected the folder's name, demo2020"),
    ),
    *_yaml(
        "a word that is not allowed",
        ("kind: cox", "kind: regression", "kind: found 'regression', expected"),
        ("endpoint: os", "endpoint: so", "endpoint: found 'so', expected"),
        ("grade: g34", "grade: g99", "grade: found 'g99', expected"),
        ("statistic: hr_ci", "statistic: hrci", "statistic: found 'hrci', expected"),
        ("{statistic: p, model", "{model", "found no statistic for column p"),
        ("why: lost_in_text", "why: lost", "why: found 'lost', expected"),
        ("type: continuous", "type: numeric", "type: found 'numeric', expected"),
        ("doi: 10.1234/demo.2020", "doi: demo", ":8:doi: found 'demo', expected"),
        ("file: tables/3_cox.csv", "file: ../3_cox.csv", "file: found '../3_cox.csv', expected"),
        ("covariates: [age, sex]", "covariates: [Age, sex]", "covariates.0: found 'Age', expected"),
    ),
)

CASES = (
    *(Case(kind, file, make(file), said) for kind, make, said in _ANY for file in EVERY_CSV),
    *_ONCE,
    *_WORDS,
    *_FIGURES,
    *_STUDY,
    *_AUDITED,
)


# --- the table --------------------------------------------------------------------------------------------------------


def table(cases: Iterable[Case] = CASES) -> str:
    """A row for each kind: where, how many cases, and what is said of the first of them."""
    kinds: dict[str, list[Case]] = {}
    for case in cases:
        kinds.setdefault(case.kind, []).append(case)
    rows = [
        f"| {kind} | {_places(of_kind)} | {len(of_kind)} | {_said(of_kind[0])} |" for kind, of_kind in kinds.items()
    ]
    return "\n".join(
        ["| What is wrong | Where | Cases | What is said, for instance |", "| --- | --- | --- | --- |", *rows]
    )


def _places(cases: list[Case]) -> str:
    files = list(dict.fromkeys(case.file.removeprefix(f"{STUDY}/") for case in cases))
    if len(files) >= len(EVERY_CSV):
        return "every CSV" + (" and `study.yml`" if "study.yml" in files else "")
    return ", ".join(f"`{file}`" for file in files)


def _said(case: Case) -> str:
    if case.audited:
        return "sound to `check`; a finding of the audit"
    found = case.said.split(", expected")[0].strip()
    if STUDY not in found:
        found = f"{case.file}{found}" if found.startswith(":") else f"{case.file}: … {found}"
    return f"`{found.removeprefix(f'{STUDY}/').strip()}, expected …`"


if __name__ == "__main__":
    print(table())
