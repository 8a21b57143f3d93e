"""How hard the engine searches where a test knows that there is nothing to find."""

from __future__ import annotations

from dataclasses import replace

import pytest

from haicbook.survival import feasibility


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up after a twentieth of the usual work, which is enough to meet the figures of the fictitious trials."""
    quick = {"forward": 4_000, "cycles": 3, "tries": 50}
    monkeypatch.setattr(feasibility, "PILOT", replace(feasibility.PILOT, **quick))
    less = {"cool": 4, "polish": 1_000, "patience": 2, "corrections": 1}
    monkeypatch.setattr(feasibility, "THOROUGH", replace(feasibility.THOROUGH, **quick, **less))
