"""The papers as printed: load them, validate them, and hand out tidy printed values."""

from haicbook.study.paper import Paper, inspect, load, studies
from haicbook.study.problems import DataError, Problem, UnusableError
from haicbook.study.values import as_printed

__all__ = ["DataError", "Paper", "Problem", "UnusableError", "as_printed", "inspect", "load", "studies"]
