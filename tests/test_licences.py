"""The licences of what the book is made with."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = runpy.run_path(str(ROOT / ".ci" / "licences.py"))


def test_every_dependency_has_a_licence_that_is_known_and_allowed() -> None:
    found = SCRIPT["licences"]((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    assert len(found) > 100
    assert [licence for licence in found if not licence.well] == []


@pytest.mark.parametrize(
    "words", ["MIT", "Apache-2.0 OR GPL-3.0-only", "BSD License AND MIT License", "mpl-2.0 AND MIT"]
)
def test_a_licence_that_lets_others_share_is_allowed(words: str) -> None:
    assert SCRIPT["is_well"](words)


@pytest.mark.parametrize(
    "words",
    ["", "UNKNOWN", "GPL-3.0-only", "LGPLv3", "MIT AND GPL-3.0-only", "Other/Proprietary License", "AGPL-3.0 OR SSPL"],
)
def test_an_unknown_licence_or_one_that_binds_others_is_not(words: str) -> None:
    assert not SCRIPT["is_well"](words)


def test_the_list_names_what_is_unknown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCRIPT["licences"].__globals__, "said", lambda name: "" if name == "click" else "MIT")
    assert SCRIPT["main"]() == 1
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if "<-" in line]
    assert lines == [["click", "unknown", "<-", "unknown", "or", "not", "allowed"]]


def test_copied_programs_bring_their_licences() -> None:
    folders = [folder for folder in (ROOT / "book" / "_extra").iterdir() if any(folder.rglob("*.js"))]
    assert folders
    assert all((folder / "LICENSE").is_file() for folder in folders)
