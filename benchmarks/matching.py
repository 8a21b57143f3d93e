"""The matching re-run against R's MatchIt and pymatchit-causal, its cost and memory by cohorts, and its calibration.

    python benchmarks/matching.py [--quick] [--calibration]

Prints Markdown tables. R with MatchIt, and pymatchit-causal, are timed where they are installed. All match one to one
on a logistic propensity score without a caliper (Debian's MatchIt 4.5.1 ignores its caliper), and assess the balance;
ours also draws the cohorts, each with a correlation matrix of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import math
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from haicbook import study
from haicbook.matching import INDEPENDENT, Exchangeable, Margins, RerunSetting, Unknown, counted, rerun
from haicbook.matching.rerun.cohorts import draw
from haicbook.matching.rerun.honest_papers import calibrate
from haicbook.matching.rerun.margins import printed_margins, usable

ARMS = ("treated", "control")
# shares of eleven yes-or-no covariates, as common and as different as those of a baseline table
SHARES = ((38, 41), (86, 91), (8, 9), (4, 11), (4, 6), (49, 52), (53, 59), (47, 61), (31, 27), (80, 82), (36, 66))
SIZES = {167: (74, 93), 575: (200, 375)}
OPEN = RerunSetting(math.inf, "score")

R_SCRIPT = """
suppressMessages(library(MatchIt))
arguments <- commandArgs(trailingOnly = TRUE)
data <- read.csv(arguments[1])
terms <- setdiff(names(data), c("cohort", "treat"))
formula <- as.formula(paste("treat ~", paste(terms, collapse = " + ")))
parts <- split(data, data$cohort)
run <- function(part) invisible(summary(matchit(formula, data = part, method = "nearest")))
run(parts[[1]])
seconds <- system.time(for (part in parts) run(part))[["elapsed"]]
cat(seconds / length(parts))
"""


def made_up(n: int) -> Margins:
    """Margins of eleven binary covariates."""
    sizes = SIZES[n]
    covariates = []
    for place, shares in enumerate(SHARES):
        yes = [round(size * share / 100) for size, share in zip(sizes, shares, strict=True)]
        no = [size - count for size, count in zip(sizes, yes, strict=True)]
        covariates.append(counted(f"x{place}", ARMS, {"no": (no[0], no[1]), "yes": (yes[0], yes[1])}, "binary"))
    return Margins(f"{n} patients", ARMS, tuple(covariates), {c.name: c for c in covariates}, min(sizes))


def frames(margins: Margins, cohorts: int) -> pd.DataFrame:
    """Cohorts as rows: `cohort`, `treat` and the covariates."""
    drawn = draw(margins.before, ARMS, cohorts, np.random.default_rng(1), Unknown())
    columns = {c.name: column.ravel() for c, column in zip(margins.before, drawn.columns, strict=True)}
    size = len(drawn.treated)
    return pd.DataFrame(
        {"cohort": np.repeat(np.arange(cohorts), size), "treat": np.tile(drawn.treated.astype(int), cohorts), **columns}
    )


def seconds(run: Callable[[], object], repeats: int = 3) -> float:
    """The fastest of a few runs."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return min(taken)


def ours(margins: Margins, cohorts: int) -> float:
    """Seconds for each cohort drawn, matched and assessed."""
    rerun(margins, OPEN, 3, np.random.default_rng(1))
    return seconds(lambda: rerun(margins, OPEN, cohorts, np.random.default_rng(1))) / cohorts


def with_r(margins: Margins, cohorts: int) -> float:
    """Seconds that R takes for each cohort matched and assessed; NaN without R or MatchIt."""
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "cohorts.csv", Path(folder) / "time.R"
        frames(margins, cohorts).to_csv(data, index=False)
        script.write_text(R_SCRIPT, encoding="utf-8")
        try:
            done = subprocess.run(["Rscript", str(script), str(data)], capture_output=True, text=True, check=True)
        except (FileNotFoundError, subprocess.CalledProcessError):
            return math.nan
        return float(done.stdout)


