"""Memory of styles: covariances of the regimes and tails that are put in are found."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from tailrisk.calibrate.style_memory import fit_styles, freedom
from tailrisk.core.names import FACTORS, STYLES


def test_covariances_by_regime_and_an_autocorrelation_are_found():
    rng, days, count = np.random.default_rng(0), 2000, len(STYLES)
    index = pd.bdate_range("2012-01-02", periods=days)
    regime = (rng.random(days) < 0.3).astype(int)
    noise = rng.normal(size=(days, count)) * np.where(regime, 1.5, 0.75)[:, None]
    e = np.empty_like(noise)
    e[0] = noise[0]
    for t in range(1, days):
        e[t] = 0.15 * e[t - 1] + noise[t]
    factors = pd.DataFrame(rng.normal(0, 0.01, (days, 5)), index, FACTORS)
    loading = rng.normal(0, 0.3, (count, 5))
    returns = pd.DataFrame(factors.to_numpy() @ loading.T + 0.001 * e, index, STYLES)
    law = SimpleNamespace(
        filtered=SimpleNamespace(common=np.ones(days), square=np.full((days, 3, 5), 1e-4)),
        residuals=SimpleNamespace(smoothed=np.eye(2)[regime]),
    )
    overlay = SimpleNamespace(names=STYLES, loading=loading, intercept=np.zeros(count))
    found = fit_styles(law, overlay, factors, returns, with_errors=False)
    ratio = np.sqrt(np.diagonal(found.covariance[1]) / np.diagonal(found.covariance[0]))
    np.testing.assert_allclose(ratio, 2.0, atol=0.3)
    assert abs(found.fit.value[:, 0].mean() - 0.15) < 4 * 1 / np.sqrt(days * count) + 0.02
    assert found.nu > 25, "Gaussian in each regime"
    assert found.loadings is None, "loadings that stay where they are need no more parameters"


def test_degrees_of_freedom_of_a_multivariate_t():
    rng, nu = np.random.default_rng(1), 6.0
    u = rng.normal(size=(4000, 5)) * np.sqrt(nu / rng.chisquare(nu, 4000))[:, None] * np.sqrt((nu - 2) / nu)
    got = freedom(u, np.eye(5)[None], np.ones((4000, 1)))
    assert 5.0 < got < 7.2
