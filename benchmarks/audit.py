"""What the audit costs: all rules over all papers, the slowest rules, and the exact enumerations as n grows.

    python benchmarks/audit.py             # also keeps the figures in benchmarks/results/audit_cost.csv
    python benchmarks/audit.py --quick     # small n only; written nowhere

Times are of one run on one machine. "After imports" means that pandas and scipy are loaded already; caches are cold.
"""

from __future__ import annotations

import argparse
import csv
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

OUT = Path(__file__).parent / "results" / "audit_cost.csv"
Rows = list[tuple[str, str, str]]

# each measured in a process of its own, so that no cache is warm and the peak of memory is the audit's
_ALL = """
import resource, sys, time
import numpy, pandas, scipy.stats, scipy.special
from haicbook import audit, study
papers = [study.load(name) for name in study.studies()]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start, worked = time.perf_counter(), time.process_time()
found = [audit.audit(paper) for paper in papers]
spent, worked = time.perf_counter() - start, time.process_time() - worked
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
[audit.audit(paper) for paper in papers]
again = time.perf_counter() - start
print(len(papers), sum(map(len, found)), spent, worked, again, before / 1024, after / 1024)
"""


def table(heads: list[str], rows: list[list[str]]) -> None:
    """Print a Markdown table."""
    print("|" + "|".join(heads) + "|")
    print("|:--" + "|--:" * (len(heads) - 1) + "|")
    for row in rows:
        print("|" + "|".join(row) + "|")
    print()


def whole() -> Rows:
    """All rules over all papers; what was measured, of what, the figure."""
    ended = subprocess.run([sys.executable, "-c", _ALL], capture_output=True, text=True, check=True)
    papers, found, spent, worked, again, before, after = ended.stdout.split()
    print(f"## All rules, {papers} papers, {found} findings\n")
    rows = [
        ["seconds, first run", f"{float(spent):.2f}", "3"],
        ["of which the processor worked", f"{float(worked):.2f}", "3"],
        ["seconds, again (memoised)", f"{float(again):.2f}", "3"],
        ["peak memory, MB", f"{float(after):.0f}", ""],
        ["of which the audit, MB", f"{float(after) - float(before):.0f}", "300"],
    ]
    table(["", "measured", "asked: below"], rows)
    return [(f"all rules, {papers} papers", what, measured) for what, measured, _ in rows]


def by_rule(most: int) -> Rows:
    """The slowest rules."""
    from haicbook import audit, study

    spent: dict[str, float] = {}
    for paper in (study.load(name) for name in study.studies()):
        start = time.perf_counter()
        found = audit.cells(paper)
        spent["(reading cells)"] = spent.get("(reading cells)", 0.0) + time.perf_counter() - start
        for rule in audit.RULES:
            start = time.perf_counter()
            rule.findings(paper, found)
            spent[rule.key] = spent.get(rule.key, 0.0) + time.perf_counter() - start
    slowest = sorted(spent.items(), key=lambda item: -item[1])[:most]
    print("## The slowest rules, all papers\n")
    rows = [[rule, f"{1000 * seconds:.0f}"] for rule, seconds in slowest]
    table(["rule", "ms"], rows)
    return [("ms of the slowest rules", rule, spent) for rule, spent in rows]


def timed(work: Callable[[], object]) -> str:
    """Milliseconds, or why there is none."""
    start = time.perf_counter()
    try:
        answer = work()
    except OverflowError:
        return "not listed"
    spent = f"{1000 * (time.perf_counter() - start):.1f}"
    return f"{spent} (not listed)" if answer is None else spent


def enumerations(sizes: list[int]) -> Rows:
    """Exact enumerations: every product-limit curve, every life table, Fisher's test, GRIMMER, Simon's designs."""
    from haicbook.audit.rules.integers import possible
    from haicbook.audit.rules.survival.rates import Goal, life_table
    from haicbook.stats.proportions import fisher_p
    from haicbook.stats.single_arm import search
    from haicbook.survival.exact import reach
    from haicbook.survival.knots import knots_of
    from haicbook.survival.targets import ArmTargets, Interval, Landmark

    rows = []
    for n in sizes:
        marks = tuple(Landmark(time, Interval(low, low + 0.001)) for time, low in ((6.0, 0.6465), (12.0, 0.4035)))
        knots = knots_of(ArmTargets(n=n, landmarks=marks), strict=False)
        goals = (Goal(6.0, 0.6465, 0.6475), Goal(12.0, 0.4035, 0.4045))
        counts = np.random.default_rng(n).multinomial(n, [0.4, 0.3, 0.2, 0.1], size=2).T
        rows.append(
            [
                str(n),
                timed(lambda n=n, knots=knots: reach(n, knots)),
                timed(lambda n=n, goals=goals: life_table(n, goals, 6.0) or True),
                timed(lambda counts=counts: fisher_p(counts)),
                timed(lambda n=n: possible("3.9", "1.5", n)),
                timed(lambda n=n: possible("3.9", "1.5", n, 1, 8)),
                timed(lambda n=n: search(0.05, 0.2, 0.3, 0.5, n)) if 46 <= n <= 100 else "–",
            ]
        )
    print("## Exact enumerations as n grows, ms\n")
    heads = ["n", "product limit, two rates", "life table, two rates", "Fisher 4 × 2", "GRIMMER", "in a range", "Simon"]
    table(heads, rows)
    print("product limit: all orders of deaths and censorings; life table: all deaths and censorings of each interval;")
    print("GRIMMER: by parity; in a range: all samples, and bounds alone where these are too many;")
    print("Fisher: all tables with the margins; Simon: all two-stage designs of up to n patients.")
    return [
        (f"ms, {head}", f"n = {row[0]}", spent) for row in rows for head, spent in zip(heads[1:], row[1:], strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small n only")
    quick = parser.parse_args().quick
    kept = [*whole(), *by_rule(10), *enumerations([10, 20, 25] if quick else [10, 20, 25, 30, 40, 50, 75, 100])]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nPeak memory of this run: {peak:.0f} MB")
    if not quick:
        OUT.parent.mkdir(exist_ok=True)
        with OUT.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerows([("measured", "of", "figure"), *kept])


if __name__ == "__main__":
    main()
