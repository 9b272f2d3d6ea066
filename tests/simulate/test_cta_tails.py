"""A CTA's Student shocks: their law, their volatility, and what they do to the worst of sixty days."""

import tomllib
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.core.calendar import YEAR
from tailrisk.core.errors import InputError
from tailrisk.simulate import path

CALIBRATED = Path(__file__).resolve().parents[2] / "configs" / "calibrated" / "cta_2024.toml"
SECOND = 'products.other_cta={family="cta", label="b", benchmark="cash", volatility_annual=0.1, nu=%s}'


def shocks(config):
    """A CTA's daily returns before cash [day, path]."""
    world = assemble(config)
    own = jax.jit(lambda number, days: path.draw(world, number, days).own)
    drawn = own(jnp.arange(32768, dtype=jnp.uint32), jnp.arange(1, 61, dtype=jnp.uint32))
    at = list(config.products).index("cta")
    return np.asarray(drawn, float) * float(world.products.own[at])


def worst_es(daily):
    worst = np.sort(-daily.min(axis=0))
    return worst[-len(worst) // 100 :].mean()


def test_the_shocks_are_a_t_of_the_stated_volatility():
    config = load("cta_tails.toml")
    cta = config.products["cta"]
    daily = shocks(config)
    sd = cta.volatility_annual / np.sqrt(YEAR)
    assert daily.std() == pytest.approx(sd, rel=0.01)
    law = stats.t(cta.nu, scale=sd * np.sqrt(1 - 2 / cta.nu))
    assert stats.kstest(daily.ravel()[::7], law.cdf).pvalue > 1e-3
    assert stats.kstest(daily.ravel()[::7], stats.norm(scale=sd).cdf).pvalue < 1e-6


def test_the_worst_day_is_as_deep_as_the_law_says():
    """ES 99 % of the worst of sixty days: by quadrature over the law of a minimum, and Gaussian beside it."""
    heavy, light = load("cta_tails.toml"), load("cta_tails.toml", ["products.cta.nu=1000"])
    found = [worst_es(shocks(config)) for config in (heavy, light)]
    u = 0.99 + 0.01 * (np.arange(200_000) + 0.5) / 200_000
    sd = heavy.products["cta"].volatility_annual / np.sqrt(YEAR)
    for nu, es in zip((heavy.products["cta"].nu, 1000), found, strict=True):
        law = stats.t(nu, scale=sd * np.sqrt(1 - 2 / nu))
        assert es == pytest.approx(law.isf(-np.expm1(np.log(u) / 60)).mean(), rel=0.06)
    assert found[0] > 1.5 * found[1]


def test_the_config_says_what_was_fitted():
    fitted = tomllib.loads(CALIBRATED.read_text(encoding="utf-8"))["cta"]
    cta = load("cta_tails.toml").products["cta"]
    assert cta.nu == pytest.approx(fitted["nu"], abs=0.005)
    assert cta.volatility_annual == pytest.approx(fitted["volatility_annual"], abs=5e-5)
    assert fitted["gaussian_p"] < 0.05


def test_ctas_that_differ_in_tails_are_refused():
    with pytest.raises(InputError, match="the same for every CTA"):
        load("cta_tails.toml", [SECOND % "4.0"])
    assert load("cta_tails.toml", [SECOND % "6.11"]).products["other_cta"].nu == 6.11
