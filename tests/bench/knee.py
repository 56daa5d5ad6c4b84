# SPDX-License-Identifier: BSD-3-Clause
"""The knee: the highest rate that is taken whole. Above it something is lost, below it nothing is."""


def knee(try_rate, low, high, precision, again=1):
    """Search between the rates @low and @high, in steps of equal ratio, until the knee is known within @precision (0.05:
    five percent). try_rate(rate) sends at a rate and returns what came of it, None when anything was lost; a rate that
    lost is tried @again times more, since a moment that the machine gave to somebody else is no knee. A sender that
    cannot send as fast says so by raising Ceiling, which is believed when it says so again. Returns (rate, what came of it) of the best, None when even @low loses."""
    def passes(rate):
        for left in range(again, -1, -1):
            try:
                got = try_rate(rate)
            except Ceiling:
                if not left:
                    raise
                continue
            if got is not None:
                return got
        return None

    try:
        got = passes(low)
        best = None if got is None else (low, got)
        while best and high > low * (1 + precision):
            rate = (low * high) ** 0.5
            got = passes(rate)
            if got is None:
                high = rate
            else:
                low, best = rate, (rate, got)
        return best
    except Ceiling as reached:
        return reached.rate, reached.got


class Ceiling(Exception):
    """Nothing was lost, but the sender was slower than asked: all faster tries would be this one again."""

    def __init__(self, rate, got):
        super().__init__(f"the sender cannot send faster than {rate:g}")
        self.rate, self.got = rate, got