def with_pymatchit(margins: Margins, cohorts: int) -> float:
    """Seconds that pymatchit-causal takes for each cohort matched and assessed; NaN without it."""
    try:
        from pymatchit import MatchIt
    except ImportError:
        return math.nan
    parts = [part.drop(columns="cohort") for _, part in frames(margins, cohorts).groupby("cohort")]
    formula = f"treat ~ {' + '.join(covariate.name for covariate in margins.before)}"

    def run() -> None:
        for part in parts:
            model = MatchIt(part.reset_index(drop=True))
            model.fit(formula)
            model.summary(print_output=False)

    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        return seconds(run, 1) / cohorts


def against_others(quick: bool) -> pd.DataFrame:
    """Milliseconds for each cohort, and how many times faster ours is."""
    rows = []
    for n in SIZES:
        margins = made_up(n)
        here = ours(margins, 500 if quick else 3000)
        for name, other in (("R MatchIt", with_r), ("pymatchit-causal", with_pymatchit)):
            there = other(margins, 5 if quick else 40)
            rows.append([n, name, f"{1000 * there:.1f}", f"{1000 * here:.3f}", f"{there / here:.0f}"])
    columns = ["patients", "alternative", "alternative, ms a cohort", "ours, ms a cohort", "times faster"]
    return pd.DataFrame(rows, columns=columns)


def by_cohorts(quick: bool) -> pd.DataFrame:
    """Seconds and the process's largest memory by number of cohorts, each in a process of its own."""
    rows = []
    for cohorts in (500, 1000) if quick else (1000, 2500, 5000, 10_000):
        command = [sys.executable, __file__, "--measure", str(cohorts)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        taken, memory = map(float, done.stdout.split())
        rows.append([cohorts, f"{taken:.2f}", f"{1000 * taken / cohorts:.3f}", f"{memory:.0f}"])
    return pd.DataFrame(rows, columns=["cohorts", "seconds", "ms a cohort", "largest memory, MB"])


def measure(cohorts: int) -> None:
    """Print seconds for so many cohorts of 167 patients, and the most memory that this process has held."""
    margins = made_up(167)
    rerun(margins, OPEN, 3, np.random.default_rng(1))
    taken = seconds(lambda: rerun(margins, OPEN, cohorts, np.random.default_rng(1)), 1)
    print(taken, largest_memory())


def largest_memory() -> float:
    """Most megabytes that this process has held; from Linux itself where possible, since a child inherits the other."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def calibration(quick: bool) -> pd.DataFrame:
    """Share of honest papers rejected at 0.05, when the assumed dependence is the true one and when it is not."""
    papers, cohorts = (50, 99) if quick else (1000, 199)
    rows = []
    for name, setting in (
        ("liu_hepa", RerunSetting(0.2, "sd_logit", repair={"etiology": "left_out"})),
        ("lin2023", RerunSetting(0.03, "score")),
    ):
        margins = printed_margins(study.load(name))
        margins = replace(margins, before=usable(margins, setting.repair)[0])
        plain = replace(setting, repair={}, dependence=INDEPENDENT, shape="normal")
        some, unknown = replace(plain, dependence=Exchangeable(0.3)), replace(setting, repair={})
        for truth, assumed in (
            *((plain, plain), (some, some), (unknown, unknown)),
            *((plain, unknown), (some, unknown), (some, plain), (plain, some)),
        ):
            found = calibrate(margins, truth, assumed, papers, cohorts, np.random.default_rng(91))
            labels = truth.dependence.label, assumed.dependence.label
            rows.append([name, *labels, papers, f"{found.rejected():.3f}", f"{(found.p_pairs <= 0.05).mean():.3f}"])
    columns = ["margins of", "true dependence", "assumed", "papers", "tables rejected", "numbers of pairs rejected"]
    return pd.DataFrame(rows, columns=columns)


def show(title: str, frame: pd.DataFrame) -> None:
    """Print a Markdown table."""
    print(f"\n## {title}\n")
    print(f"| {' | '.join(frame.columns)} |\n|{'---|' * frame.shape[1]}")
    for row in frame.itertuples(index=False):
        print(f"| {' | '.join(map(str, row))} |")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few cohorts, to see that it runs")
    parser.add_argument("--calibration", action="store_true", help="simulate honest papers (minutes)")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        measure(chosen.measure)
        return
    show("A cohort drawn, matched and assessed, against the same matched and assessed", against_others(chosen.quick))
    show("Cost and memory, 167 patients", by_cohorts(chosen.quick))
    if chosen.calibration:
        show("Honest papers rejected at 0.05", calibration(chosen.quick))


if __name__ == "__main__":
    main()
