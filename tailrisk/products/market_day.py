"""One market day as products and policies see it: simulated and realised days look alike."""

from ..core import struct
from ..core.units import Flag, Probability, Ratio


@struct
class MarketDay:
    """Returns since the last close, and what could be traded at this one; a tape has [day, ...] in front.

    A realised day has one path. Without a crowd a future is its index and every order fills.
    """

    returns: Ratio  # [bucket, path]  simple
    futures: Ratio  # [future, path]  simple, of the contract a hedger holds, rolls included
    basis: Ratio  # [future, path]  F / S - 1 of the contract held at the close; a discount is negative
    annual_basis: Ratio  # [future, path]  the same, annualised by the market's convention
    sells: Probability  # [bucket, path]  fraction of a sell order that fills
    buys: Probability  # [bucket, path]  fraction of a buy order that fills
    refused: Probability  # [path]  fraction of every sale that window guidance refuses
    years: Ratio  # []  calendar years since the last trading day, for interest and fees
    rolled: Ratio  # []  one on the close at which hedgers change contracts
    crystallised: Flag  # []  performance fees are paid tonight
    styles: Ratio | None = None  # [style, path]  returns of the styles in use
    specific: Ratio | None = None  # [fund, path]  standard normals of the funds' stock picking
    other: Ratio | None = None  # [fund, path]  return on equity of what is neither stock nor index future
