"""Other measures of risk: of a stream what they are of the whole sample, in bounded memory."""

import numpy as np
import pytest

from tailrisk.config import load
from tailrisk.core.errors import InputError
from tailrisk.core.risks import KINDS, example, risk
from tailrisk.record import risks
from tailrisk.tail import (
    TailStream,
    conditional_drawdown,
    entropic,
    expectile,
    exponential_spectral,
    pareto_interval,
    partial_moment,
    proportional_hazard,
    value_at_risk,
    wang,
)

ASKED = {
    "expectile:0.99": expectile("0.99"),
    "entropic:8": entropic(8.0),
    "partial_moment:0.1": partial_moment(0.1),
    "partial_moment:0.05:2": partial_moment(0.05, 2.0),
    "wang:0.5": wang(0.5),
    "exponential_spectral:20": exponential_spectral(20.0),
    "proportional_hazard:0.6": proportional_hazard(0.6),
}
PATHS, BLOCK = 20_000, 4096


def config(*more, asked=(*ASKED, "mean", "es:0.9", "conditional_drawdown:0.95")):
    said = ", ".join(f'"{name}"' for name in asked)
    return load("smoke.toml", [f"run.paths={PATHS}", f"tail.risks=[{said}]", *more])


def sampled(weighted):
    rng = np.random.default_rng(3)
    loss = np.minimum(0.08 * rng.gumbel(size=(2, PATHS)), 1.0).astype(np.float32)
    return loss, rng.gamma(4.0, 0.25, PATHS) if weighted else None


def heavy():
    """Losses with a Pareto tail, and weights that are small where the loss is large."""
    rng = np.random.default_rng(5)
    loss = np.minimum(0.01 * rng.pareto(1.8, size=(2, PATHS)), 1.0).astype(np.float32)
    return loss, rng.gamma(4.0, 0.25, PATHS) / (1 + 20 * loss[1])


