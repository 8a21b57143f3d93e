"""An ensemble as files: rows of pseudo-IPD, and beside them a report on every printed number."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from haicbook import __version__
from haicbook.markup import visible
from haicbook.spreadsheet import comment, shown_frame
from haicbook.survival.comparison import NO_TARGET, ComparisonLine, lines_of
from haicbook.survival.ensemble import LABEL, Ensemble
from haicbook.survival.intervals import Interval

COLUMNS = ("replicate", "arm", "time", "event")
FORMATS = (".csv", ".parquet")
_DIGITS = 10
# which conventions a printed number depends on, besides how it was rounded
_DEPENDS_ON = {
    "rate": ("rates",),
    "rate_ci": ("rates", "interval"),
    "median": ("interval",),
    "median_ci": ("interval",),
    "follow_up": ("follow_up",),
    "hr": ("ties", "time_grid"),
    "hr_ci": ("ties", "time_grid"),
    "logrank_p": ("time_grid",),
}


def rows_of(ensemble: Ensemble) -> pd.DataFrame:
    """All members as rows: `replicate` (from 1), `arm`, `time` (months), `event` (1 seen, 0 censored)."""
    size = len(ensemble)
    arms = [
        pd.DataFrame(
            {
                "replicate": np.repeat(np.arange(1, size + 1), rows.time.shape[1]),
                "arm": arm,
                "time": rows.time.ravel(),
                "event": rows.event.ravel().astype(np.int8),
            }
        )
        for arm, rows in ensemble.members.items()
    ]
    return pd.concat(arms).sort_values("replicate", kind="stable", ignore_index=True)[list(COLUMNS)]


def header(ensemble: Ensemble, seed: int) -> str:
    """What stands above the rows: that they are synthetic, of what, and how to make them again. One line."""
    targets = ensemble.targets
    what = " ".join(word for word in (targets.study, targets.endpoint, targets.population, targets.criterion) if word)
    line = (
        f"{LABEL}. {what}; {len(ensemble)} of {ensemble.asked} replicates (worth "
        f"{ensemble.effective_size():.0f} independent ones), seed {seed}, {ensemble.censoring} "
        f"censoring; time in months, event 1 seen, 0 censored; haicbook {__version__}"
    )
    return comment(visible(" ".join(line.split())))


def report_of(ensemble: Ensemble, seed: int) -> dict[str, Any]:
    """What was asked, found and met, as plain values for JSON.

    Parameters
    ----------
    ensemble
        The members.
    seed
        That of their generator.

    Returns
    -------
    dict
        `numbers` has one entry for each printed number: its interval (months; fractions for rates; null for an open
        end, `not reached` for such a time), what the members give (median, least, greatest, how many do not reach
        it), whether all meet it, and the convention by which they were computed. `left_out` says what was not met and
        why, `readings_tried` which conventions were tried and whether a data set was found under each.
    """
    targets = ensemble.targets
    return {
        "label": LABEL,
        "haicbook": __version__,
        "study": targets.study,
        "endpoint": targets.endpoint,
        "population": targets.population,
        "criterion": targets.criterion,
        "patients": {name: arm.n for name, arm in targets.arms.items()},
        "seed": seed,
        "censoring": ensemble.censoring,
        "replicates": {"asked": ensemble.asked, "found": len(ensemble), "effective": _plain(ensemble.effective_size())},
        "verified": "every replicate meets every number whose role is `target`, to the printed rounding",
        "conventions": ensemble.conventions.words(),
        "follow_up_end": {"months": _plain(targets.follow_up_end), "from": targets.follow_up_basis},
        "numbers": [_number(line, ensemble) for line in lines_of(ensemble)],
        "left_out": list(ensemble.dropped),
        "printed_differently_elsewhere": [
            {"quantity": each.quantity, "arm": each.arm, "used": each.used.printed, "elsewhere": each.other.printed}
            for each in targets.conflicts
        ],
        "readings_tried": [{"reading": words, "found": found} for words, found in ensemble.tried],
        "digest": ensemble.digest(),
    }


def _number(line: ComparisonLine, ensemble: Ensemble) -> dict[str, Any]:
    words = ensemble.conventions.words()
    depends = (*_DEPENDS_ON.get(line.key[0], ()), "rounding") if line.key and line.role != NO_TARGET else ()
    return {
        "quantity": line.quantity,
        "arm": line.arm,
        "printed": line.printed,
        "value_id": line.value_id,
        "role": line.role,
        "interval": _ends(line.target),
        "members": _spread(line.values),
        "met": line.met,
        "members_that_meet_it": None if line.target is None else int(line.inside.sum()),
        "convention": {name: words[name] for name in depends},
    }


def _ends(figure: Interval | None) -> list[float | None] | str | None:
    if figure is None:
        return None
    return [_plain(figure.low), _plain(figure.high)] if figure.reached else "not reached"


def _spread(values: np.ndarray) -> dict[str, float | int | None]:
    reached = np.where(np.isnan(values), np.inf, values)
    return {
        "median": _plain(float(np.quantile(reached, 0.5, method="inverted_cdf"))),
        "least": _plain(float(reached.min())),
        "greatest": _plain(float(reached.max())),
        "not_reached": int(np.isinf(reached).sum()),
    }


def _plain(value: float) -> float | None:
    """Ten digits, the same on every processor; null where there is no number."""
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


def beside(path: Path) -> Path:
    """Where the report of a file of rows stands."""
    return path.with_suffix(".json")


def write(ensemble: Ensemble, path: Path, seed: int) -> tuple[Path, Path]:
    """Write rows and report, each whole or not at all, and both or none where the disk allows; returns their paths.

    The first line of a CSV is a comment (`#`) that says that its rows are synthetic, and no arm's name is one that a
    spreadsheet would run (:mod:`haicbook.spreadsheet`); a Parquet file says so in its
    metadata, under `haicbook.label`. Times have all their digits: what is read back meets the targets as well.

    Raises
    ------
    ValueError
        When the name ends neither in .csv nor in .parquet.
    OSError
        When the files cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise ValueError(f"{path.name} must end in {' or '.join(FORMATS)}")
    rows, words = rows_of(ensemble), header(ensemble, seed)
    text = json.dumps(report_of(ensemble, seed), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def write_rows(file: Path) -> None:
        if path.suffix.lower() == ".csv":
            with file.open("w", encoding="utf-8", newline="\n") as stream:
                stream.write(f"# {words}\n")
                shown_frame(rows, ["arm"]).to_csv(stream, index=False, lineterminator="\n")
        else:
            _write_parquet(rows, file, {"haicbook.label": words})

    path.parent.mkdir(parents=True, exist_ok=True)
    report = beside(path)
    _together({path: write_rows, report: lambda file: _write_text(file, text)})
    return path, report


def _write_text(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")


def _write_parquet(rows: pd.DataFrame, file: Path, words: Mapping[str, str]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.Table.from_pandas(rows, preserve_index=False)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **words})
    parquet.write_table(table, file)


def _together(files: Mapping[Path, Callable[[Path], None]]) -> None:
    """Write all files beside their places first; put them there when all have been written."""
    made: dict[Path, Path] = {}
    try:
        for path, writer in files.items():
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            os.close(handle)
            made[path] = Path(name)
            writer(made[path])
        for path, file in made.items():
            # mkstemp gives a file that only its owner may read
            file.chmod(0o666 & ~_umask())
            file.replace(path)
    finally:
        for file in made.values():
            file.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
