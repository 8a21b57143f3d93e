"""The command line: from `haicbook check` to `haicbook pdf`; `haicbook --help` lists the commands.

Exit codes everywhere: 0 well, 1 findings or failures, 2 usage, 3 partial result.
Heavy libraries are imported inside the commands, so that `--help` and completion answer at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

import click

from haicbook import __version__, completion


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="haicbook")
def main() -> None:
    """Rebuild five published HAIC papers from the numbers they print."""


_PAPERS = click.argument("studies", nargs=-1, metavar="[STUDY]...", shell_complete=completion.papers)
_PAPERS_OR_FOLDER = click.argument(
    "studies", nargs=-1, metavar="[STUDY]...", shell_complete=completion.papers_or_folder
)
_NOTEBOOKS = click.argument("studies", nargs=-1, metavar="[STUDY]...", shell_complete=completion.notebooks)
_JOBS = click.option(
    "--jobs", type=click.IntRange(min=1), help="How many notebooks run at a time; default: one for each core."
)


def _unwritten(out: Path, error: OSError) -> click.ClickException:
    return click.ClickException(f"--out is {out}; nothing can be written there ({error.strerror or error})")


@main.command()
@_PAPERS
def check(studies: tuple[str, ...]) -> None:
    """Validate data/; say what each study holds and what is unavailable, and list every problem with its place."""
    from haicbook.paths import data_dir
    from haicbook.study.check import report

    try:
        problems = report(list(studies), data_dir())
    except KeyError as error:
        raise click.UsageError(str(error.args[0])) from error
    raise SystemExit(1 if problems else 0)


@main.command()
@click.argument("study")
@click.option(
    "--design",
    type=click.Choice(["propensity_matched", "unmatched", "single_arm"]),
    default="propensity_matched",
    show_default=True,
)
@click.option(
    "--arm",
    "arms",
    multiple=True,
    required=True,
    metavar="KEY=LABEL=N",
    help='An arm, the experimental one first, such as drug="Drug A"=120/80: patients before and after matching.',
)
@click.option("--endpoint", "endpoints", multiple=True, type=click.Choice(["os", "pfs"]), default=("os", "pfs"))
@click.option(
    "--from-jats",
    "article",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The article's XML (JATS, as PMC has it): tables that are recognised are drafted, for a person to check.",
)
def new(study: str, design: str, arms: tuple[str, ...], endpoints: tuple[str, ...], article: Path | None) -> None:
    """Lay out data/STUDY for a paper of your own: study.yml with what belongs where, and tables with their headers."""
    from haicbook.intake.jats import read_article
    from haicbook.intake.new_study import Design, NewStudy, lay_out, read_arm
    from haicbook.paths import data_dir
    from haicbook.study import UnusableError

    try:
        asked = NewStudy(study, cast(Design, design), tuple(map(read_arm, arms)), endpoints)
        written = lay_out(asked, data_dir(), read_article(article) if article else None)
    except UnusableError as problem:
        raise click.UsageError(str(problem)) from problem
    for path in written:
        click.echo(path)
    click.echo(f"Next: fill in study.yml and copy the tables; `haicbook doctor {study}` says what is left.")


@main.command()
@click.argument("study", shell_complete=completion.papers)
@click.option("--format", "form", type=click.Choice(["screen", "json"]), default="screen", show_default=True)
def doctor(study: str, form: str) -> None:
    """What is still to do until a paper of your own is entered, in order, with the page that each step affects.

    Exit status 1 while something is missing.
    """
    from haicbook.intake.doctor import report, steps
    from haicbook.paths import data_dir, notebooks_dir, root

    found = steps(study, data_dir(), notebooks_dir(), root() / "_toc.yml")
    click.echo(report(found, form))
    raise SystemExit(1 if any(step.todo for step in found) else 0)


@main.command()
@click.argument("study", shell_complete=completion.papers)
@click.argument("tables", nargs=-1, required=True)
@click.option("--by", required=True, metavar="NAME", help="Who laid the tables beside the paper.")
def clear(study: str, tables: tuple[str, ...], by: str) -> None:
    """Say that you have laid drafted TABLES of data/STUDY beside the paper; until then the chapter says nobody has."""
    import datetime

    from haicbook.intake.clearing import clear as clear_tables
    from haicbook.paths import data_dir
    from haicbook.study import UnusableError

    try:
        left = clear_tables(data_dir() / study, tables, by, datetime.date.today())
    except UnusableError as problem:
        raise click.UsageError(str(problem)) from problem
    click.echo(f"Not checked yet: {', '.join(left)}" if left else "All drafted tables are checked.")


@main.command()
@click.argument("study", shell_complete=completion.papers)
@click.option("--force", is_flag=True, help="Write it again over the one that is there.")
def chapter(study: str, force: bool) -> None:
    """Write notebooks/STUDY.md, and its line in _toc.yml, from what data/STUDY holds."""
    from haicbook.intake.chapter_source import chapter_source
    from haicbook.intake.contents import listed
    from haicbook.paths import data_dir, notebooks_dir, root
    from haicbook.study import DataError, load

    path = notebooks_dir() / f"{study}.md"
    if path.exists() and not force:
        raise click.UsageError(f"{path} is there; --force writes it again, and what was changed in it is lost")
    try:
        text = chapter_source(load(study, data_dir()))
    except KeyError as error:
        raise click.UsageError(str(error.args[0])) from error
    except DataError as error:
        raise click.ClickException(f"{error}\n`haicbook doctor {study}` says what to do next.") from error
    path.write_text(text, encoding="utf-8")
    click.echo(path)
    if listed(study, root() / "_toc.yml"):
        click.echo(root() / "_toc.yml")
    click.echo(f"Next: `haicbook run {study}`, then `haicbook build`.")


@main.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder; default: _build/export.")
def export(out: Path | None) -> None:
    """Write the printed values of all studies as CSV and Parquet, with a Frictionless data package."""
    from haicbook.export import export as write_export
    from haicbook.paths import build_dir
    from haicbook.study import DataError, load, studies

    folder = out or build_dir() / "export"
    try:
        papers = [load(study) for study in studies()]
    except DataError as error:
        raise click.ClickException(str(error)) from error
    try:
        for path in write_export(papers, folder):
            click.echo(path)
    except OSError as error:
        raise _unwritten(folder, error) from error


@main.command()
@_PAPERS
@click.option(
    "--text",
    "folder",
    required=True,
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder with the papers' plain texts, <study>.txt.",
)
@click.option("--format", "form", type=click.Choice(["screen", "csv", "json"]), default="screen", show_default=True)
def verify(studies: tuple[str, ...], folder: Path, form: str) -> None:
    """Lay data/ over the papers' texts: every printed value, every figure of the text, every row's place.

    Typesetting is forgiven, digits are not. Without a STUDY, all that have a text in DIR.
    Exit status 1 when a value is not found at its place.
    """
    from haicbook.paths import data_dir
    from haicbook.study import DataError, UnusableError
    from haicbook.verify.report import command

    try:
        raise SystemExit(command(studies, folder, data_dir(), form))
    except UnusableError as problem:
        raise click.UsageError(str(problem)) from problem
    except DataError as error:
        raise click.ClickException(f"{error}\n`haicbook check` says more.") from error


@main.command()
@_PAPERS_OR_FOLDER
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv", "markdown"]), default="table", show_default=True
)
@click.option(
    "--severity",
    "severities",
    multiple=True,
    type=click.Choice(["error", "warning", "info"]),
    help="Show only findings of this severity; may be repeated. Default: all.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info"]),
    help="Exit with 1 when there is a finding of this severity or a graver one. Default: never.",
)
def audit(studies: tuple[str, ...], form: str, severities: tuple[str, ...], fail_on: str | None) -> None:
    """Say what in the papers does not add up, what matters most first.

    STUDY is one of data/, or a folder of your own with a study.yml; without one, all of data/.
    """
    from haicbook.audit.report import command
    from haicbook.paths import data_dir
    from haicbook.study import UnusableError

    try:
        # click has made sure that the strings are among the literals
        code, problems = command(studies, data_dir(), form, severities, fail_on)  # type: ignore[arg-type]
    except UnusableError as problem:
        raise click.UsageError(str(problem)) from problem
    for line in problems:
        click.echo(line, err=True)
    raise SystemExit(code)


@main.command()
@click.option("--seed", type=click.IntRange(min=0), required=True, help="The same seed, the same paper.")
@click.option("--level", type=click.Choice(["easy", "medium", "hard"]), default="easy", show_default=True)
@click.option("--format", "form", type=click.Choice(["html", "markdown"]), default="html", show_default=True)
@click.option("--out", default=".", type=click.Path(file_okay=False, path_type=Path), help="Folder; default: this one.")
def exercise(seed: int, level: Literal["easy", "medium", "hard"], form: str, out: Path) -> None:
    """Write a synthetic paper with errors in it, to be found, and apart from it the key.

    As Markdown (MyST) it is one page of a book, its key folded. Every error of the key has been confirmed by the audit.
    """
    from haicbook.teaching.exercises import files, make

    for name, text in files(make(seed, level), form).items():
        try:
            out.mkdir(parents=True, exist_ok=True)
            (out / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise _unwritten(out, error) from error
        click.echo(out / name)


@main.command()
@click.argument("study", shell_complete=completion.papers_or_folder)
@click.option("--to", type=click.Choice(["editor", "authors"]), default="authors", show_default=True)
@click.option(
    "--severity",
    "severities",
    multiple=True,
    type=click.Choice(["error", "warning", "info"]),
    default=["error"],
    show_default=True,
    help="What to write about; may be repeated.",
)
@click.option("--format", "form", type=click.Choice(["markdown", "html"]), default="markdown", show_default=True)
def letter(study: str, to: Literal["editor", "authors"], severities: tuple[str, ...], form: str) -> None:
    """Draft a courteous letter about what in a paper does not add up; innocent explanations come first.

    STUDY is one of data/, or a folder of your own with a study.yml.
    """
    from haicbook.audit.report import audited, kept, places
    from haicbook.paths import data_dir
    from haicbook.study import UnusableError
    from haicbook.teaching.letters import letter as drafted

    try:
        (folder,) = places([study], data_dir())
    except UnusableError as problem:
        raise click.UsageError(str(problem)) from problem
    item = kept(audited(folder), severities)
    if item.paper is None:
        raise click.ClickException("\n".join(map(str, item.problems)))
    click.echo(drafted(item.paper, item.findings, to, form), nl=False)


@main.command()
@click.argument("targets", shell_complete=completion.targets)
@click.option(
    "--replicates", type=click.IntRange(1, 100_000), default=100, show_default=True, help="Data sets to find."
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same seed, the same rows.")
@click.option(
    "--out",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Rows replicate,arm,time,event: .csv or .parquet. A report (.json) is written beside it.",
)
@click.option(
    "--censoring",
    type=click.Choice(["early", "uniform", "late", "cohort"]),
    default="uniform",
    show_default=True,
    help="When patients leave follow-up, as far as the printed numbers leave it open.",
)
def reconstruct(targets: str, replicates: int, seed: int, out: Path, censoring: str) -> None:
    """Rebuild patient-level survival data from printed numbers: synthetic rows, verified to meet them.

    Numbers that cannot be met together, or that no search met, are left out by name; the report says which.

    TARGETS is a YAML file of printed numbers, or STUDY:ENDPOINT[:POPULATION[:CRITERION]] of data/, such as
    shen2025:pfs:all:mrecist; without a population, the study's main one.
    Exit status 3 when fewer data sets were found than asked for, 2 when the targets cannot be used.
    """
    from haicbook.paths import data_dir
    from haicbook.reconstruct_command import command
    from haicbook.study import DataError, UnusableError

    try:
        raise SystemExit(command(targets, replicates, seed, out, censoring, data_dir()))
    except UnusableError as problem:
        raise click.UsageError(str(problem)) from problem
    except DataError as error:
        raise click.ClickException(f"{error}\n`haicbook check` says more.") from error
    except OSError as error:
        raise _unwritten(out, error) from error


@main.command()
@_NOTEBOOKS
@click.option(
    "-p",
    "--parameter",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change a parameter.",
    shell_complete=completion.assignments,
)
@_JOBS
@click.option("--force", is_flag=True, help="Run also what is up to date.")
@click.option("--page", is_flag=True, help="Write the page of the changed run, one HTML file, beside it.")
@click.option("--open", "open_page", is_flag=True, help="Write that page and open it in the browser.")
def run(
    studies: tuple[str, ...], assignments: tuple[str, ...], jobs: int | None, force: bool, page: bool, open_page: bool
) -> None:
    """Execute the notebooks that are stale; all of them when no STUDY is named.

    With -p, the run goes to _build/runs/ and the book stays as it is; `haicbook params` says what there is to change.
    A notebook that compares the studies always reads the results that the book shows.
    """
    from haicbook.book.commands import run_command

    raise SystemExit(run_command(studies, assignments, jobs=jobs, force=force, page=page, open_page=open_page))


@main.command()
@_NOTEBOOKS
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def params(studies: tuple[str, ...], form: str) -> None:
    """Show what `haicbook run -p` can change: each parameter's default, what it may be, and what it is."""
    from haicbook.book.commands import params_command

    raise SystemExit(params_command(studies, form))


