"""`haicbook params`: every name whole at any width, and the same for programs."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from haicbook.book.notebooks import choose, read_sources
from haicbook.cli import main


@pytest.mark.parametrize("columns", [30, 80, 200])
def test_each_parameter_is_an_entry_with_its_name_whole(columns):
    result = CliRunner().invoke(main, ["params"], env={"COLUMNS": str(columns)})
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= columns
    entries = re.findall(r"^  (\w+)=", result.output, re.MULTILINE)
    assert entries == [
        parameter.name for source in read_sources(choose(())).values() for parameter in source.parameters
    ]


def test_an_entry_says_the_default_what_is_allowed_and_what_it_is(project, haicbook):
    result = haicbook("params", "alpha")
    assert result.exit_code == 0
    assert result.output == (
        "alpha\n"
        "  factor=2   (int: 1 to 9)\n"
        "      what the count is multiplied by\n"
        "  share=0.5   (float: 0 to 1)\n"
        "      used by nothing\n"
    )


def test_programs_get_json(project, haicbook):
    records = json.loads(haicbook("params", "--format", "json").output)
    assert [(record["notebook"], record["name"]) for record in records] == [
        ("alpha", "factor"),
        ("alpha", "share"),
        ("beta", "factor"),
        ("across", "order"),
    ]
    first, *_, last = records
    assert {key: first[key] for key in ("type", "default", "low", "high")} == {
        "type": "int",
        "default": 2,
        "low": 1,
        "high": 9,
    }
    assert last["choices"] == ["up", "down"]
