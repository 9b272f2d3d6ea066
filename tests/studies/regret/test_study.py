"""The regret study: its shortfalls, leverage, recovery and training, on cases whose answers are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.products import account
from tailrisk.simulate.managed import Days, Managed
from tailrisk.simulate.tape import Tape
from tailrisk.studies.regret import markets, policies, survival, teach
from tests import accounts

BOOK = [0.1, 0.25, 0.25, 0.3, 0.1]


def tape(days, paths=1):
    made = [accounts.day(np.array(day)) for day in days]
    stacked = jax.tree.map(lambda *x: jnp.stack(x), *made)
    return Tape(days=stacked, z=jnp.zeros((len(days), 2, paths)))


def dma():
    """Four times, hedged with IC and IM; three more funds make up the study's four."""
    own = accounts.fund(long=[4 * w for w in BOOK], short=[0, 2.0, 2.0], call=0.15, reset=0.2, initial=0.25)
    one = accounts.params(own)
    return jax.tree.map(lambda x: jnp.concatenate([x] * len(markets.PRODUCTS)), one)


def test_the_parts_of_a_shortfall_have_it_as_their_mean():
    loss = np.random.default_rng(0).normal(size=2000)
    es, part = policies.shortfall_of(loss)
    assert es == pytest.approx(part.mean())
    assert es == pytest.approx(np.sort(loss)[-100:].mean(), rel=2e-3)


def test_the_brokers_loss_rises_strictly_with_leverage():
    """mechanism 9.10: stocks fall by half beside indices that do not."""
    crash = tape([[0.0, 0.0, 0.0, -0.5, -0.9]] * 4)
    owed = []
    for calls in (True, False):
        lived = policies.unmanaged(markets.params_at(dma(), survival.LEVERAGES, calls), crash)
        owed.append(np.asarray(account.shortfall(lived.state))[:, 0])
        loss = 1 - np.asarray(lived.days.nav)[0, :, 0]
        assert loss[1] / loss[2] == pytest.approx(0.5, abs=0.01), "twice is half of four times before calls"
    assert (np.diff(owed[1][2:]) > 0).all()
    assert (owed[0] <= owed[1] + 1e-12).all(), "calls spare the broker"


def managed(excess, called):
    days = Days(nav=excess, excess=excess, called=called)
    return Managed(state=None, days=days)


def test_recovery_counts_survivors_and_those_not_forced():
    """Four paths that lost a tenth: back, never back, back after a call, dead."""
    steps = 40
    excess = np.ones((steps, 1, 4))
    excess[5:] = 0.9
    excess[12:, 0, 0] = 0.96
    excess[12:, 0, 2] = 0.96
    excess[8:, 0, 3] = 0.0
    called = np.zeros((steps, 1, 4), bool)
    called[7, 0, 2] = True
    found = survival.recovered(managed(excess, called), 0, np.full(4, 6))
    assert found["paths"] == 4
    assert found["survive"] == pytest.approx(3 / 4)
    assert found["unforced"] == pytest.approx(2 / 4)
    assert found["recover"] == pytest.approx(2 / 3)
    assert found["recover_unforced"] == pytest.approx(1 / 2)
    assert found["recover_forced"] == pytest.approx(1)


def test_a_switch_before_a_fall_gains_and_after_it_does_not():
    """Small caps fall once and come back: going to the index pays on the eve and costs at the low."""
    fall = [0.0] * 3 + [-0.2] + [-0.3]
    days = [[0.0] * 5] * 8 + [fall] + [[0.0] * 5] * 2 + [[0, 0, 0, 0.2, 0.3]] * 2 + [[0.0] * 5] * 30
    stacked = jax.tree.map(lambda *x: jnp.stack(x), *[accounts.day(np.array(day), paths=2) for day in days])
    two = Tape(days=stacked, z=jnp.zeros((len(days), 2, 2)))
    market = markets.Market(two, np.array([8, 8]), np.zeros(2))
    fund = accounts.params(*[accounts.fund(long=BOOK, benchmark=1)] * 4)
    table = survival.flips(fund, market, "none")
    gain = table[(table["policy"] == "top_1800") & (table["product"] == "ie500")].set_index(
        ["switch", "closes_later"]
    )["gain"]
    low, half_way = 0.6 + 0.3 * 0.8 + 0.1 * 0.7, 0.6 + 0.3 * 0.8 * 1.2 + 0.1 * 0.7 * 1.3
    assert gain[-1, 3] == pytest.approx(1 - half_way), "out on the eve"
    assert gain[0, 3] == pytest.approx(low - half_way), "out at the low"
    assert gain[5, 8] == pytest.approx(0, abs=1e-12), "out after all of it"


def test_a_network_goes_into_a_vector_and_back():
    net = teach.begin(2, 2, jnp.float32)
    point = teach.flat({key: np.asarray(x[1]) for key, x in net.items()})
    for key, field in teach.unflat(point, net).items():
        np.testing.assert_array_equal(field, net[key][1])


def test_training_finds_that_a_tilt_which_only_loses_is_not_held():
    """Small caps fall every day; both ways of training must leave, and the unseen paths choose one."""
    rng = np.random.default_rng(1)
    returns = np.zeros((8, 5, 64))
    returns[:, 3:] = -0.01 + 0.002 * rng.normal(size=(8, 1, 64))
    days = [accounts.day(day, paths=64) for day in returns]
    market = Tape(days=jax.tree.map(lambda *x: jnp.stack(x), *days), z=jnp.zeros((8, 2, 64)))
    fund = accounts.params(accounts.fund(long=BOOK, benchmark=1))
    with jax.numpy_dtype_promotion("standard"):  # optax relies on it
        _, table = teach.teach(fund, market, market, policies.ends(fund), 25, 0.9)
    row = table.iloc[0]
    assert row["adam"] < 0.7 * row["start"]
    assert row["cma"] < 0.7 * row["start"]
    assert row[row["kept"]] == min(row["start"], row["adam"], row["cma"])