def streamed(said, loss, weight, blocks):
    """The risks of two columns met in any order of blocks."""
    kept = risks.empty(said, len(loss))
    worst = TailStream(len(loss), PATHS // 5)
    for b in blocks:
        part = slice(b, min(b + BLOCK, PATHS))
        w = None if weight is None else weight[part]
        for sums in kept.sums_of(loss[:, part], w).get("risks", ()):
            kept.sums.take(sums, loss[:, part].shape[1], weighted=w is not None)
        if (first := kept.whole(b, loss[:, part])) is not None:
            kept.add(b, first)
        worst.add(loss[:, part], np.arange(PATHS, dtype=np.uint32)[part], w)
    return kept, [worst.column(c) for c in range(len(loss))]


@pytest.mark.parametrize("drawn", [lambda: sampled(False), lambda: sampled(True), heavy])
def test_of_a_stream_they_are_those_of_the_whole_sample(drawn):
    loss, weight = drawn()
    share = None if weight is None else weight / weight.sum()
    said = config()
    kept, worst = streamed(said, loss, weight, reversed(range(0, PATHS, BLOCK)))
    for name, measure in ASKED.items():
        found, paths = risks._figure(said, kept, risk(name), 1, worst[1], weight)
        whole = measure.interval(loss[1].astype(float), share, confidence=0.95)
        assert paths == PATHS
        assert found.estimate == pytest.approx(whole.estimate, rel=1e-9), name
        bounds = whole.low, whole.high if name.startswith("partial") else min(whole.high, 1.0)
        assert (found.low, found.high) == pytest.approx(bounds, rel=2e-3, abs=1e-6), name


def test_the_order_of_blocks_moves_no_digit():
    loss, _ = sampled(False)
    said = config()
    one, other = (
        streamed(said, loss, None, order) for order in (range(0, PATHS, BLOCK), range(4 * BLOCK, -1, -BLOCK))
    )
    for name in ASKED:
        assert risks._figure(said, one[0], risk(name), 0, one[1][0], None) == risks._figure(
            said, other[0], risk(name), 0, other[1][0], None
        ), name


def test_memory_is_bounded_and_what_is_left_says_of_how_many_paths(monkeypatch):
    monkeypatch.setattr(risks, "CELLS", 2 * 1000)
    loss, _ = sampled(False)
    kept, worst = streamed(config(), loss, None, range(0, PATHS, BLOCK))
    assert kept.first.shape == (2, 1000)
    found, paths = risks._figure(config(), kept, risk("wang:0.5"), 0, worst[0], None)
    assert paths == 1000
    assert found.estimate == pytest.approx(wang(0.5)(loss[0, :1000].astype(float)))
    exact, paths = risks._figure(config(), kept, risk("entropic:8"), 0, worst[0], None)
    assert paths == PATHS, "a sum is of every path"
    assert exact.estimate == pytest.approx(entropic(8.0)(loss[0].astype(float)))


def test_an_expectile_below_what_is_kept_is_that_of_the_first_paths():
    loss, _ = sampled(False)
    kept, worst = streamed(config(), loss, None, range(0, PATHS, BLOCK))
    low, _ = risks._figure(config(), kept, risk("expectile:0.6"), 0, worst[0], None)
    assert low.estimate == pytest.approx(expectile("0.6")(loss[0].astype(float)))
    assert risks.of_worst(worst[0], 0.6, 0.95) is None


def test_the_table_has_a_row_a_loss_and_drawdowns_of_every_day():
    said = config('tail.losses=["terminal", "max_drawdown"]')
    columns = 2 * 2 * len(said.products)
    rng = np.random.default_rng(5)
    loss = rng.normal(0, 0.1, (columns, PATHS)).astype(np.float32)
    kept, worst = streamed(said, loss, None, range(0, PATHS, BLOCK))
    nav = np.exp(rng.normal(0, 0.02, (30, len(said.products), 500)).cumsum(axis=0))
    table = risks.table(said, worst, kept, nav, None)
    assert len(table) == columns * (len(ASKED) + 2) + len(said.products)
    drawdown = table[table.risk == "conditional_drawdown:0.95"].iloc[0]
    fall = 1 - nav[:, 0] / np.maximum(np.maximum.accumulate(nav[:, 0], axis=0), 1)
    assert drawdown.value == pytest.approx(conditional_drawdown(fall, level=0.95).estimate)
    assert drawdown.paths == 500
    es = table[table.risk == "es:0.9"].iloc[0]
    row = loss[0].astype(float)
    assert es.value == pytest.approx(row[row >= value_at_risk(row, level=0.9)].mean(), rel=1e-6)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("expectil:0.9", "no measure"),
        ("expectile", "0 numbers"),
        ("expectile:0.4", "above 0.5"),
        ("wang:much", "'much'"),
        ("mean:0.9", "1 numbers"),
        ("entropic:inf", "below 100"),
        ("proportional_hazard:0", "above 0"),
        ("pareto_es:0.99:0.995", "above the level"),
        ("contribution", "0 numbers"),
    ],
)
def test_what_is_no_measure_is_refused(text, problem):
    with pytest.raises(InputError, match=problem):
        risk(text)
    with pytest.raises(InputError, match=r"tail\.risks\.1"):
        load("smoke.toml", [f'tail.risks=["es", "{text}"]'])


def test_every_kind_has_an_example_that_it_takes():
    for kind, known in KINDS.items():
        middle = [f"{(max(low, -1) + min(high, 1)) / 2:g}" for _, low, high in known.numbers]
        assert risk(":".join([kind, *middle])).name.startswith(kind)
        assert example(kind).startswith(kind)


def test_an_expectile_among_the_worst_is_of_every_path_whatever_is_kept_whole(monkeypatch):
    monkeypatch.setattr(risks, "FIRST", BLOCK)
    loss, _ = sampled(False)
    said = config()
    kept, worst = streamed(said, loss, None, range(0, PATHS, BLOCK))
    assert kept.first.shape[1] < PATHS
    found, paths = risks._figure(said, kept, risk("expectile:0.99"), 0, worst[0], None)
    whole = ASKED["expectile:0.99"].interval(loss[0].astype(float), None, confidence=0.95)
    assert paths == PATHS
    assert found.estimate == pytest.approx(whole.estimate, rel=1e-6)
    _, few = risks._figure(said, kept, risk("wang:0.5"), 0, worst[0], None)
    assert few == kept.first.shape[1]


def test_no_mean_is_above_all_there_is():
    loss = 0.1 * np.random.default_rng(6).standard_normal((1, PATHS)).astype(np.float32)
    loss += np.float32(0.9999) - loss.mean()
    said = config()
    _, worst = streamed(said, loss, None, range(0, PATHS, BLOCK))
    found, _ = risks._figure(said, risks.empty(said, 1), risk("mean"), 0, worst[0], None)
    assert found.estimate == pytest.approx(0.9999, rel=1e-6)
    assert found.low < found.estimate < found.high <= 1.0
    free = risks.estimates.mean(worst[0].moments, confidence=0.95, most=np.inf)
    assert free.high > 1.0, "the sample alone would say more"


