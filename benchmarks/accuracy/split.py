"""The data sets of the benchmark, and which of them may be used for tuning: `split.csv`, written before any tuning.

`python -m benchmarks.accuracy.split` writes it again, byte for byte.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from benchmarks.accuracy.patients import SOURCES, drawn
from benchmarks.accuracy.simulations import FAMILIES, Trial, simulate

PATH = Path(__file__).with_name("split.csv")
SEED = 20250117
SIMULATED = 300
DRAWS = 8  # of each source of real patients
TUNING_SHARE = 0.25
PROGRAMS = ("R", "SPSS", "lifelines", "SAS")


def make() -> pd.DataFrame:
    """One row for each data set: `set`, `kind` (a family or a source), `seed`, `program` that prints it, `use`."""
    rng = np.random.default_rng(SEED)
    kinds = [FAMILIES[number % len(FAMILIES)] for number in range(SIMULATED)]
    kinds += [name for name in SOURCES for _ in range(DRAWS)]
    rows = pd.DataFrame(
        {
            "set": [f"{number:03d}" for number in range(1, len(kinds) + 1)],
            "kind": kinds,
            "seed": rng.integers(1, 2**31, len(kinds)),
            "program": rng.choice(PROGRAMS, len(kinds), p=[0.4, 0.3, 0.15, 0.15]),
            "use": "reporting",
        }
    )
    # a source of real patients is for one use only: its draws share patients
    tuning = [name for number, name in enumerate(SOURCES) if number % 4 == 1]
    simulated = rows.kind.isin(FAMILIES)
    chosen = (simulated & (rng.random(len(rows)) < TUNING_SHARE)) | rows.kind.isin(tuning)
    return rows.assign(use=np.where(chosen, "tuning", "reporting"))


def load(use: str = "all") -> pd.DataFrame:
    """The kept split: rows for `tuning`, for `reporting`, or all."""
    rows = pd.read_csv(PATH, dtype={"set": str})
    return rows if use == "all" else rows[rows.use == use].reset_index(drop=True)


def trial(kind: str, seed: int) -> Trial:
    """The data set of a row."""
    rng = np.random.default_rng(seed)
    return simulate(kind, rng) if kind in FAMILIES else drawn(kind, rng)


if __name__ == "__main__":
    make().to_csv(PATH, index=False, lineterminator="\n")
