"""The machine as the second extractor: data/ laid over the papers' plain texts, which stay with the user."""

from haicbook.verify.report import as_rows, exit_status, verify
from haicbook.verify.study import lay_over
from haicbook.verify.verdict import Shifted, Sought, Uncovered, Verdict

__all__ = [
    "Shifted",
    "Sought",
    "Uncovered",
    "Verdict",
    "as_rows",
    "exit_status",
    "lay_over",
    "verify",
]
