"""The names of axes: buckets, factors, futures, styles, measures of loss."""

from itertools import pairwise

BUCKETS = ("csi300", "csi500", "csi1000", "csi2000", "micro")
"""Size buckets by market-cap rank: 1-300, 301-800, 801-1800, 1801-3800, and the smallest 400."""

CODES = {
    "000300": "csi300",
    "000905": "csi500",
    "000852": "csi1000",
    "932000": "csi2000",
    "8841431": "micro",
}
"""Index code in market data -> bucket."""

FACTORS = (BUCKETS[0], *(f"{small}-{large}" for large, small in pairwise(BUCKETS)))
"""The ladder: the first bucket, then each bucket's log return less that of the next larger one."""

FUTURES = {"IF": "csi300", "IC": "csi500", "IM": "csi1000"}
"""Index future -> the bucket it is written on."""

STYLES = (
    "beta",
    "book_to_price_ratio",
    "earning_yield",
    "growth",
    "leverage",
    "liquidity",
    "momentum",
    "non_linear_size",
    "residual_volatility",
    "size",
)

MEASURES = ("terminal", "worst_day", "worst_3_days", "max_drawdown")
"""Loss over the horizon, on the worst day, over the worst three days, and from the running peak."""

VIEWS = ("absolute", "excess")
"""Loss of the product's own NAV, and against its benchmark."""