@main.command()
@_PAPERS
@_JOBS
@click.option("--force", is_flag=True, help="Compute also what is kept.")
def scenarios(studies: tuple[str, ...], jobs: int | None, force: bool) -> None:
    """Try the scenarios of scenarios/ on the comparative studies, and say which conclusions survive all of them.

    What was computed is kept in scenarios/results.json, one by one, so that an interrupted call goes on where it was.
    """
    from haicbook.evaluate import command

    raise SystemExit(command(studies, jobs=jobs, force=force))


@main.command()
@click.argument("before", metavar="A", shell_complete=completion.runs)
@click.argument("after", metavar="B", shell_complete=completion.runs)
@click.option(
    "--format", "form", type=click.Choice(["table", "html", "csv", "json"]), default="table", show_default=True
)
@click.option("--out", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Default: the screen.")
def compare(before: str, after: str, form: str, out: Path | None) -> None:
    """Lay two runs of a notebook beside each other: which assumptions differ, and what that changes.

    A and B are notebooks (their runs with the defaults), runs as _build/runs/ has them (their beginning is enough), or
    files of results. The page (html) has a figure.
    """
    from haicbook.book.commands import compare_command

    raise SystemExit(compare_command(before, after, form, out))


@main.command()
@_JOBS
@click.option("--force", is_flag=True, help="Run also what is up to date.")
@click.option("--strict", is_flag=True, help="Read every page afresh; warnings are errors.")
@click.option("--open", "open_book", is_flag=True, help="Open the book in the browser.")
def build(jobs: int | None, force: bool, strict: bool, open_book: bool) -> None:
    """Execute what is stale and build the book, _build/html/index.html."""
    from haicbook.book.build import say_finished

    if not (force or open_book) and say_finished(strict=strict):
        raise SystemExit(0)
    from haicbook.book.commands import build_command

    raise SystemExit(build_command(jobs=jobs, force=force, strict=strict, open_book=open_book))


@main.command()
@click.argument("pages", nargs=-1, metavar="[PAGE]...", shell_complete=completion.notebooks)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder; default: _build/pdf.")
def pdf(pages: tuple[str, ...], out: Path | None) -> None:
    """Print pages of the built book to PDF, through a headless Chromium.

    PAGE is a page's name as its address has it, such as cao2024 or conclusions; without one, all pages that suit paper
    and haicbook.pdf, which is all of them in one.
    """
    from haicbook.book.commands import pdf_command

    raise SystemExit(pdf_command(pages, out))
