"""A process, a mechanism, a policy and a product of one's own, as the guide describes them."""

import json
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import tailrisk as tr
from tailrisk.core import InputError
from tailrisk.policies.observation import Decision

SMALL = {"run.paths": 2048, "run.days": 10, "tail.levels": [0.9], "event": []}
CROWD = {"run.paths": 128, "run.days": 3, "tail.levels": [0.9], "event": [], "accounts.every_path": False}


def one_factor(sd: float) -> tr.Process:
    """The largest bucket moves by one shock a day, others by a fifth of their own too; falls are stress."""

    def init(params: Any, uniform: Any) -> Any:
        return jnp.zeros_like(uniform)

    def step(params: Any, days: Any, uniform: Any, shocks: Any) -> Any:
        moves = [shocks[0], *(shocks[0] + 0.2 * own for own in shocks[1:])]
        return days + 1, params["sd"] * jnp.stack(moves), shocks[0] < -2

    return tr.Process(init, step, {"sd": sd}, name="one factor")


def test_a_process_of_ones_own_has_the_law_it_says() -> None:
    paths = tr.simulate("smoke.toml", process=one_factor(0.01), overrides=SMALL)
    log = np.log(paths.array("buckets")[-1])  # [bucket, path]
    apart = (log[1:] - log[0]).std(axis=-1)
    np.testing.assert_allclose(apart, 0.2 * 0.01 * np.sqrt(10), rtol=0.07)
    assert log[0].std() == pytest.approx(0.01 * np.sqrt(10), rel=0.07)  # 4 standard errors of 2,048 paths
    share = paths.array("regimes").mean()
    assert share == pytest.approx(0.0228, abs=0.005)


def test_a_run_with_a_process_of_ones_own_names_it() -> None:
    result = tr.run("smoke.toml", process=one_factor(0.02), overrides={**SMALL, "event": []}, page=False)
    twice = tr.run("smoke.toml", process=one_factor(0.04), overrides=SMALL, page=False)
    assert result.record["own"] == ["process: one factor"]
    assert twice.es("ie500", level=0.9).value > 1.8 * result.es("ie500", level=0.9).value
    assert "own" not in tr.run("smoke.toml", overrides=SMALL, page=False).record


def test_a_process_that_cannot_be_tilted_is_not() -> None:
    told = {"event": [{"name": "fall", "pair": ["csi1000", "csi300"], "threshold": -3.0}]}
    more = {"sampling.method": "importance", "run.paths": 2048, "run.days": 5, "tail.levels": [0.9]}
    with pytest.raises(InputError, match="cannot tilt"):
        tr.run("smoke.toml", process=one_factor(0.01), overrides={**told, **more})


def seller(share: float) -> tr.Mechanism:
    """Sells a share of a day's volume of the smallest bucket, spread over the rounds, and counts the days."""

    def init(params: Any, paths: int) -> Any:
        return jnp.zeros(paths)

    def step(params: Any, rounds: Any, seen: tr.Seen) -> Any:
        orders = jnp.zeros_like(seen.returns)
        sold = params["share"] * seen.volume[-1] / seen.rounds
        return rounds + 1, orders.at[-1].add(-sold)

    return tr.Mechanism(init, step, {"share": share}, name="seller")


def test_a_mechanism_of_ones_own_moves_prices_and_nothing_else() -> None:
    alone = tr.simulate("crowd_feb2024.toml", 128, overrides=CROWD)
    quiet = tr.simulate("crowd_feb2024.toml", 128, mechanism=seller(0.0), overrides=CROWD)
    loud = tr.simulate("crowd_feb2024.toml", 128, mechanism=seller(0.2), overrides=CROWD)
    np.testing.assert_array_equal(quiet.array("buckets"), alone.array("buckets"))
    fall = (loud.array("buckets")[-1] - alone.array("buckets")[-1]).mean(axis=-1)
    assert fall[-1] < -0.005, "the bucket it sells"
    assert abs(fall[0]) < 0.1 * abs(fall[-1]), "the largest hardly answers"


