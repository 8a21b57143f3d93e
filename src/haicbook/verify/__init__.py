"""The machine as the second extractor: data/ laid over the papers' plain texts, which stay with the user."""

from haicbook.verify.report import UnusableError, as_rows, exit_status, verify
from haicbook.verify.study import lay_over
from haicbook.verify.verdict import Checked, Shifted, Uncovered, Verdict

__all__ = [
    "Checked",
    "Shifted",
    "Uncovered",
    "UnusableError",
    "Verdict",
    "as_rows",
    "exit_status",
    "lay_over",
    "verify",
]
