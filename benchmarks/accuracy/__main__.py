"""Accuracy of reconstructions, on data with known truth.

`python -m benchmarks.accuracy [--level a] [--sets 20] [--members 100] [--split tuning] [--out scores.csv]` from the
repository's folder prints a Markdown table and, with `--out`, keeps one row for each data set and level. Tune on the
tuning sets only; report on the reporting sets.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
import pandas as pd
from benchmarks.accuracy import split
from benchmarks.accuracy.printing import LEVELS
from benchmarks.accuracy.scoring import Score, answer, compared, question

WANTED = {
    "e": {"a": "≤ 0.035", "b": "≤ 0.033", "c": "≤ 0.018"},
    "d": {"a": "≤ 0.015", "b": "≤ 0.012", "c": "≤ 0.006"},
    "covered": dict.fromkeys(LEVELS, "93–97 %"),
    "d_covered": dict.fromkeys(LEVELS, "93–97 %"),
    "sampling_covered": dict.fromkeys(LEVELS, "93–97 %"),
    "sampling_d_covered": dict.fromkeys(LEVELS, "93–97 %"),
    "width": {"a": "≤ 0.18", "b": "≤ 0.17", "c": "≤ 0.10"},
    "reached": {"a": "≥ 95 %", "b": "≥ 95 %", "c": "≥ 80 %"},
    "met": dict.fromkeys(LEVELS, "100 %"),
    "log_hr": dict.fromkeys(LEVELS, "≤ 0.008"),
    "guyot_e": dict.fromkeys(LEVELS, "≤ 0.006"),
}


def score(task: tuple[str, str, int, str, str, int]) -> Score | None:
    """One data set at one level; None where the source is not installed or the summaries say too little."""
    name, kind, seed, program, level, members = task
    try:
        trial = split.trial(kind, seed)
    except LookupError:
        return None
    asked = question(name, kind, level, trial, program)
    if asked is None:
        return None
    nothing: Score = {"set": name, "kind": kind, "level": level, "asked": 0, "members": 0, "seconds": 0.0}
    found = answer(asked, members, seed) if members else nothing
    return found | compared(asked) | {"program": program}


def scores(rows: pd.DataFrame, levels: str, members: int, workers: int, out: Path | None = None) -> pd.DataFrame:
    """One row for each data set and level that can be asked; kept in `out` as they come, at last in order."""
    tasks = [
        (row.set, row.kind, int(row.seed), row.program, level, members) for row in rows.itertuples() for level in levels
    ]
    found: list[Score] = []
    with ProcessPoolExecutor(workers) as pool:
        for done, job in enumerate(as_completed([pool.submit(score, task) for task in tasks]), start=1):
            one = job.result()
            if one is None:
                continue
            found.append(one)
            if sys.stderr.isatty():
                print(f"{done} of {len(tasks)}: {one['level']} {one['set']} {one['kind']}", end="\r", file=sys.stderr)
            _keep(found, out)
    return _keep(found, out)


def _keep(found: list[Score], out: Path | None) -> pd.DataFrame:
    """The scores in order, written where asked for."""
    table = pd.DataFrame(found)
    table = table.sort_values(["level", "set"], ignore_index=True) if found else table
    if out is not None:
        table.to_csv(out, index=False, float_format="%.6g", lineterminator="\n")
    return table


def median_with_spread(values: pd.Series) -> str:
    """Median over data sets and the middle half of them."""
    low, middle, high = np.nanquantile(values, (0.25, 0.5, 0.75))
    return f"{middle:.4f} ({low:.4f}–{high:.4f})"


def mean_with_error(values: pd.Series) -> str:
    """Mean over data sets in per cent, and its Monte Carlo standard error."""
    values = values.dropna()
    return f"{100 * values.mean():.1f} % (± {100 * values.std(ddof=1) / np.sqrt(max(len(values), 1)):.1f})"


def table(found: pd.DataFrame) -> list[str]:
    """Lines of a Markdown table: one column for each level."""
    levels = [level for level in LEVELS if level in set(found.level)]
    nothing = pd.Series(0, found.index)
    run = found.members.gt(0) | found.asked.gt(0)
    found = found.assign(
        reached=(found.members >= found.asked).where(run).astype(float),
        met=found.get("missed", nothing).fillna(0).eq(0).where(run).astype(float),
        everything=((found.members >= found.asked) & found.get("left_out", nothing).eq(0)).where(run).astype(float),
    )
    kinds = [
        ("mean absolute difference of the curves to τ: reconstruction", "e", median_with_spread),
        ("curves, exponential from the median", "exponential_e", median_with_spread),
        ("curves, Weibull through the points", "weibull_e", median_with_spread),
        ("curves, Guyot on the true curve", "guyot_e", median_with_spread),
        ("error of the RMST difference / τ: reconstruction", "d", median_with_spread),
        ("RMST difference, exponential from the median", "exponential_d", median_with_spread),
        ("RMST difference, Weibull through the points", "weibull_d", median_with_spread),
        ("RMST difference, Guyot on the true curve", "guyot_d", median_with_spread),
        ("Guyot, |Δ log HR|", "guyot_log_hr", median_with_spread),
        ("Guyot with the number of deaths, |Δ log HR|", "guyot_events_log_hr", median_with_spread),
        ("coverage of the true patients' curve", "covered", mean_with_error),
        ("coverage of their RMST difference", "d_covered", mean_with_error),
        ("mean width of the curve band", "width", median_with_spread),
        ("coverage of the generating curve by the sampling band", "sampling_covered", mean_with_error),
        ("coverage of its RMST difference", "sampling_d_covered", mean_with_error),
        ("mean width of the sampling band", "sampling_width", median_with_spread),
        ("requested members reached, % of sets", "reached", mean_with_error),
        ("… and no printed number left out", "everything", mean_with_error),
        ("all checked members meet the kept numbers, % of sets", "met", mean_with_error),
    ]
    lines = ["| | " + " | ".join(levels) + " |", "| --- |" + " --- |" * len(levels)]
    lines.append("| sets | " + " | ".join(str((found.level == level).sum()) for level in levels) + " |")
    for words, column, shown in kinds:
        if column not in found or found[column].isna().all():
            continue
        key = "log_hr" if column.endswith("log_hr") else column
        cells = []
        for level in levels:
            wanted = WANTED.get(key, {}).get(level, "")
            cells.append(shown(found.loc[found.level == level, column]) + (f"; {wanted}" if wanted else ""))
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    seconds = [found.loc[found.level == level] for level in levels]
    costs = [f"{(rows.seconds.sum() / max(rows.members.sum(), 1)) * 1e3:.1f}" for rows in seconds]
    lines.append("| milliseconds of processor time a member | " + " | ".join(costs) + " |")
    return lines


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--level", default="abc", help="one or several of a, b, c")
    parser.add_argument("--sets", type=int, default=0, help="so many data sets, spread over the split; 0 for all")
    parser.add_argument("--members", type=int, default=200, help="0: the comparators alone")
    parser.add_argument("--split", default="reporting", choices=("tuning", "reporting", "all"))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, help="keep the scores as CSV")
    parser.add_argument("--quick", action="store_true", help="6 sets, 20 members")
    chosen = parser.parse_args()
    rows = split.load(chosen.split)
    count = 6 if chosen.quick else chosen.sets
    if count:
        rows = rows.iloc[np.unique(np.linspace(0, len(rows) - 1, count).astype(int))]
    members = 20 if chosen.quick else chosen.members
    found = scores(rows, chosen.level, members, chosen.workers, chosen.out)
    print(f"{chosen.split} sets; median (middle half) over sets, or mean (± Monte Carlo standard error); wanted")
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