def test_a_mechanism_needs_a_market_that_answers() -> None:
    with pytest.raises(InputError, match=r"\[crowd\]"):
        tr.run("smoke.toml", mechanism=seller(0.1))


@dataclass(frozen=True)
class Halve:
    """Halves every stock book at the first close whose drawdown against the benchmark passes a line."""

    line: float

    def init(self, paths: int) -> Any:
        return jnp.zeros((), bool)

    def step(self, state: Any, seen: Any) -> tuple[Any, Decision]:
        act = (seen.excess < self.line).astype(seen.gross.dtype)
        short = jnp.zeros((*seen.gross.shape[:1], seen.annual_basis.shape[0], seen.gross.shape[-1]))
        whole = Decision(
            weights=seen.weights, gross=0.5 * seen.gross, short=short.astype(seen.gross.dtype), act=act
        )
        return state, whole


def test_a_policy_of_ones_own_manages_the_funds() -> None:
    told = {"run.days": 10, "run.precision": "float64"}
    never = tr.simulate("smoke.toml", 128, policy=Halve(0.0), overrides=told)
    always = tr.simulate("smoke.toml", 128, policy=Halve(9.0), overrides=told)
    assert never.products.shape == always.products.shape == (128 * 11, len(never.losses.columns))
    np.testing.assert_array_equal(never.array("buckets"), always.array("buckets"))
    spread = [one.losses["ie500"].std() for one in (never, always)]
    assert spread[1] < 0.6 * spread[0], "a book that is halved every close moves less"
    held = tr.simulate("smoke.toml", 128, overrides=told).losses["ie500"]
    assert np.corrcoef(held, never.losses["ie500"])[0, 1] > 0.99


class Extended:
    """130/30 on CSI 500: stocks worth 1.3 of NAV, futures sold for 0.3 of it."""

    label = "130/30"
    benchmark = "csi500"
    margin_rate = 0.1

    def positions(self, names: Any) -> tr.Positions:
        long = [1.3 * (bucket == "csi500") for bucket in names.buckets]
        short = [0.3 * (future == "IC") for future in names.contracts]
        return tr.Positions(long=tuple(long), short=tuple(short), futures=0.12, cash=0.0, financed=0.3)


def test_a_product_of_ones_own_is_recorded_in_full_and_lives() -> None:
    table = {"extends": "smoke.toml", "name": "mine", "products": {"mine": Extended()}}
    config = tr.load(table, {**SMALL, "run.paths": 512})
    paths = tr.simulate(config)
    index = paths.array("buckets")[-1][1]  # CSI 500
    cost = 0.3 * 0.035 / 242 * 10
    expected = 1 + 1.3 * (index - 1) - 0.3 * (index - 1) - cost
    np.testing.assert_allclose(paths.products["mine"].xs(10, level="day"), expected, rtol=1e-5)
    result = tr.run(config)
    told = json.loads((result.folder / "config.json").read_text(encoding="utf-8"))["products"]["mine"]
    assert told["family"] == "own"
    assert told["long"] == {"csi500": 1.3}
    assert "130/30" in result.page.read_text(encoding="utf-8")
    assert tr.load({**table, "products": {"mine": told}}).products["mine"] == config.products["mine"]


def test_a_product_of_the_wrong_length_is_refused() -> None:
    class Short(Extended):
        def positions(self, names: Any) -> tr.Positions:
            return replace(super().positions(names), long=(1.0,))

    with pytest.raises(InputError, match=r"products\.mine: positions\.long: 1 numbers"):
        tr.load({"extends": "smoke.toml", "products": {"mine": Short()}})
    with pytest.raises(InputError, match=r"products\.mine\.financed: 2 of a stock book of 1"):
        tr.load(
            {
                "extends": "smoke.toml",
                "products": {
                    "mine": {"label": "x", "family": "own", "long": {"csi500": 1.0}, "financed": 2.0}
                },
            }
        )
