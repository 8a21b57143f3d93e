"""Real two-arm data with known patients: packaged with lifelines, R's survival (where R is there) and scikit-survival.

Nothing is kept here: data are read from the packages when the benchmark runs. Where the natural time scale is far from
an oncology trial's, times are multiplied, so that a tenth of the patients are still at risk after 18 to 48 months.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import lru_cache
from io import StringIO

import numpy as np
import pandas as pd
from benchmarks.accuracy.simulations import Trial

DAYS = 1 / 30.4375
LEAST, MOST = 25, 190
_SCALES = (1, 2, 3, 4, 6, 1 / 2, 1 / 3, 1 / 4, 1 / 6, 12, 1 / 12)


def _lifelines(
    name: str, time: str, event: str, group: str, values: tuple[object, object], unit: float
) -> pd.DataFrame:
    from lifelines import datasets

    data = getattr(datasets, f"load_{name}")()
    return _frame(data[time] * unit, data[event], data[group], values)


def _r(expression: str, unit: float) -> pd.DataFrame:
    """Two-group data from R's survival package: `time`, `event`, `group` by an R expression on its data sets."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        raise LookupError("Rscript is not installed")
    script = f"library(survival); write.csv({expression}, row.names = FALSE)"
    run = subprocess.run([rscript, "-e", script], capture_output=True, text=True, check=False)
    if run.returncode:
        raise LookupError("R has no package survival")
    data = pd.read_csv(StringIO(run.stdout))
    return _frame(data.time * unit, data.event, data.group, (1, 0))


def _scikit_survival(name: str, group: str, values: tuple[object, object], unit: float) -> pd.DataFrame:
    try:
        from sksurv import datasets
    except ImportError:
        raise LookupError("scikit-survival is not installed") from None
    x, y = getattr(datasets, f"load_{name}")()
    event, time = y.dtype.names
    return _frame(pd.Series(y[time]) * unit, pd.Series(y[event]), x[group].reset_index(drop=True), values)


def _frame(time: pd.Series, event: pd.Series, group: pd.Series, values: tuple[object, object]) -> pd.DataFrame:
    data = pd.DataFrame({"time": time.astype(float), "event": event.astype(bool), "group": group})
    data = data[data.group.isin(values)].dropna()
    return data.assign(arm=np.where(data.group == values[0], "a", "b"))[["time", "event", "arm"]]


SOURCES: dict[str, Callable[[], pd.DataFrame]] = {
    "lifelines_lung": lambda: _lifelines("lung", "time", "status", "sex", (2, 1), DAYS),
    "lifelines_gbsg2": lambda: _lifelines("gbsg2", "time", "cens", "horTh", ("yes", "no"), DAYS),
    "lifelines_waltons": lambda: _lifelines("waltons", "T", "E", "group", ("control", "miR-137"), 1.0),
    "lifelines_dd": lambda: _lifelines("dd", "duration", "observed", "democracy", ("Non-democracy", "Democracy"), 3.0),
    "r_veteran": lambda: _r("with(veteran, data.frame(time, event = status, group = 1 * (trt == 2)))", DAYS),
    "r_pbc": lambda: _r(
        "with(subset(pbc, !is.na(trt)), data.frame(time, event = 1 * (status == 2), group = 1 * (trt == 1)))", DAYS
    ),
    "r_colon": lambda: _r(
        "with(subset(colon, etype == 2 & rx != 'Lev'), data.frame(time, event = status, group = 1 * (rx != 'Obs')))",
        DAYS,
    ),
    "r_myeloid": lambda: _r("with(myeloid, data.frame(time = futime, event = death, group = 1 * (trt == 'B')))", DAYS),
    "r_mgus2": lambda: _r("with(mgus2, data.frame(time = futime, event = death, group = 1 * (sex == 'F')))", 1.0),
    "r_retinopathy": lambda: _r("with(retinopathy, data.frame(time = futime, event = status, group = trt))", 1.0),
    "sksurv_whas500": lambda: _scikit_survival("whas500", "gender", ("0", "1"), DAYS),
}


@lru_cache(maxsize=32)
def source(name: str) -> pd.DataFrame:
    """All patients of a source: `time` (months, on the scale of an oncology trial), `event`, `arm`.

    Raises
    ------
    LookupError
        When the package that has them is not installed.
    """
    data = SOURCES[name]()
    data = data[data.time > 0]
    tenth = float(np.quantile(data.time, 0.9))
    scale = next((s for s in _SCALES if 18 <= tenth * s <= 48), 1)
    return data.assign(time=data.time * scale)


def drawn(name: str, rng: np.random.Generator) -> Trial:
    """Patients of a source: arms of 25 to 190, drawn without putting back."""
    data = source(name)
    time, event = {}, {}
    for arm, rows in data.groupby("arm"):
        most = min(MOST, len(rows))
        chosen = rng.permutation(len(rows))[: int(rng.integers(min(LEAST, most), most + 1))]
        time[arm] = rows.time.to_numpy()[chosen]
        event[arm] = rows.event.to_numpy()[chosen]
    return Trial(time, event)
