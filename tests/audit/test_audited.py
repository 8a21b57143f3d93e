"""The findings of a paper, kept for all who show them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from haicbook import cache, study
from haicbook.audit import audit, audited
from haicbook.study import Paper

PAPERS = Path(__file__).parents[1] / "papers"


def test_a_paper_is_audited_once_and_another_one_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "build_dir", lambda: tmp_path)
    asked: list[Paper] = []

    def counted(paper: Paper) -> list[object]:
        asked.append(paper)
        return list(audit(paper))

    counted.__module__ = audit.__module__
    monkeypatch.setattr(audited, "audit", counted)
    paper = study.load("demo2020", PAPERS)
    assert audited.audited(paper) == audited.audited(paper) == audit(paper)
    assert len(asked) == 1
    values = paper.values.copy()
    values.loc[0, "value"] += 1
    audited.audited(replace(paper, values=values))
    audited.audited(replace(paper, spec=paper.spec.model_copy(update={"title": "Another"})))
    assert len(asked) == 3
