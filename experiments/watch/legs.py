"""What Lingjun sold on 19 February 2024, by exchange, and the child orders it may have been."""

from typing import NamedTuple

ACCOUNTS = 400
"""More than 400 products (mechanism, fact 66)."""
CHILDREN = (
    1_000, 3_000, 5_000, 10_000, 20_000, 30_000, 50_000, 59_750, 60_000, 66_388, 66_400, 68_600, 68_601,
    100_000, 108_888, 109_000, 200_000, 500_000, 1_000_000,
)  # fmt: skip
GROUPS = (1, 2, 3, 4, 5, 10, 40, 100, 400)
CHILD = 30_000


class Leg(NamedTuple):
    """What one exchange saw (mechanism 1.4, facts 58 to 61)."""

    exchange: str
    amount: float  # yuan sold
    seconds: int
    index: str
    move: float  # of the index in the minute
    turnover: float  # of the exchange in the minute, yuan


LEGS = (
    Leg("SZSE", 1.372e9, 42, "399001.SZ", 8871.65 / 8957.28 - 1, 32.542e9),
    Leg("SSE", 1.195e9, 60, "000001.SH", 2868.02 / 2886.59 - 1, 22.528e9),
)
