"""How fast the survival estimators are, for each data set, beside R's survival package and lifelines in the same run.

`python benchmarks/estimators.py [--quick]` prints Markdown tables. A data set has two arms of 48 or of 182 patients.
Each program gives the curve of each arm with its limits, a log-rank test and a Cox regression with Efron's ties; a
second table has each estimator of ours by itself. Processor time is counted, so that other programs on the machine do
not matter much, and the best of several repeats taken.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from haicbook.survival import estimators

SIZES = (48, 182)
DAYS_IN_MONTH = 30.4375
HORIZON = 12.0
WANTED = {"R survfit + survdiff + coxph": 60, "lifelines": 1000}


def data_sets(count: int, per_arm: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times (B, n) in whole days, given in months, events and groups: medians of 8 and 12 months, uniform censoring."""
    rng = np.random.default_rng(seed)
    group = np.repeat([0, 1], per_arm)
    death = rng.exponential((8 + 4 * group) / np.log(2), (count, 2 * per_arm))
    follow_up = rng.uniform(3, 40, (count, 2 * per_arm))
    days = np.maximum(np.round(np.minimum(death, follow_up) * DAYS_IN_MONTH), 1)
    return days / DAYS_IN_MONTH, death <= follow_up, group


def best(action: Callable[[], object], repeats: int) -> float:
    """Seconds of processor time that an action takes at its fastest."""
    seconds = []
    action()
    for _ in range(repeats):
        start = time.process_time()
        action()
        seconds.append(time.process_time() - start)
    return min(seconds)


def ours(times: np.ndarray, events: np.ndarray, group: np.ndarray) -> None:
    """Curves, medians and limits of both arms, log-rank test and Cox regression."""
    for arm in (0, 1):
        curve = estimators.km(times[:, group == arm], events[:, group == arm])
        estimators.confidence_limits(curve.survival, curve.greenwood)
    estimators.logrank(times, events, group)
    estimators.cox(times, events, group)


def single_estimators(times: np.ndarray, events: np.ndarray, group: np.ndarray) -> dict[str, Callable[[], object]]:
    """Each estimator by itself."""
    curve = estimators.km(times, events)
    return {
        "Kaplan-Meier": lambda: estimators.km(times, events),
        "median and its log limits": lambda: (estimators.median_of(curve), estimators.median_limits(curve)),
        "log-rank": lambda: estimators.logrank(times, events, group),
        "Cox, Efron": lambda: estimators.cox(times, events, group),
        "Cox, Breslow": lambda: estimators.cox(times, events, group, "breslow"),
        "Cox, exact": lambda: estimators.cox(times, events, group, "exact"),
        "RMST with variance": lambda: estimators.rmst_variance(times, events, HORIZON),
        "life table": lambda: estimators.life_table(times, events, np.arange(42)),
        "numbers at risk": lambda: estimators.at_risk(times, events, np.arange(0, 42, 6)),
    }


def lifelines(times: np.ndarray, events: np.ndarray, group: np.ndarray) -> None:
    """The same by lifelines, one data set after the other."""
    import pandas as pd
    from lifelines import CoxPHFitter, KaplanMeierFitter
    from lifelines.statistics import logrank_test

    for t, e in zip(times, events, strict=True):
        for arm in (0, 1):
            KaplanMeierFitter().fit(t[group == arm], e[group == arm])
        logrank_test(t[group == 1], t[group == 0], e[group == 1], e[group == 0])
        CoxPHFitter().fit(pd.DataFrame({"t": t, "e": e, "g": group}), "t", "e")


def r_seconds(times: np.ndarray, events: np.ndarray, group: np.ndarray, repeats: int) -> float | None:
    """Seconds for each data set in R, without its start; None where R or its package is missing."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        rows = (
            f"{number},{g},{t:.10g},{int(e)}"
            for number, (ts, es) in enumerate(zip(times, events, strict=True))
            for t, e, g in zip(ts, es, group, strict=True)
        )
        path.write_text("\n".join(["set,group,time,event", *rows]), encoding="utf-8")
        script = Path(__file__).with_name("estimators.R")
        run = subprocess.run([rscript, script, path, str(repeats)], capture_output=True, text=True, check=False)
    return float(run.stdout) if run.returncode == 0 else None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer data sets and repeats")
    quick = parser.parse_args().quick
    count, repeats = (200, 3) if quick else (1000, 9)
    print(
        "| patients per arm | program | µs a data set | times as long as ours | wanted |\n"
        "| ---: | --- | ---: | ---: | ---: |"
    )
    for per_arm in SIZES:
        batch = data_sets(count, per_arm)
        few = (batch[0][: 10 if quick else 30], batch[1][: 10 if quick else 30], batch[2])
        own = best(lambda batch=batch: ours(*batch), repeats) / count
        others = {
            "R survfit + survdiff + coxph": r_seconds(batch[0][:100], batch[1][:100], batch[2], repeats),
            "lifelines": best(lambda few=few: lifelines(*few), 1 if quick else 3) / len(few[0]),
        }
        print(f"| {per_arm} | haicbook | {own * 1e6:.1f} | 1 | |")
        for name, seconds in others.items():
            measured = "not here | |" if seconds is None else f"{seconds * 1e6:,.0f} | {seconds / own:,.0f} |"
            print(f"| {per_arm} | {name} | {measured} ≥ {WANTED[name]:,} |")
    print(
        "\n| patients per arm | estimator | µs a data set | the same, four times as many sets |\n"
        "| ---: | --- | ---: | ---: |"
    )
    for per_arm in SIZES:
        batch, more = data_sets(count, per_arm), data_sets(4 * count, per_arm)
        for (name, action), larger in zip(
            single_estimators(*batch).items(), single_estimators(*more).values(), strict=True
        ):
            once, four = best(action, repeats) / count, best(larger, max(1, repeats // 3)) / (4 * count)
            print(f"| {per_arm} | {name} | {once * 1e6:.1f} | {four * 1e6:.1f} |")


if __name__ == "__main__":
    main()
