"""Policies: when a rule acts, which books it goes to, and what the learned one does at its edges."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from tailrisk.core.names import home
from tailrisk.policies import books, learned, rule
from tailrisk.policies.observation import Book, Observation

MODERATE = np.array([[0.10, 0.25, 0.25, 0.30, 0.10]])
INDEX = np.array([[0, 1.0, 0, 0, 0]])


def book(weights, gross=1.0):
    return Book(weights=jnp.asarray(weights), gross=jnp.asarray([gross]), short=jnp.zeros((1, 3)))


def seen(day, z=0.0, excess=1.0):
    one = jnp.ones((1, 1))
    return Observation(
        day=jnp.int32(day),
        weights=jnp.asarray(MODERATE)[:, :, None],
        gross=one,
        excess=excess * one,
        called=one < 0,
        returns=jnp.zeros((5, 1)),
        annual_basis=jnp.zeros((3, 1)),
        z=jnp.asarray([[z], [0.0]]),
    )


def a_rule(**said):
    counts = {"date": 0, "lag": 1, "back": 0, "lasting": 2, "watched": 0}
    counts |= {k: v for k, v in said.items() if k in counts}
    return rule.Params(
        **{name: jnp.int32(value) for name, value in counts.items()},
        threshold=jnp.asarray(said.get("threshold", -jnp.inf)),
        pace=jnp.asarray(1.0),
        away=book(INDEX),
        home=book(MODERATE),
    )


def course(params, zs):
    """What the rule trades at closes 1, 2, ...: 'a' away, 'h' home, '-' nothing."""
    state = rule.init(params, 1)
    done = [rule.decide(params, state, seen(0))]
    for t, z in enumerate(zs[:-1]):
        state, decision = rule.step(params, state, seen(t + 1, z))
        done.append(decision)
    marks = []
    for decision in done:
        to_index = float(decision.weights[0, 1, 0]) == 1.0
        marks.append(("a" if to_index else "h") if float(decision.act[0, 0]) else "-")
    return "".join(marks)


def test_when_a_rule_acts():
    calm, storm = [0.0] * 9, [0.0, 0.0, -7.0, 0.0, -8.0, 0.0, 0.0, 0.0, 0.0]
    assert course(a_rule(), storm) == "---------", "hold"
    assert course(a_rule(date=4), calm) == "---aa----"
    assert course(a_rule(date=1), calm) == "aa-------"
    assert course(a_rule(threshold=-6.0), storm) == "---aa----", (
        "seen at the third close, traded at the fourth"
    )
    assert course(a_rule(threshold=-6.0, lag=3), storm) == "-----aa--", "the first time alone counts"
    assert course(a_rule(threshold=-6.0, back=1), storm) == "---ahh---", (
        "hesitates: out, and back the next day"
    )
    assert course(a_rule(threshold=-7.5), storm) == "-----aa--"


def test_the_style_box_bounds_the_active_size():
    tight = books.style_box(MODERATE, INDEX, 0.1)
    assert abs(((tight - INDEX) @ books.size())[0]) == pytest.approx(0.1)
    assert tight.sum() == pytest.approx(1)
    np.testing.assert_array_equal(books.style_box(tight, INDEX, 0.2), tight)
    assert (np.diff(books.size()) < 0).all(), "size falls from CSI 300 to the micro-caps"


def test_the_other_books():
    np.testing.assert_allclose(books.top_1800(MODERATE)[0], [1 / 6, 5 / 12, 5 / 12, 0, 0])
    np.testing.assert_allclose(books.shift(MODERATE)[0], [0.1, 0.4, 0.25, 0.1875, 0.0625])
    few = np.array([[0.5, 0.4, 0.0, 0.1, 0.0]])
    np.testing.assert_allclose(books.shift(few)[0], [0.5, 0.5, 0, 0, 0])
    hedged = np.array([[0.0, 0.5, 0.5]])
    np.testing.assert_allclose(books.hedge_with_im(MODERATE, hedged)[0], [0, 0, 1.0])
    np.testing.assert_allclose(books.hedge_with_im(MODERATE, 0 * hedged)[0], [0, 0, 0.4])


def test_the_books_find_their_buckets_by_name():
    names, order = home(), [3, 0, 4, 2, 1]
    turned = replace(names, buckets=tuple(names.buckets[k] for k in order), futures=names.futures[::-1])
    it, hedged = books.ladder(turned), np.array([[0.5, 0.5, 0.0]])
    moved = MODERATE[:, order]
    np.testing.assert_allclose(books.top_1800(moved, it), books.top_1800(MODERATE)[:, order])
    np.testing.assert_allclose(books.shift(moved, it=it), books.shift(MODERATE)[:, order])
    box = books.style_box(moved, INDEX[:, order], 0.1, it)
    np.testing.assert_allclose(box, books.style_box(MODERATE, INDEX, 0.1)[:, order])
    np.testing.assert_allclose(books.hedge_with_im(moved, hedged, it)[0], [1.0, 0, 0])


def network(bias, width=None):
    shape = (1, learned.HIDDEN)
    return learned.Params(
        inner=jnp.zeros((*shape, learned.features(2))),
        inner_bias=jnp.zeros(shape),
        outer=jnp.zeros((1, 2, learned.HIDDEN)),
        outer_bias=jnp.asarray([bias]),
        home=book(MODERATE, 4.0),
        safe=book(INDEX, 4.0),
        width=width,
        watched=(1, 2),
    )


def test_the_learned_policy_at_its_edges():
    """Saturated low it holds; high it goes to the safe book and cuts, once; its band is hard or smooth."""
    low = network([-9.0, -9.0])
    _, decision = learned.step(low, learned.init(low, 1, 2), seen(1))
    assert float(decision.act[0, 0]) == 0
    high = network([40.0, 0.0])
    state, decision = learned.step(high, learned.init(high, 1, 2), seen(1))
    np.testing.assert_allclose(decision.weights[:, :, 0], INDEX, atol=1e-12)
    assert float(decision.gross[0, 0]) == pytest.approx(2.0)
    assert float(decision.act[0, 0]) == 1
    assert float(learned.step(high, state, seen(2))[1].act[0, 0]) == 0, "it is there already"
    soft = replace(low, width=jnp.asarray(0.03))
    _, decision = learned.step(soft, learned.init(soft, 1, 2), seen(1))
    assert 0 < float(decision.act[0, 0]) < 0.01


def test_the_learned_policy_reads_what_it_sees():
    """One weight at a time: more negative z, more discount or a lower excess must move the tilt."""
    base = network([0.0, -9.0])
    for k in range(learned.features(2)):
        net = replace(base, inner=base.inner.at[0, :, k].set(1.0), outer=base.outer.at[0, 0].set(1.0))
        quiet, loud = (
            replace(seen(1, excess=e), z=jnp.full((2, 1), z), annual_basis=jnp.full((3, 1), b))
            for z, b, e in ((0.0, 0.0, 1.0), (-3.0, -0.3, 0.9))
        )
        tilt = [
            float(learned.step(net, learned.init(net, 1, 2), it)[0].done[0, 0, 0]) for it in (quiet, loud)
        ]
        assert tilt[0] == pytest.approx(0.5)
        assert tilt[1] < 0.45, k
