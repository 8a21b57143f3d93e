"""Random two-group data sets with ties and censoring, which survival.R analyses: set,group,time,event on stdout.

Times are in days, half months or months (so that many are tied), or continuous; some sets are very small, some heavily
censored, some end with everybody at risk dying at once.
"""

import sys

import numpy as np

SETS = 320
GRIDS = (1 / 30.4375, 0.5, 1.0, 0.0)


def data_set(rng, number):
    n = int(rng.choice([rng.integers(6, 20), rng.integers(20, 60), rng.integers(60, 150)], p=[0.35, 0.5, 0.15]))
    group = np.arange(n) < rng.integers(n // 3, n - n // 3 + 1)
    scale = rng.uniform(3, 20) * np.where(group, rng.uniform(0.5, 2.0), 1.0)
    death = scale * rng.weibull(rng.uniform(0.6, 1.6), n)
    follow_up = rng.uniform(rng.uniform(0, 8), rng.uniform(10, 40), n)
    time, event = np.minimum(death, follow_up), death <= follow_up
    grid = GRIDS[number % len(GRIDS)]
    time = np.maximum(np.ceil(time / grid), 1) * grid if grid else np.maximum(time, 0.01)
    if number % 11 == 0:
        event |= time == time.max()
    return group.astype(int), np.round(time, 6), event.astype(int)


def main():
    rng = np.random.default_rng(20240611)
    sys.stdout.write("set,group,time,event\n")
    for number in range(1, SETS + 1):
        for row in zip(*data_set(rng, number), strict=True):
            sys.stdout.write("{},{:d},{:.6g},{:d}\n".format(number, *row))


if __name__ == "__main__":
    main()
