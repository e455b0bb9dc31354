"""What a share seen in a few deals says of the true one: its interval, and how sure it is.

Interval: Jeffreys (Brown, Cai and DasGupta 2001, Statistical Science 16). False discoveries among
many shares: Benjamini and Hochberg 1995, JRSS B 57.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CONFIDENCE = 0.95
ROUNDING = 1e-7  # of logarithms: tables as likely as the one seen count with it


def smoothed(some: int, all_: int) -> float:
    """A share with half a case added on each side, so that a few cases never say none or all."""
    return (some + 0.5) / (all_ + 1)


def jeffreys(successes: int, trials: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Interval of a share: equal-tailed, with Jeffreys' prior; (0, 1) for no trials."""
    from scipy.special import betaincinv

    if trials == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    a, b = successes + 0.5, trials - successes + 0.5
    low = 0.0 if successes == 0 else float(betaincinv(a, b, tail))
    high = 1.0 if successes == trials else float(betaincinv(a, b, 1 - tail))
    return low, high


def jeffreys_lows(successes: NDArray[Any], trials: NDArray[Any]) -> NDArray[np.float64]:
    """The lower ends of the intervals of many shares at once; 0 for no trials."""
    from scipy.special import betaincinv

    tail = (1 - CONFIDENCE) / 2
    lows = betaincinv(successes + 0.5, trials - successes + 0.5, tail, dtype=np.float64)
    return np.where(successes > 0, lows, 0.0)


def difference(
    now: tuple[int, int], before: tuple[int, int], confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Interval of how far a share has risen; each share is (successes, trials).

    From the intervals of the two shares (Newcombe 1998, Statistics in Medicine 17, method 10,
    with Jeffreys' intervals); (-1, 1) without trials.
    """
    if not now[1] or not before[1]:
        return -1.0, 1.0
    share, share_before = now[0] / now[1], before[0] / before[1]
    low, high = jeffreys(*now, confidence)
    low_before, high_before = jeffreys(*before, confidence)
    risen = share - share_before
    return (
        risen - math.hypot(share - low, high_before - share_before),
        risen + math.hypot(high - share, share_before - low_before),
    )


def chance_below(successes: int, trials: int, share: float) -> float:
    """Chance to see so many successes or more where the true share is no more than `share`.

    The exact binomial tail (Clopper and Pearson 1934, Biometrika 26). The posterior that the
    interval comes from says a little less and is wrong more often than it says where trials are
    few (benchmarks/gaps.py); so what passes here lies above `share` by the interval's own too.
    """
    from scipy.special import betainc

    if successes == 0:
        return 1.0
    return float(betainc(successes, trials - successes + 1, share))


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i], reverse=True)
    adjusted = [1.0] * len(p_values)
    smallest = 1.0
    for rank, index in zip(range(len(p_values), 0, -1), order, strict=True):
        smallest = min(smallest, p_values[index] * len(p_values) / rank)
        adjusted[index] = smallest
    return adjusted


def chance_of_difference(now: tuple[int, int], before: tuple[int, int]) -> float:
    """Chance of two shares differing this much though nothing has changed; 1 without trials.

    Fisher's exact test, two-sided (1935, JRSS 98): it is never too sure, however few the trials. The
    interval of `difference`, inverted, would be: with ten deals up to 1.7 times as often as it says.
    """
    if not now[1] or not before[1]:
        return 1.0
    total = now[0] + before[0]
    fewest, most = max(0, total - before[1]), min(total, now[1])
    logs = [_log_ways(now[1], k) + _log_ways(before[1], total - k) for k in range(fewest, most + 1)]
    seen = logs[now[0] - fewest] + ROUNDING
    highest = max(logs)
    weights = [math.exp(log - highest) for log in logs]
    return sum(w for w, log in zip(weights, logs, strict=True) if log <= seen) / sum(weights)


def _log_ways(whole: int, part: int) -> float:
    """Logarithm of the ways to choose a part of a whole."""
    return _log_factorial(whole) - _log_factorial(part) - _log_factorial(whole - part)


@functools.cache  # numbers of deals: a few thousand at most
def _log_factorial(number: int) -> float:
    return math.lgamma(number + 1)
