"""The findings of a paper, kept in the build folder: a chapter, the appendix and the ledger show the same."""

from __future__ import annotations

from haicbook.audit import audit
from haicbook.audit.finding import Finding
from haicbook.cache import kept
from haicbook.study import Paper


def audited(paper: Paper) -> list[Finding]:
    """What :func:`haicbook.audit.audit` answers with all rules, or answered before about the same paper."""
    question = (paper.spec, paper.values.to_csv(), paper.printed_tables)
    return kept("findings", question, list[Finding], audit.__module__, lambda: audit(paper))
