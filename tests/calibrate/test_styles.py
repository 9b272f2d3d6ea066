"""The style overlay: known loadings found, errors of the textbook where the textbook holds."""

import numpy as np
import pandas as pd
import pytest

from tailrisk.calibrate.styles import overlay
from tailrisk.core.errors import InputError
from tailrisk.core.names import FACTORS, STYLES

DAYS = 3000
LOADING = np.random.default_rng(0).normal(0.0, 0.3, (len(STYLES), len(FACTORS)))


@pytest.fixture(scope="module")
def data() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Normal factors and residuals of known size, residuals of neighbouring styles correlated by 0.5."""
    generator = np.random.default_rng(1)
    index = pd.bdate_range("2010-01-01", periods=DAYS)
    factors = generator.normal(0.0, 0.01, (DAYS, len(FACTORS)))
    noise = generator.normal(0.0, 0.002, (DAYS, len(STYLES) + 1))
    residual = (noise[:, 1:] + noise[:, :-1]) / np.sqrt(2.0)
    styles = 1e-4 + factors @ LOADING.T + residual
    return pd.DataFrame(factors, index, FACTORS), pd.DataFrame(styles, index, STYLES)


def test_loadings_are_found_within_four_errors_of_textbook_size(data: tuple) -> None:
    found = overlay(*data, "digest")
    assert (abs(found.loading - LOADING) < 4 * found.loading_error).all()
    np.testing.assert_allclose(found.loading_error, 0.002 / (0.01 * np.sqrt(DAYS)), rtol=0.15)
    assert (abs(found.intercept - 1e-4) < 4 * 0.002 / np.sqrt(DAYS)).all()
    np.testing.assert_allclose(found.residual_sd, 0.002, rtol=4 / np.sqrt(2 * DAYS))
    beside = np.diagonal(found.residual_correlation, offset=1)
    np.testing.assert_allclose(beside, 0.5, atol=4 * 0.75 / np.sqrt(DAYS))
    assert (abs(np.triu(found.residual_correlation, 2)) < 4.5 / np.sqrt(DAYS)).all()


def test_errors_grow_where_the_noise_grows_with_the_factor(data: tuple) -> None:
    factors, _ = data
    generator = np.random.default_rng(2)
    first = factors[FACTORS[0]].to_numpy()
    noise = first[:, None] * generator.normal(0.0, 1.0, (DAYS, len(STYLES)))
    found = overlay(factors, pd.DataFrame(noise, factors.index, STYLES), "digest")
    # White: E[x^2 e^2] / E[x^2]^2 = 3 for e = x z, so sqrt 3 times the plain error, which is 1/sqrt(days)
    np.testing.assert_allclose(found.loading_error[:, 0], np.sqrt(3.0 / DAYS), rtol=0.15)
    np.testing.assert_allclose(found.loading_error[:, 1:], np.sqrt(1.0 / DAYS), rtol=0.15)


def test_only_days_that_both_have_are_used(data: tuple) -> None:
    factors, styles = data
    holes = factors.copy()
    holes.iloc[:500, 3] = np.nan
    found = overlay(holes, styles.iloc[:-700], "digest")
    assert found.days == DAYS - 1200
    assert found.window == (str(factors.index[500].date()), str(factors.index[-701].date()))
    with pytest.raises(InputError, match="119 days in common"):
        overlay(factors.iloc[:119], styles, "digest")
    assert overlay(factors.iloc[:120], styles, "digest").days == 120
