"""The style overlay: style returns as a linear function of the ladder, with what is left over."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..core.errors import InputError
from .ladder import Array

LEAST_DAYS = 120
"""Days in common below which a loading on five factors says nothing."""


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """style return = intercept + loading . factors + residual, per day."""

    names: tuple[str, ...]  # [style]
    loading: Array  # [style, factor]
    loading_error: Array  # [style, factor]
    intercept: Array  # [style]
    residual_sd: Array  # [style]
    residual_correlation: Array  # [style, style]
    r_squared: Array  # [style]
    window: tuple[str, str]
    days: int
    digest: str


def overlay(factors: pd.DataFrame, styles: pd.DataFrame, digest: str) -> Overlay:
    """Least squares of each style's return on a constant and the ladder factors, on days both have.

    B = (X'X)^-1 X'Y; errors are White's (1980), n/(n-p) (X'X)^-1 [sum x x' e^2] (X'X)^-1, because the
    residuals are as heavy-tailed as the returns. factors: log returns, a column per factor, NaN rows ignored.
    """
    common = factors.dropna().index.intersection(styles.index)
    if len(common) < LEAST_DAYS:
        raise InputError(
            "styles", f"{len(common)} days in common with the ladder", f"at least {LEAST_DAYS} days"
        )
    x = np.column_stack([np.ones(len(common)), factors.loc[common]])
    y = styles.loc[common].to_numpy()
    bread = np.linalg.inv(x.T @ x)
    coefficient = bread @ x.T @ y
    residual = y - x @ coefficient
    spare = len(common) - x.shape[1]
    meat = np.einsum("ti,tj,ts->sij", x, x, residual**2) * len(common) / spare
    error = np.sqrt(np.einsum("ij,sjk,ki->si", bread, meat, bread))
    return Overlay(
        names=tuple(map(str, styles.columns)),
        loading=coefficient[1:].T,
        loading_error=error[:, 1:],
        intercept=coefficient[0],
        residual_sd=np.sqrt((residual**2).sum(axis=0) / spare),
        residual_correlation=np.corrcoef(residual.T),
        r_squared=1.0 - residual.var(axis=0) / y.var(axis=0),
        window=(str(common[0].date()), str(common[-1].date())),
        days=len(common),
        digest=digest,
    )
