"""Wrong calls of every command: each is refused with a message that helps, before any work, without a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import haicbook.book.run as book_run
from haicbook import reconstruct_command as command
from haicbook.book import commands
from haicbook.cli import main

STUDIES = "cao2024, lin2023, liu_hepa, lee2024, shen2025"
HUGE = "9" * 5000

# what is typed, and what the answer has to say; `file`, `folder`, `empty` and `binary` are there
WRONG = [
    ("parms", "No such command 'parms'. Did you mean 'params'?"),
    ("biuld", "Did you mean 'build'?"),
    ("", "Usage: "),
    ("--versio", "Did you mean '--version'?"),
    ("check lin2024", "no study lin2024 in data/; there are cao2024, lee2024, lin2023"),
    ("check ''", "there are cao2024, lee2024, lin2023"),
    ("check --strict", "No such option '--strict'"),
    ("params lin2024", "lin2024: no such notebook (did you mean lin2023?); there are cao2024"),
    ("params --format yaml", "'yaml' is not one of 'text', 'json'"),
    ("verify", "Missing option '--text'"),
    ("verify --text absent", "no folder absent"),
    ("verify --text file", "'file' is a file"),
    ("verify --text empty", "no text in empty; expected cao2024.txt, lin2023.txt"),
    ("verify lin2024 --text folder", STUDIES),
    ("verify --text folder --format pdf", "'pdf' is not one of 'screen', 'csv', 'json'"),
    ("audit lin2024", f"there are {STUDIES}, or name a folder with a study.yml"),
    ("audit empty", "no study.yml in the folder empty"),
    ("audit file", "'file'"),
    ("audit --format pdf", "'pdf' is not one of 'table', 'json', 'csv', 'markdown'"),
    ("audit --severity grave", "'grave' is not one of 'error', 'warning', 'info'"),
    ("audit --fail-on", "Option '--fail-on' requires an argument"),
    ("export --out file", "'file' is a file"),
    ("export --out file/deeper", "--out is file/deeper; nothing can be written there ("),
    ("export lin2023", "unexpected extra argument (lin2023)"),
    ("reconstruct", "Missing argument 'TARGETS'"),
    ("reconstruct shen2025:os", "Missing option '--out'"),
    ("reconstruct shen2025 --out x.csv", "neither a file of targets nor STUDY:ENDPOINT[:POPULATION[:CRITERION]]"),
    ("reconstruct shen2024:os --out x.csv", f"studies are {STUDIES}"),
    ("reconstruct shen2025:ox --out x.csv", "'ox' of shen2025 cannot be reconstructed; os, pfs, liver_pfs can"),
    ("reconstruct shen2025:os:some --out x.csv", "no population 'some'; it has all, high_risk"),
    ("reconstruct shen2025:pfs --out x.csv", "mrecist"),
    ("reconstruct shen2025:os:all:mrecist:x --out x.csv", "STUDY:ENDPOINT[:POPULATION[:CRITERION]]"),
    ("reconstruct absent.yml --out x.csv", "no file absent.yml"),
    ("reconstruct folder --out x.csv", "'folder' is neither a file of targets nor"),
    ("reconstruct binary --out x.csv", "binary"),
    ("reconstruct shen2025:os --out x.txt", "its name must end in .csv or .parquet"),
    ("reconstruct shen2025:os --out folder", "'folder' is a directory"),
    ("reconstruct shen2025:os --out file/x.csv", "file is no folder"),
    ("reconstruct shen2025:os --out x.csv --replicates 0", "0 is not in the range"),
    ("reconstruct shen2025:os --out x.csv --replicates 1e3", "'1e3' is not a valid integer range"),
    (f"reconstruct shen2025:os --out x.csv --replicates {'9' * 30}", "is not in the range"),
    ("reconstruct shen2025:os --out x.csv --seed -1", "-1 is not in the range"),
    ("reconstruct shen2025:os --out x.csv --seed nan", "'nan' is not a valid integer range"),
    ("reconstruct shen2025:os --out x.csv --censoring lat", "'early', 'uniform', 'late', 'cohort'"),
    ("run lin2024", "lin2024: no such notebook (did you mean lin2023?)"),
    ("run lin2023 -p", "Option '-p' requires an argument"),
    ("run lin2023 -p caliper", "-p caliper: expected NAME=VALUE"),
    ("run lin2023 -p =3", "-p =3: expected NAME=VALUE"),
    ("run lin2023 -p ''", "expected NAME=VALUE"),
    ("run lin2023 -p rho=0.1 -p rho=0.2", "-p rho: given twice, as 0.1 and as 0.2"),
    ("run lin2023 -p rho=", "rho: found '', expected a number (float), 0 to 0.9"),
    ("run lin2023 -p rho=nan", "rho: found 'nan', expected a number (float), 0 to 0.9"),
    ("run lin2023 -p rho=-inf", "rho: found '-inf', expected a number (float), 0 to 0.9"),
    ("run lin2023 -p rho=0,3", "rho: found '0,3', expected a number (float), 0 to 0.9"),
    ("run lin2023 -p rho=1e400", "rho: found '1e400', expected a number (float), 0 to 0.9"),
    ("run lin2023 -p cohorts=1_000", "cohorts: found '1_000', expected a whole number (int), 2 to 10000"),
    ("run lin2023 -p cohorts=２０", "cohorts: found '２０', expected a whole number (int), 2 to 10000"),
    ("run lin2023 -p cohorts=20.0", "cohorts: found '20.0', expected a whole number (int), 2 to 10000"),
    (f"run lin2023 -p cohorts={HUGE}", f"cohorts: found '{HUGE[:60]}…', expected a whole number (int), 2 to 10000"),
    ("run lin2023 -p censoring=Late", "censoring: found 'Late', expected early | uniform | late | cohort"),
    ("run lin2023 -p calipre=0.1", "calipre: no such parameter (did you mean caliper?)"),
    ("run cao2024 -p caliper=0.1", "not a parameter of cao2024; those that have it: haicbook run lin2023 liu_hepa"),
    ("run -p p0=0.3", "those that have it: haicbook run trial -p p0=0.3"),
    ("run trial -p p0=0.7", "p0: found 0.7, expected less than p1, which is 0.6 (its default)"),
    ("run across -p first_horizon=30 -p second_horizon=24", "first_horizon: found 30.0, expected less than second_"),
    ("run --jobs 0", "0 is not in the range"),
    ("run --jobs two", "'two' is not a valid integer range"),
    ("build --jobs -1", "-1 is not in the range"),
    ("build cao2024", "unexpected extra argument (cao2024)"),
    ("build --opn", "Did you mean '--open'?"),
]


@pytest.fixture
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no yaml: [\n")
    (tmp_path / "binary").write_bytes(b"\x89PNG\x00\xff")
    for name in ("folder", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "folder" / "lin2023.txt").write_text("A text.")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def _nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def began(*_: object, **__: object) -> None:
        pytest.fail("it began to work")

    monkeypatch.setattr(book_run, "execute", began)
    monkeypatch.setattr(commands, "build_pages", began)
    monkeypatch.setattr(command, "reconstruct_told", began)


@pytest.mark.usefixtures("_folder", "_nothing_runs")
@pytest.mark.parametrize(("typed", "said"), WRONG, ids=[typed[:60] or "nothing" for typed, _ in WRONG])
def test_a_wrong_call_is_refused_with_a_message_that_helps(typed: str, said: str) -> None:
    words = [word.strip("'") for word in typed.split()]
    result = CliRunner().invoke(main, words, env={"COLUMNS": "500"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in (1, 2)
    assert said in result.output
    assert "Traceback" not in result.output
    assert "Errno" not in result.output
    assert sorted(path.name for path in Path().iterdir()) == ["binary", "empty", "file", "folder"]
