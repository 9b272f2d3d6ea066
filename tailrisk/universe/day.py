"""The universe at the last close of a panel."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..data.panel import Panel
from .circulation import RECENT, circulating, filled
from .exposures import exposures, fit
from .membership import Membership, eligible
from .moments import Pay
from .returns import Estimates
from .specific import specific_risk
from .universe import Array, Universe, loadings


def at_close(
    panel: Panel, members: Membership, raw: Mapping[str, Array], estimates: Estimates, pay: Pay, label: str
) -> Universe:
    """The stocks eligible at the last close; a member that is no longer eligible leaves its index."""
    on = eligible(panel)[-1]
    cap, bucket = panel.cap[-1, on], members.bucket[-1, on]
    names, style = exposures({name: x[-1, on] for name, x in raw.items()}, cap)
    if names != estimates.styles:
        raise InputError("panel", f"styles on the last day are {names}", f"{estimates.styles}, as before")
    benchmark = index_weights(members, on, cap * filled(circulating(panel)[-1, on], bucket))
    return Universe(
        label=label,
        date=str(panel.dates[-1].date()),
        ids=tuple(name for name, there in zip(panel.ids, on, strict=True) if there),
        styles=names,
        cap=cap,
        bucket=bucket,
        benchmark=benchmark,
        style=style,
        loading=loadings(bucket, style, benchmark, pay.outside, pay.gain),
        specific_sd=specific_risk(estimates.specific, np.where(on, panel.cap[-1], np.nan))[on],
        adv=trading(panel.amount[-RECENT:, on], cap, style),
        alpha=np.zeros(len(cap)),
        names=members.names,
        industry=None if panel.industry is None else _there(panel.industry, on),
    )


def _there(names: Sequence[str], on: NDArray[np.bool_]) -> tuple[str, ...]:
    """The names of those that are on; those without one are `none`."""
    return tuple(name or "none" for name, there in zip(names, on, strict=True) if there)


def index_weights(members: Membership, on: NDArray[np.bool_], circulating_cap: Array) -> Array:
    """[stock, index] by circulating cap, equal within the last bucket; columns sum to one."""
    ladder = members.index[-1, on][:, None] == np.arange(len(members.names.buckets) - 1)
    held = np.column_stack([ladder * circulating_cap[:, None], members.micro[-1, on]])
    return np.asarray(held / held.sum(axis=0))


def trading(amount: Array, cap: Array, style: Array) -> Array:
    """[stock] mean amount of the days there are; where there are none, as styles predict amount over cap."""
    known = np.isfinite(amount) & (amount > 0)
    count = known.sum(axis=0)
    if count.sum() == 0:
        raise InputError("panel", f"no amount in the last {RECENT} days", "amounts of some stocks")
    mean = np.where(known, amount, 0.0).sum(axis=0) / np.maximum(count, 1)
    design, there = np.column_stack([np.ones(len(cap)), style]), count > 0
    coefficient = fit(design[there], np.log(mean[there] / cap[there]), np.ones(there.sum()))
    return np.where(there, mean, cap * np.exp(design @ coefficient))
