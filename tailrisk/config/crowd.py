"""The crowd inside the paths: its data files, its calendar, and a switch for every edge."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import numpy as np
from pydantic import Field

from tailrisk.core import calendar
from tailrisk.core.errors import InputError

from .model import Model

Edge = Annotated[float, Field(ge=0, le=10, description="multiplies the edge's intensity; zero turns it off")]


class Edges(Model):
    """What each edge's intensity in the data files is multiplied by: an ablation is one word."""

    margin: Edge = 1.0
    stop: Edge = 1.0
    basis: Edge = 1.0
    momentum: Edge = 1.0
    redemption: Edge = 1.0
    substitution: Edge = 1.0
    panic: Edge = 1.0
    speculators: Edge = 1.0
    snowball: Edge = 1.0
    dislocation: Edge = 1.0
    arbitrage: Edge = 1.0
    impact: Edge = 1.0
    evaporation: Edge = 1.0
    state: Edge = 1.0
    followers: Edge = 1.0
    restriction: Annotated[
        float, Field(ge=0, le=1, description="of sales refused after the state steps in")
    ] = 0.0


class CrowdBlock(Model):
    """A crowd whose forced trades move the prices it trades at (mechanism 5.2 to 5.6)."""

    parameters: str = Field(
        default="crowd_2024.toml", min_length=1, description="file of who sells and when, else the library's"
    )
    snowballs: str = Field(
        default="snowballs_2024.toml",
        min_length=1,
        description="file of notes outstanding, else the library's",
    )
    market: str = Field(
        default="crowd_market_2024.toml",
        min_length=1,
        description="file of how prices, basis, limits and state answer, else the library's",
    )
    first_day: date = Field(
        default=date(2024, 1, 2),
        description="first day of the run, a session such as 2024-01-02; sets expiries and interest",
    )
    rounds: int = Field(default=6, ge=2, le=48, description="rounds of trading in a day")
    kappa_crisis: float = Field(
        default=1.0, gt=0, le=1, description="scale of the crisis regime's shocks beside the crowd"
    )
    long_cap: float = Field(
        default=1000.0, ge=1, le=1000, description="stock book over equity allowed when swaps are renewed"
    )
    ensemble: str | None = Field(
        default=None,
        min_length=1,
        description="file of matched parameters, else the library's; none is the prior",
    )
    member: int = Field(default=0, ge=0, description="which of the ensemble's sets; 0 is the best")
    edges: Edges = Edges()


def dated(place: str, block: CrowdBlock, days: int, holidays: Sequence[str], exchange: str) -> None:
    """Refuse a first day that is no session, or a last one that the exchange's calendar does not reach.

    `holidays` are the closed days a market file states after the calendar's end. Raises InputError.
    """
    calendar.require(place, block.first_day, holidays, exchange)
    first = np.datetime64(block.first_day, "D")
    last = np.busday_offset(first, days - 1, roll="forward", holidays=calendar.beyond(holidays, exchange))
    wrong, hint = calendar.problem(date.fromisoformat(str(last)), holidays, exchange)
    if wrong:
        problem = f"{days} days from {block.first_day} end on {last}: {wrong}"
        raise InputError(place, problem, "a run within the exchange's calendar", hint)
