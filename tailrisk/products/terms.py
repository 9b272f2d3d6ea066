"""What a product holds on the eve of the first day: for its book and its account alike."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Positions:
    """Positions and cash, everything over NAV (mechanism 5.7).

    long [bucket] are stocks and short [future] index futures sold. futures: margin the futures tie up, over
    their notional. cash: NAV that earns the cash rate. financed: stock book that is borrowed for.
    """

    long: tuple[float, ...]
    short: tuple[float, ...]
    futures: float
    cash: float
    financed: float
