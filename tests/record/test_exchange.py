"""What two processes retain, put together: the bits of one process that met every path, in any order."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from unittest import mock

import jax
import numpy as np
import pytest

from tailrisk.assemble.world import assemble
from tailrisk.config import load
from tailrisk.core.processes import ALONE, Group
from tailrisk.record import collect, exchange, uncertainty
from tailrisk.record.tally import Counts
from tailrisk.simulate.blocks import BLOCK, blocks

SMALL = [
    "run.paths=20000", "run.days=3", "tail.levels=[0.9, 0.99]", "run.chunk=2048",
    'event=[{name="s", pair=["csi1000","csi300"], window=20, threshold=-3.0}]', "market.warmup=simulated",
    'tail.risks=["entropic:5", "wang:0.3"]',
]  # fmt: skip


@pytest.fixture(scope="module")
def world():
    return assemble(load("smoke.toml", SMALL), None)


@pytest.fixture(scope="module")
def parts(world):
    return dict(blocks(world, 20_000, chunk=2048))


@pytest.fixture(params=[False, True], ids=["plain", "weighted"])
def met(request, world, parts):
    """What a process of a group retains, its blocks met in order or backwards."""
    config = load("smoke.toml", SMALL)

    def retained(group, backwards=False):
        sampled = collect._empty(config, world, weighted=request.param)
        for first in sorted(group.dealt(range(0, 20_000, BLOCK)), reverse=backwards):
            outcome = parts[first]
            if request.param:
                drawn = np.random.default_rng(first).exponential(size=outcome.fault.shape)
                outcome = replace(outcome, weight=drawn)
            for one in collect.reduction(sampled, config).end(first, (None, outcome)):
                collect._keep(sampled, config, one)
        return sampled

    return retained


def test_blocks_of_a_group_are_those_of_one_process(world, parts):
    for number in range(2):
        for first, outcome in blocks(world, 20_000, chunk=2048, group=Group(number, 2)):
            assert first // BLOCK % 2 == number
            same = jax.tree.map(np.array_equal, outcome, parts[first])
            assert all(jax.tree.leaves(same))


def in_step(count, work):
    """What `work` returns to each of so many processes, which are threads here and exchange bytes."""
    sent, meet = {}, Barrier(count, timeout=60)

    def gathered(parts, group):
        sent[group.number] = list(parts)
        meet.wait()
        return zip(*(sent[number] for number in range(count)), strict=True)

    with (
        mock.patch.object(exchange, "gathered", gathered),
        mock.patch.object(uncertainty, "gathered", gathered),
        ThreadPoolExecutor(count) as pool,
    ):
        return list(pool.map(work, (Group(number, count) for number in range(count))))


def exchanged(samples):
    """The samples after an exchange."""
    in_step(len(samples), lambda group: exchange.together(samples[group.number], group))
    return samples


def bits(sampled):
    """Everything that a result is written of."""
    columns = [sampled.tails.column(c) for c in range(sampled.tails.columns)]
    return jax.tree.map(
        lambda x: np.asarray(x).tobytes() if isinstance(x, np.ndarray) else x,
        [
            [(c.loss, c.path, c.weight, c.moments.sums) for c in columns],
            [m.state() for m in sampled.moments().values()],
            [sampled.loss_counts, sampled.z_counts, sampled.seen, sampled.risks.first, sampled.weight()],
            [sampled.faults, sampled.unbalanced],
        ],
    )


@pytest.mark.parametrize("count", [2, 4])
def test_any_number_of_processes_gives_the_bits_of_one(met, count):
    first, *others = exchanged([met(Group(k, count)) for k in range(count)])
    assert bits(first) == bits(met(ALONE))
    assert all((one.faults, one.unbalanced) == (0, 0) for one in others)


def test_blocks_in_any_order_give_the_same_bits(met):
    assert bits(met(ALONE)) == bits(met(ALONE, backwards=True))


def test_a_fault_of_one_process_is_known_to_all(met):
    samples = [met(Group(k, 2)) for k in range(2)]
    samples[1].faults = 3
    assert [one.faults for one in exchanged(samples)] == [3, 3]


def test_sums_of_weights_do_not_depend_on_their_order():
    random = np.random.default_rng(0)
    parts = random.exponential(size=(500, 7)) * 10.0 ** random.integers(-9, 3, (500, 1))
    sums, naive = [], []
    for order in (range(500), random.permutation(500)):
        counts, added = Counts((7,), weighted=True), np.zeros(7)
        for k in order:
            counts.add(parts[k])
            added += parts[k]
        sums.append(counts.value)
        naive.append(added)
    np.testing.assert_array_equal(sums[0], sums[1])
    assert (naive[0] != naive[1]).any()
    np.testing.assert_allclose(sums[0], parts.sum(axis=0), rtol=1e-14)


def test_repeats_of_all_processes_come_in_order():
    found = [(np.array([float(k)]), np.full((2, 1), float(k))) for k in range(5)]
    for whole in in_step(2, lambda group: uncertainty._of_all(found[group.number :: 2], 5, group)):
        assert [float(one[0]) for one, _ in whole] == [0, 1, 2, 3, 4]
        assert [float(other[1, 0]) for _, other in whole] == [0, 1, 2, 3, 4]
