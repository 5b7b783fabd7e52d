"""Medians, their spread, and comparisons made round by round. Rounds of two configurations are paired by
their number: only configurations that did every round are compared.
"""

import math
import statistics


class Spread:
    """A median and half of the distance between the quartiles."""

    def __init__(self, values):
        self.median = statistics.median(values)
        self.half_width = None  # of one value alone
        if len(values) > 1:
            low, _, high = statistics.quantiles(values, n=4, method="inclusive")
            self.half_width = (high - low) / 2


def spread(values):
    return Spread(values) if values else None


def ratios(values, base):
    return [value / below for value, below in zip(values, base)] if len(values) == len(base) else []


def differences(values, base):
    return [value - below for value, below in zip(values, base)] if len(values) == len(base) else []


def extra_shares(values, other, base):
    """How much more than `base` the values are, as a share of how much more `other` is. An extra that
    drowns in noise counts as a hundredth, so that geometric means exist."""
    if not len(values) == len(other) == len(base):
        return []
    pairs = zip(differences(values, base), differences(other, base))
    return [max(mine / theirs, 0.01) for mine, theirs in pairs if theirs > 0]


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None
