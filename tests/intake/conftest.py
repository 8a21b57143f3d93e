"""A project without studies, to lay papers out in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from haicbook.paths import root
from haicbook.study.beside import FORMS

THE_PROJECT = root()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own project, with the shared paragraphs and with files of judgements that say nothing of its papers."""
    (tmp_path / "data").mkdir()
    for name, form in FORMS.items():
        (tmp_path / "data" / name).write_text(",".join(form.columns) + "\n")
    shutil.copytree(THE_PROJECT / "notebooks" / "_shared", tmp_path / "notebooks" / "_shared")
    for name in ("_toc.yml", "_config.yml"):
        shutil.copy(THE_PROJECT / name, tmp_path / name)
    monkeypatch.setenv("HAICBOOK_ROOT", str(tmp_path))
    return tmp_path
