"""The universe at the last close of a panel."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.names import BUCKETS
from .exposures import exposures, fit
from .membership import Membership, eligible
from .moments import Pay, by_group
from .panel import Panel
from .returns import Estimates
from .specific import specific_risk
from .universe import Array, Universe, loadings

RECENT = 20
"""Days behind average daily turnover and circulating shares."""


def at_close(
    panel: Panel, members: Membership, raw: Mapping[str, Array], estimates: Estimates, pay: Pay, label: str
) -> Universe:
    """The stocks eligible at the last close; a member that is no longer eligible leaves its index."""
    on = eligible(panel)[-1]
    cap, bucket = panel.cap[-1, on], members.bucket[-1, on]
    names, style = exposures({name: x[-1, on] for name, x in raw.items()}, cap)
    if names != estimates.styles:
        raise InputError("panel", f"styles on the last day are {names}", f"{estimates.styles}, as before")
    benchmark = index_weights(members, on, cap * filled_share(circulating(panel)[on], bucket))
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
    )


def index_weights(members: Membership, on: NDArray[np.bool_], circulating_cap: Array) -> Array:
    """[stock, index] by circulating cap within the CSI ladder, equal within micro; columns sum to one."""
    ladder = members.index[-1, on][:, None] == np.arange(len(BUCKETS) - 1)
    held = np.column_stack([ladder * circulating_cap[:, None], members.micro[-1, on]])
    return np.asarray(held / held.sum(axis=0))


def circulating(panel: Panel) -> Array:
    """[stock] circulating shares over all: the middle of amount / turnover / cap over RECENT days."""
    amount, turnover = panel.amount[-RECENT:], panel.turnover[-RECENT:]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = amount / turnover / panel.cap[-RECENT:]
    ratio[~np.isfinite(ratio) | (ratio <= 0)] = np.nan
    known = np.isfinite(ratio).any(axis=0)
    share = np.full(ratio.shape[1], np.nan)
    share[known] = np.clip(np.nanmedian(ratio[:, known], axis=0), 0.0, 1.0)
    return share


def filled_share(share: Array, bucket: NDArray[np.int8]) -> Array:
    """Shares with the bucket's mean where unknown. [stock]"""
    return np.where(np.isfinite(share), share, by_group(share, bucket)[0][bucket])


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
