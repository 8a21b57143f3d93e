"""Tables drafted from an article's XML are the printed ones, and what is no such article is refused."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from jats_writer import jats

from haicbook import show
from haicbook.cli import main
from haicbook.intake import NewArm, NewStudy, clear, lay_out, read_article, steps
from haicbook.limits import MOST_BYTES
from haicbook.simulate import Draft, synthetic_paper
from haicbook.simulate.specs import BASELINE, EVENTS, RESPONSE
from haicbook.study import UnusableError
from haicbook.study.paper import inspect

TABLES = (BASELINE, RESPONSE, EVENTS)
# rows of the drafted table, by label and order, without the ids that a machine makes up
Cells = list[tuple[str, ...]]


def paper_of(seed: int, design: str = "propensity_matched") -> Draft:
    return synthetic_paper(np.random.default_rng(seed), study="smith2026", design=design)  # type: ignore[arg-type]


def new_of(draft: Draft) -> NewStudy:
    """What somebody who has the paper in hand would type."""
    populations = draft.spec["populations"].values()
    arms = tuple(
        NewArm(key, arm["label"], tuple(group["n"][key] for group in populations))
        for key, arm in draft.spec["arms"].items()
    )
    return NewStudy("smith2026", draft.spec["design"], arms, ("os", "pfs"))


def cells(rows: list[dict[str, str]], columns: list[str]) -> Cells:
    return [(row["label"], *(row.get(column, "") for column in columns)) for row in rows]


@pytest.mark.parametrize("indented", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_every_cell_comes_over_as_printed(seed: int, indented: bool, tmp_path: Path) -> None:
    draft = paper_of(seed)
    (tmp_path / "article.xml").write_text(jats(draft, TABLES, indented=indented), encoding="utf-8")
    lay_out(new_of(draft), tmp_path, read_article(tmp_path / "article.xml"))
    paper, problems = inspect("smith2026", tmp_path)
    assert [problem for problem in problems if not problem.unfilled] == []
    assert paper is not None
    for kind, file in zip(("baseline", "response", "adverse_events"), TABLES, strict=True):
        (table,) = paper.tables(kind)  # type: ignore[arg-type]
        names = list(table.columns)
        with (tmp_path / "smith2026" / table.file).open(encoding="utf-8", newline="") as stream:
            drafted = list(csv.DictReader(stream))
        assert cells(drafted, names) == cells(draft.tables[file], names)
        assert [bool(row["level"]) for row in drafted] == [bool(row.get("level")) for row in draft.tables[file]]


@pytest.mark.parametrize("seed", range(2))
def test_drafted_figures_are_read_as_the_paper_s_own(seed: int, tmp_path: Path) -> None:
    """The values that the package reads are the same numbers, of the same arms, populations and grades."""
    draft = paper_of(seed)
    (tmp_path / "article.xml").write_text(jats(draft, TABLES), encoding="utf-8")
    lay_out(new_of(draft), tmp_path, read_article(tmp_path / "article.xml"))
    found, _ = inspect("smith2026", tmp_path)
    assert found is not None
    columns = ["label", "kind", "population", "arm", "grade", "statistic", "printed", "value"]

    def of(values: object) -> set[tuple[object, ...]]:
        frame = values[values.kind.isin(["baseline", "response", "adverse_events"])]  # type: ignore[index,attr-defined]
        return set(frame[columns].astype(str).itertuples(index=False, name=None))

    assert of(found.values) == of(draft.paper().values)


def test_the_paper_is_described_and_every_drafted_table_waits_for_a_person(project: Path) -> None:
    draft = paper_of(1)
    article = project / "article.xml"
    article.write_text(jats(draft, (BASELINE, RESPONSE)), encoding="utf-8")
    arms = [f"--arm={arm.key}={arm.label}={'/'.join(map(str, arm.n))}" for arm in new_of(draft).arms]
    result = CliRunner().invoke(main, ["new", "smith2026", *arms, "--from-jats", str(article)])
    assert result.exit_code == 0, result.output
    paper, _ = inspect("smith2026", project / "data")
    assert paper is not None
    assert (paper.spec.title, paper.spec.authors, paper.spec.year) == ("A drug and another", "Smith et al.", 2026)
    assert (paper.spec.doi, paper.spec.licence) == ("10.1234/nothing", "CC BY")
    assert paper.unchecked == ("tables/1_baseline.csv", "tables/2_response.csv")
    assert f"{len(paper.values)} of {len(paper.values)} printed values" in show.unchecked(paper)
    folder = project / "data" / "smith2026"
    assert clear(folder, ["tables/2_response.csv"], "A. Reader", datetime.date(2026, 1, 2)) == ["tables/1_baseline.csv"]
    paper, _ = inspect("smith2026", project / "data")
    assert paper is not None
    assert "Table 1." in show.unchecked(paper)
    assert "Table 2" not in show.unchecked(paper)
    left = steps("smith2026", project / "data", project / "notebooks", project / "_toc.yml")
    assert [step.what for step in left if step.todo and "drafted by machine" in step.what] == [
        "Table 1, drafted by machine, is checked"
    ]
    result = CliRunner().invoke(main, ["clear", "smith2026", "tables/1_baseline.csv", "--by", "A. Reader"])
    assert "All drafted tables" in result.output
    assert show.unchecked(inspect("smith2026", project / "data")[0]) == ""  # type: ignore[arg-type]


@pytest.mark.parametrize(("files", "by", "said"), [(["tables/9.csv"], "A", "tables/9.csv"), ([], " ", "nobody")])
def test_what_cannot_be_cleared_changes_nothing(files: list[str], by: str, said: str, tmp_path: Path) -> None:
    draft = paper_of(1)
    (tmp_path / "article.xml").write_text(jats(draft, (RESPONSE,)), encoding="utf-8")
    lay_out(new_of(draft), tmp_path, read_article(tmp_path / "article.xml"))
    before = (tmp_path / "smith2026/drafted.csv").read_bytes()
    with pytest.raises(UnusableError, match=said):
        clear(tmp_path / "smith2026", files, by, datetime.date(2026, 1, 2))
    assert (tmp_path / "smith2026/drafted.csv").read_bytes() == before


def test_columns_and_tables_that_are_not_recognised_are_named(tmp_path: Path) -> None:
    draft = paper_of(1)
    text = jats(draft, (BASELINE, RESPONSE)).replace("Tumour response", "Something else")
    text = text.replace("Standard treatment</th>", "Another name</th>", 1)
    (tmp_path / "article.xml").write_text(text, encoding="utf-8")
    lay_out(new_of(draft), tmp_path, read_article(tmp_path / "article.xml"))
    said = (tmp_path / "smith2026/README.md").read_text()
    assert "Tables that were not recognised: Table 2." in said
    assert "Table 1: columns not recognised: Before matching Another name." in said


def test_a_head_that_is_not_set_apart_is_found_by_its_cells(tmp_path: Path) -> None:
    text = jats(paper_of(1), (RESPONSE,))
    (tmp_path / "article.xml").write_text(text, encoding="utf-8")
    (tmp_path / "bare.xml").write_text(text.replace("<thead>", "").replace("</thead>", ""), encoding="utf-8")
    assert read_article(tmp_path / "bare.xml") == read_article(tmp_path / "article.xml")


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>\n'
FOREIGN = '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS//EN" "http://127.0.0.1:9/jats.dtd">\n'


def test_a_document_type_is_read_past_and_never_fetched(tmp_path: Path) -> None:
    (tmp_path / "article.xml").write_text(jats(paper_of(1), (RESPONSE,), head=FOREIGN), encoding="utf-8")
    assert [table.label for table in read_article(tmp_path / "article.xml").tables] == ["Table 2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (jats(paper_of(1), (RESPONSE,), head=BOMB), "a declared entity"),
        (jats(paper_of(1), (RESPONSE,), head=FOREIGN).replace("A note.", "&nbsp;"), "undefined entity"),
        (jats(paper_of(1), (RESPONSE,)).replace("</article>", ""), "expected the XML"),
        (jats(paper_of(1), ()), "found no table"),
        (jats(paper_of(1), (BASELINE,)).replace('colspan="3"', 'colspan="999"'), "spans over more"),
        (jats(paper_of(1), (BASELINE,)).replace('colspan="3"', 'colspan="1e9"'), "expected a whole number"),
        ("PK\x03\x04", "control character"),
        ("x" * (MOST_BYTES + 1), "at most 2 MB"),
        ("", "an empty file"),
    ],
)
def test_what_is_no_article_is_refused_and_nothing_is_written(text: str, said: str, project: Path) -> None:
    (project / "article.xml").write_text(text, encoding="utf-8")
    arguments = [
        "new",
        "smith2026",
        "--arm=new=New=9/8",
        "--arm=old=Old=9/8",
        "--from-jats",
        str(project / "article.xml"),
    ]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert not (project / "data/smith2026").exists()
