"""What a manager sees at a close, and what he decides."""

from ..core import struct
from ..core.units import Count, Flag, Probability, Ratio, ZScore


@struct
class Observation:
    """The manager's own books, and published prices; nothing of who else must trade."""

    day: Count  # []  closes so far
    weights: Ratio  # [fund, bucket, path]  of the stock book
    gross: Ratio  # [fund, path]  stock book over equity
    excess: Ratio  # [fund, path]  NAV over the benchmark's
    called: Flag  # [fund, path]
    returns: Ratio  # [bucket, path]  today's
    annual_basis: Ratio  # [future, path]  a discount is negative
    z: ZScore  # [detector, path]  of size spreads, on the days before


@struct
class Decision:
    """The book wanted at the next close; `act` zero leaves it alone."""

    weights: Ratio  # [fund, bucket, path]  of the stock book
    gross: Ratio  # [fund, path]  stock book over equity
    short: Ratio  # [fund, future, path]  futures sold over stock book
    act: Probability  # [fund, path]  fraction of the way gone


@struct
class Book:
    """A book a policy may want."""

    weights: Ratio  # [fund, bucket]
    gross: Ratio  # [fund]
    short: Ratio  # [fund, future]