PARETO = {"pareto_var:0.999": "value_at_risk", "pareto_es:0.999:0.98": "expected_shortfall"}


@pytest.mark.parametrize("weighted", [False, True])
def test_a_pareto_tail_of_the_worst_is_that_of_the_whole_sample(weighted):
    """In bounded memory the same fit and interval; the default start is ten times as likely as the level."""
    loss, weight = sampled(weighted)
    share = None if weight is None else weight / weight.sum()
    said = config(asked=PARETO)
    assert said.tail.lowest == min(*said.tail.levels, 0.98)
    kept, worst = streamed(said, loss, weight, range(0, PATHS, BLOCK))
    row = loss[0].astype(float)
    for (name, measure), start in zip(PARETO.items(), ("0.99", "0.98"), strict=True):
        one = risk(name)
        assert one.start == start
        found, paths = risks._figure(said, kept, one, 0, worst[0], weight)
        threshold = value_at_risk(row, share, level=start)
        whole = pareto_interval(row, share, threshold=threshold, level="0.999", measure=measure, ceiling=1.0)
        assert paths == PATHS
        assert (found.estimate, found.low, found.high) == pytest.approx(
            (whole.estimate, whole.low, whole.high), rel=1e-9
        )
    assert worst[0].loss.size < PATHS / 4


def test_a_pareto_law_has_its_own_var_and_es():
    """xi = 0.3, sigma = 0.01: VaR = sigma (q^-xi - 1) / xi, ES = (VaR + sigma) / (1 - xi), inside 95 %."""
    xi, sigma, q = 0.3, 0.01, 0.001
    uniform = np.random.default_rng(7).uniform(size=(1, PATHS))
    loss = (sigma * (uniform**-xi - 1) / xi).astype(np.float32)
    said = config(asked=["pareto_var:0.999:0.95", "pareto_es:0.999:0.95"])
    kept, worst = streamed(said, loss, None, range(0, PATHS, BLOCK))
    var = sigma * (q**-xi - 1) / xi
    for one, truth in zip(kept.asked, (var, (var + sigma) / (1 - xi)), strict=True):
        found, _ = risks._figure(said, kept, one, 0, worst[0], None)
        assert found.low < truth < found.high
        assert found.estimate == pytest.approx(truth, rel=0.15)


def test_an_edge_has_no_pareto_tail_and_says_so():
    said = config('tail.losses=["terminal"]', asked=["pareto_es:0.99"])
    columns = 2 * len(said.products)
    loss = np.minimum(np.random.default_rng(1).exponential(0.2, (columns, PATHS)), 0.5).astype(np.float32)
    kept, worst = streamed(said, loss, None, range(0, PATHS, BLOCK))
    table = risks.table(said, worst, kept, None, None)
    assert table.value.isna().all()
    assert table.indicative.all()
    assert ((table.threshold > 0.3) & (table.threshold < 0.5)).all()


def test_the_influence_of_weighted_paths_is_added_up_over_all_of_them(monkeypatch):
    """Weights that are small where losses are large: what the worst weigh counts once, twice and thrice."""
    loss, weight = heavy()
    _, worst = streamed(config(), loss, weight, range(0, PATHS, BLOCK))
    seen = []
    monkeypatch.setattr(risks.Pulls, "bounds", lambda it, *more: seen.append(it) or (0.0, 1.0))
    found = risks.of_worst(worst[1], 0.99, 0.95)
    share, x, a = weight / weight.sum(), loss[1].astype(float), 0.99
    beyond = x > found.estimate
    scale = a * share[beyond].sum() + (1 - a) * share[~beyond].sum()
    pull = np.where(beyond, a, 1 - a) * (x - found.estimate) / scale
    (it,) = seen
    assert np.sum(share * pull) == pytest.approx(0.0, abs=1e-9)
    wanted = [np.sum(share**power * pull**k) for power, k in ((2, 0), (2, 1), (2, 2), (3, 3))]
    assert [it.squares, it.first, it.second, it.third] == pytest.approx(wanted, rel=1e-6)
