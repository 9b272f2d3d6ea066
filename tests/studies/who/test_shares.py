"""Shares of a fall: Shapley's from all coalitions, and actors of a replay switched off one by one."""

from dataclasses import replace
from functools import partial
from itertools import permutations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.simulate.crowd.replay import Record, replay
from tailrisk.simulate.crowd.world import Imposed
from tailrisk.studies.who.actors import PANIC, STATE, actors, everybody
from tailrisk.studies.who.fall import course, falls, rows
from tailrisk.studies.who.shares import ends, last, shapley
from tests.crowds import crowded

DAYS = tuple(f"2024-02-{day:02d}" for day in range(1, 8))


def by_orders(value, count):
    """Shapley's shares by all orders, one by one."""
    added = np.zeros(count)
    for order in permutations(range(count)):
        there = 0
        for actor in order:
            added[actor] += value[there | 1 << actor] - value[there]
            there |= 1 << actor
    return added / len(list(permutations(range(count)))) / value[-1]


def test_shares_are_the_mean_over_all_orders_and_sum_to_one_with_nobodys():
    value = np.random.default_rng(0).normal(size=(16, 2)) + 5
    share, none = shapley(value)
    for row in range(2):
        np.testing.assert_allclose(share[:, row], by_orders(value[:, row], 4), rtol=1e-10)
    np.testing.assert_allclose(share.sum(axis=0) + none, 1.0)


def test_who_adds_nothing_has_none_and_a_sum_is_divided_as_it_is():
    part = np.array([0.0, 1.0, 3.0])
    value = (2.0 + np.asarray(everybody(3)) @ part)[:, None]
    share, none = shapley(value)
    np.testing.assert_allclose(share[:, 0], part / 6, atol=1e-12)
    np.testing.assert_allclose(last(value)[:, 0], part / 6, atol=1e-12)
    assert none[0] == pytest.approx(2 / 6)
    every = value[:, 0]
    np.testing.assert_allclose(ends(every[0], every[2], every[5], every[7]), part[1] / 6)


def test_two_who_need_each_other_halve_it():
    share, none = shapley(np.array([[0.0], [0.0], [0.0], [1.0]]))
    assert share[:, 0].tolist() == [0.5, 0.5]
    assert none[0] == 0
    assert last(np.array([[0.0], [0.0], [0.0], [1.0]]))[:, 0].tolist() == [1.0, 1.0]


@pytest.fixture(scope="module")
def crowd():
    return crowded("crowd.edges.speculators=0").crowd


@pytest.fixture(scope="module")
def record(crowd):
    """Seven days that fall from outside, CSI 300 pinned, the state buying in the middle ones."""
    days, buckets = len(DAYS), crowd.buckets
    pinned = np.zeros((days, buckets), bool)
    pinned[:, 0] = True
    purchases = np.zeros((days, buckets))
    purchases[2:5, :3] = 20.0
    fall = np.repeat([[-0.003, -0.006, -0.008, -0.01, -0.012]], days, axis=0)
    imposed = Imposed(
        pinned=jnp.asarray(pinned),
        returns=jnp.asarray(0 * fall),
        purchases=jnp.asarray(purchases),
        refused=jnp.zeros(days),
    )
    return Record(stress=jnp.ones(days, bool), exogenous=jnp.asarray(fall), imposed=imposed)


@partial(jax.jit, static_argnums=0)
def fallen(who, crowd, record, there, windows):
    return falls(*who.without(crowd, record, there), windows)


@pytest.fixture(scope="module")
def divided(crowd, record):
    """Actors, rows, and what everybody's coalition and some others make of it."""
    who = actors(crowd.cohort_names)
    plan = rows(crowd, DAYS, np.asarray(record.exogenous), 1, 3, 6)
    found = {}
    count = len(who.names)
    for name in ("all", "nobody", *who.names):
        there = np.ones(count) if name == "all" else np.zeros(count)
        if name in who.names:
            there = np.where(np.arange(count) == who.names.index(name), 0.0, 1.0)
        found[name] = np.asarray(fallen(who, crowd, record, jnp.asarray(there), plan.windows))
    return who, plan, found


def test_every_cohort_is_of_one_actor(crowd):
    who = actors(crowd.cohort_names)
    assert sorted(row for rows_ in who.rows for row in rows_) == list(range(len(crowd.cohort_names)))
    assert actors(("dma", "mine")).names[:2] == ("DMA", "mine")


def test_a_course_is_the_replays(crowd, record):
    returns, units = course(crowd, record)
    np.testing.assert_allclose(returns, replay(crowd, record).returns, rtol=1e-9, atol=1e-15)
    assert units.shape == (len(DAYS), len(crowd.cohort_names))
    assert ((np.asarray(units) >= 0) & (np.asarray(units) < 1.2)).all()


def test_an_actor_who_is_off_already_has_no_part(divided):
    _, _, found = divided
    np.testing.assert_array_equal(found["speculators"], found["all"])


def test_panic_and_the_cohorts_make_micro_caps_fall_further(divided):
    _, plan, found = divided
    micro = plan.at("Micro-cap", "whole")
    assert found["all"][micro] > found["nobody"][micro] + 0.01
    assert found[PANIC][micro] < found["all"][micro] - 0.005
    assert not np.array_equal(found[STATE], found["all"])


def test_the_loss_of_a_cohort_that_is_off_is_still_known(divided):
    _, plan, found = divided
    row = plan.at("dma", "whole")
    assert 0.001 < found["DMA"][row] < 1


def test_without_anybody_the_fall_is_the_outsides(crowd, record, divided):
    who, plan, found = divided
    calm = replace(crowd, arbitrage=0 * crowd.arbitrage)
    alone = np.asarray(fallen(who, calm, record, jnp.zeros(len(who.names)), plan.windows))
    micro = plan.at("Micro-cap", "whole")
    days = plan.windows.end[micro] - plan.windows.begin[micro] + 1
    assert alone[micro] == pytest.approx(1 - 0.988**days, abs=2e-3)
    assert found["nobody"][micro] == pytest.approx(alone[micro], abs=2e-3)
