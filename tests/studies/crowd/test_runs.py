"""Worlds changed in their arrays, and what is said of paths under the same shocks."""

import jax
import numpy as np
import pytest

from tailrisk.studies.crowd import edges, runs
from tailrisk.tail import expected_shortfall
from tests.crowds import crowded


def test_an_edge_off_changes_its_arrays_and_nothing_else():
    world = crowded()
    for edge, places in edges.PLACES.items():
        changed = edges.off(world, (edge,))
        assert jax.tree.structure(changed) == jax.tree.structure(world), edge
        differ = sum(
            not np.array_equal(a, b)
            for a, b in zip(jax.tree.leaves(world), jax.tree.leaves(changed), strict=True)
        )
        assert differ <= len(places), edge
    nothing = edges.off(world, tuple(edges.PLACES))
    assert not np.asarray(nothing.crowd.panic.strength).any()
    assert not np.asarray(nothing.crowd.arbitrage).any()


def test_a_difference_is_paired_and_a_mean_has_its_half_width():
    values = np.random.default_rng(4).normal(2.0, 1.0, 10_000)
    half = 1.96 * values.std() / 100
    assert runs.mean(values) == f"{values.mean():.4g} ±{half:.2g}"
    shared = runs.paired(values + 0.5, values)
    assert shared.startswith("0.5 ±")
    assert float(shared.split("±")[1]) < 1e-12, "what both share leaves the interval"


def test_the_shortfall_is_the_houses_in_percent():
    loss = np.random.default_rng(5).normal(size=999)
    assert runs.shortfall(loss, 0.95) == pytest.approx(100 * float(expected_shortfall(loss, level=0.95)))
