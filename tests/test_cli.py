"""The command line answers at once."""

from __future__ import annotations

import subprocess
import sys

from click.testing import CliRunner

from haicbook import __version__
from haicbook.cli import main


def test_it_knows_its_version():
    result = CliRunner().invoke(main, ["--version"])
    assert result.exit_code == 0
    assert result.output == f"haicbook, version {__version__}\n"


def test_help_names_each_command():
    result = CliRunner().invoke(main, ["-h"])
    assert result.exit_code == 0
    named = {line.split()[0] for line in result.output.splitlines() if line.startswith("  ")}
    commands = {"check", "verify", "audit", "reconstruct", "run", "compare", "params", "build", "pdf", "new", "doctor"}
    assert {*commands, "scenarios", "chapter", "clear", "letter", "exercise", "export"} <= named


def test_the_package_itself_is_the_command():
    ended = subprocess.run([sys.executable, "-m", "haicbook", "--version"], capture_output=True, text=True, check=True)
    assert ended.stdout == f"haicbook, version {__version__}\n"


def test_starting_loads_no_heavy_library():
    code = "import sys, haicbook.cli; print(sorted({'numpy', 'pandas', 'papermill', 'pydantic'} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


def test_reconstruct_says_what_it_takes_and_what_it_may_leave_out():
    result = CliRunner().invoke(main, ["reconstruct", "--help"])
    assert result.exit_code == 0
    said = " ".join(result.output.split())
    for word in ("--replicates", "--seed", "--out", "--censoring", "STUDY:ENDPOINT", ".parquet", "left out by name"):
        assert word in said
    for wrong in ([], ["--out", "x.csv", "--replicates", "0"], ["--out", "x.csv", "--censoring", "never"]):
        assert CliRunner().invoke(main, ["reconstruct", "shen2025:os", *wrong]).exit_code == 2


def test_audit_says_what_it_takes():
    result = CliRunner().invoke(main, ["audit", "--help"])
    assert result.exit_code == 0
    for word in ("--format", "table", "json", "csv", "markdown", "--severity", "--fail-on"):
        assert word in result.output
    assert CliRunner().invoke(main, ["audit", "--format", "pdf"]).exit_code == 2
    assert CliRunner().invoke(main, ["audit", "--fail-on", "doubt"]).exit_code == 2
