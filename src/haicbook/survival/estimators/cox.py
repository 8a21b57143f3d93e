"""Cox regression on one covariate, for many data sets together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from haicbook.survival.estimators.batches import Bools, Floats, as_batch, chunks, per_patient
from haicbook.survival.estimators.risk_sets import RiskSets, risk_sets

Ties = Literal["efron", "breslow", "exact"]
TIES: tuple[Ties, ...] = ("efron", "breslow", "exact")
Derivatives = Callable[[Floats], tuple[Floats, Floats]]

_NEWTON_STEPS = 40
# the error after a step is about the square of the step: far below what is printed of the last one
_NEWTON_STOP = 1e-7
# beyond this log hazard ratio the likelihood has no maximum: all events of one group come after the other group's
_DIVERGED = 15.0
# below this, information is the rounding noise of risk sets that hold one covariate value
_NOISE = 1e-12


def cox(time: ArrayLike, event: ArrayLike, covariate: ArrayLike, ties: Ties = "efron") -> tuple[Floats, Floats]:
    """Cox regression on one covariate, by Newton's method on B data sets together.

    Parameters
    ----------
    time, event
        (B, n) months and whether the event was seen.
    covariate
        (n,) or (B, n): for a treatment contrast, 1 in the experimental arm and 0 in the reference.
    ties
        `efron` (R's default, lifelines'), `breslow` (SPSS's, SAS's) or `exact` (the discrete partial likelihood: R's
        `exact`, SAS's `discrete`).

    Returns
    -------
    log_hr, se
        (B,) each: the coefficient and its standard error from the observed information. Where the likelihood has no
        maximum, an infinite coefficient with an infinite standard error; where the data say nothing (no event with
        a choice among different covariates), NaN.

    Raises
    ------
    ValueError
        When `ties` is none of the three, or shapes differ.

    Notes
    -----
    Cox, J R Stat Soc B 34 (1972) 187-220; Efron, JASA 72 (1977) 557-565; Breslow, Biometrics 30 (1974) 89-99.
    """
    if ties not in TIES:
        raise ValueError(f"ties is {ties!r}; it must be one of {', '.join(TIES)}")
    times, events = as_batch(time, event)
    values = per_patient(covariate, times.shape)
    two_groups = bool(((values == 0) | (values == 1)).all())
    parts = []
    for part in chunks(*times.shape):
        if two_groups:
            derivatives = _of_groups(times[part], events[part], values[part] != 0, ties)
        else:
            from haicbook.survival.estimators.cox_general import of_covariate

            derivatives = of_covariate(times[part], events[part], values[part], ties)
        parts.append(_maximum(derivatives, len(times[part])))
    log_hr, se = (np.concatenate(estimates) for estimates in zip(*parts, strict=True))
    return log_hr, se


def _maximum(derivatives: Derivatives, data_sets: int) -> tuple[Floats, Floats]:
    """Where B log-likelihoods have their maxima, and the standard errors there."""
    beta = np.zeros(data_sets)
    for _ in range(_NEWTON_STEPS):
        score, information = derivatives(beta)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.where(information > _NOISE, score / information, 0.0)
        step = np.where(np.abs(beta) > _DIVERGED, 0.0, np.clip(step, -2, 2))
        beta = beta + step
        if np.abs(step).max() < _NEWTON_STOP:
            break
    information = derivatives(beta)[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.where(information > _NOISE, 1 / np.sqrt(information), np.inf)
    silent = (beta == 0) & ~np.isfinite(se)
    diverged = np.abs(beta) > _DIVERGED
    beta = np.where(silent, np.nan, np.where(diverged, np.copysign(np.inf, beta), beta))
    return beta, np.where(silent, np.nan, np.where(diverged, np.inf, se))


def _of_groups(time: Floats, event: Bools, member: Bools, ties: Ties) -> Derivatives:
    """First and minus the second derivative (B,) of the log partial likelihood, for a covariate of 0 and 1.

    Of a risk set only the patients of each group count, so that nothing has to be summed again for each coefficient.
    """
    sets = risk_sets(time, event, member)
    observed = sets.sums(sets.in_group)
    if ties == "exact" and (sets.deaths > 1).any():
        return _exact(sets, observed)
    thin = sets.place / sets.deaths if ties == "efron" else 0.0
    group = sets.group_at_risk - thin * sets.group_deaths
    # others at risk for each one of the group: 0 and infinity where there is no choice, which says nothing
    with np.errstate(divide="ignore"):
        odds = (sets.at_risk - sets.group_at_risk - thin * (sets.deaths - sets.group_deaths)) / group

    def derivatives(beta: Floats) -> tuple[Floats, Floats]:
        share = 1 / (1 + odds * sets.spread(np.exp(-beta)))
        return observed - sets.sums(share), sets.sums(share * (1 - share))

    return derivatives


def _exact(sets: RiskSets, observed: Floats) -> Derivatives:
    """The same for the discrete likelihood: of each tie, the deaths in the group are non-central hypergeometric."""
    from scipy.special import gammaln

    first = np.flatnonzero(sets.place == 0)
    group, at_risk, deaths = sets.group_at_risk[first], sets.at_risk[first], sets.deaths[first]
    numbers = np.arange(deaths.max() + 1)
    others = at_risk - group
    k, rest = numbers[None, :], deaths[:, None] - numbers[None, :]
    possible = (rest >= 0) & (k <= group[:, None]) & (rest <= others[:, None])
    k, rest = np.broadcast_to(k, rest.shape) * possible, np.where(possible, rest, 0)

    def log_choose(total: Floats, chosen: Floats) -> Floats:
        left = np.maximum(total[:, None] - chosen, 0)
        return np.asarray(gammaln(total[:, None] + 1) - gammaln(chosen + 1) - gammaln(left + 1))

    weights = np.where(possible, log_choose(group, k) + log_choose(others, rest), -np.inf)
    of_set = np.repeat(np.arange(len(sets.start)), sets.count)[first]
    data_sets = len(sets.start)

    def derivatives(beta: Floats) -> tuple[Floats, Floats]:
        tilted = weights + beta[of_set][:, None] * numbers
        chance = np.exp(tilted - tilted.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        mean = (chance * numbers).sum(axis=1)
        spread = (chance * (numbers - mean[:, None]) ** 2).sum(axis=1)
        means, spreads = (np.bincount(of_set, values, data_sets).astype(float) for values in (mean, spread))
        return observed - means, spreads

    return derivatives
