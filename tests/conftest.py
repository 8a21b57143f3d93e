"""The order of the suite, and its independence of whoever starts it."""

from __future__ import annotations

import os

import pytest

from longest import place


def pytest_configure() -> None:
    """The project is the one that the tests lie in."""
    os.environ.pop("HAICBOOK_ROOT", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, in the order in which they are listed; the rest as it was."""
    items.sort(key=lambda item: place(item.path))
