"""Runs repeated over draws of the parameters and under other laws."""

import json
import tomllib

import jax
import numpy as np
import pandas as pd
import pytest

from tailrisk.assemble.drawn import drawn, under
from tailrisk.assemble.world import assemble
from tailrisk.calibrate.draws import _block
from tailrisk.config import load
from tailrisk.config.library import find
from tailrisk.core import InputError
from tailrisk.record import run as runs
from tailrisk.record import uncertainty
from tailrisk.report.page import write
from tailrisk.report.terminal import show
from tailrisk.tail import expected_shortfall, value_at_risk

SMALL = ["run.paths=3000", "run.days=12", "tail.levels=[0.9, 0.95]", "name=small"]
SHORT = 'event=[{name="s", pair=["csi1000","csi300"], window=40, threshold=-3.0}]'
ASKED = ["uncertainty.parameters=3", "uncertainty.paths=1024"]
ENDS = ["parameters_low", "parameters_high"]


def config(*overrides):
    return load("feb2024.toml", [*SMALL, SHORT, *overrides])


def ran(folder, *overrides):
    return runs.run(config(*overrides), folder, force=True, command="a test", progress=False)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return ran(tmp_path_factory.mktemp("world"), *ASKED)


def table(folder):
    return pd.read_csv(folder / "uncertainty.csv")


def alike(folder):
    """A file of draws that are all the fit itself."""
    said = tomllib.loads(find("calibrated/ladder_2023.toml").read_text())["memory"]
    of = [f"{name} = {said[name]}" for name in ("variance", "phi", "leverage")]
    block = ["[[draw]]", *_block(said, "draw")]
    path = folder / "alike.toml"
    path.write_text("\n".join(["[of]", *of, *block, *block, *block]))
    return path


def test_each_interval_lies_in_the_next(result):
    found = table(result)
    assert {"tail", "events", "accounts"} == set(found.table)
    inner, outer = found[["low", "high"]], found[ENDS]
    assert (outer.parameters_low <= inner.low + 1e-12).all()
    assert (outer.parameters_high >= inner.high - 1e-12).all()
    assert (found.world_low <= outer.parameters_low).all()
    assert (found.world_high >= outer.parameters_high).all()
    var = found[(found.figure == "var") & (found["subject"] == "ie500") & (found.view == "absolute")]
    assert (var.deviation > 0).all()
    assert (var.world_high >= var.law_regimes).all()
    cta = found[(found.figure == "var") & (found["subject"] == "cta")]
    assert (cta.deviation < 1e-3).all()  # its own law has no draws


def test_the_tables_and_the_page_show_the_wider_interval(result):
    tail, events = pd.read_csv(result / "tail.csv"), pd.read_csv(result / "events.csv")
    found = table(result)
    es = found[(found.figure == "es") & (found.table == "tail")].set_index(
        ["subject", "view", "measure", "level"]
    )
    row = tail.iloc[0]
    key = (row["product"], row["view"], row["measure"], row["level"])
    assert row.es_world_high == pytest.approx(es.loc[key].world_high)
    assert row.es_world_low < row.es_low
    assert row.drift_world_low < row.drift_low
    assert events.rate_world_high[0] > events.rate_high[0]
    assert events.return_period_world_low[0] == pytest.approx(10 / events.rate_world_high[0])
    record = json.loads((result / "record.json").read_text())["uncertainty"]
    assert record["laws"] == ["memory", "regimes"]
    assert (record["parameters"], record["paths"]) == (3, 1024)
    text = write(result).read_text()
    assert "the error of the market&#39;s fit (3 draws)" in text
    assert f"{100 * row.es_world_high:.1f}" in text
    assert "small" in show(result)


def test_draws_that_are_all_alike_give_the_sampling_interval_back(tmp_path):
    laws = ["uncertainty.laws=[]", f'uncertainty.draws="{alike(tmp_path)}"']
    found = table(ran(tmp_path, *ASKED, *laws))
    rare = found.deviation.isna()  # met on fewer than thirty paths of all draws
    assert (found.deviation[~rare] == 0).all()
    assert set(found.figure[rare]) <= {"margin_breach", "wipe_out"}
    for own, wide in zip(("low", "high"), ENDS, strict=True):
        np.testing.assert_allclose(found[wide], found[own], rtol=1e-9, atol=0)


def test_the_same_bytes_whatever_the_chunk(result, tmp_path):
    again = ran(tmp_path, *ASKED, "run.chunk=256")
    assert (again / "uncertainty.csv").read_bytes() == (result / "uncertainty.csv").read_bytes()
    assert (again / "tail.csv").read_bytes() == (result / "tail.csv").read_bytes()


def test_a_draw_of_parameters_is_another_argument_of_the_same_program():
    for said in (config(*ASKED), load("crowd_feb2024.toml", [SHORT, "uncertainty.parameters=3"])):
        world = assemble(said)
        other = drawn(said, world, 1)
        assert said.draws == 3
        assert jax.tree.structure(other) == jax.tree.structure(world)
        kinds = [[(x.shape, x.dtype) for x in map(np.asarray, jax.tree.leaves(w))] for w in (world, other)]
        assert kinds[0] == kinds[1]
        moved = [not np.array_equal(x, y) for x, y in zip(*map(jax.tree.leaves, (world, other)), strict=True)]
        assert any(moved)
    assert said.attached.members
    assert not np.array_equal(world.crowd.impact.impact, other.crowd.impact.impact)


def test_another_law_is_another_process():
    said = config(*ASKED)
    world = assemble(said)
    assert type(under(said, world, "regimes").process) is not type(world.process)
    assert said.other_laws == ("regimes",)
    assert config(*ASKED, "market.process=regimes").other_laws == ("memory",)
    assert config(*ASKED, "market.process=regimes").draws == 0


def test_without_the_block_nothing_is_repeated_and_the_record_says_so(tmp_path):
    folder = ran(tmp_path)
    assert not (folder / "uncertainty.csv").exists()
    assert "es_world_low" not in pd.read_csv(folder / "tail.csv")
    record = json.loads((folder / "record.json").read_text())
    assert record["uncertainty"]["said"].startswith("Monte Carlo error alone")
    assert "uncertainty" not in config().resolved()
    assert "Intervals hold Monte Carlo error alone" in record["limitations"][-1]


@pytest.mark.parametrize(
    ("overrides", "found"),
    [
        (["uncertainty.parameters=1"], "one has no spread"),
        (["uncertainty.parameters=400"], "at most 32, the draws of ladder_2023_draws.toml"),
        (['uncertainty.laws=["days"]'], "without market.residuals"),
        (["uncertainty.paths=512", "tail.levels=[0.95, 0.999]"], "four losses beyond tail.levels = 0.999"),
        (['uncertainty.draws="nowhere.toml"'], "no such file"),
    ],
)
def test_what_cannot_be_repeated_is_refused(overrides, found):
    with pytest.raises(InputError, match=found):
        config(*overrides)


def test_draws_of_another_fit_are_refused(tmp_path):
    path = alike(tmp_path)
    text = path.read_text()
    path.write_text(text.replace("phi = [0.01", "phi = [0.11", 1))
    with pytest.raises(InputError, match="draws of another fit: its phi differs"):
        config(f'uncertainty.draws="{path}"', *ASKED)


def test_drift_is_beside_every_loss_whichever_were_asked_for(tmp_path):
    every = pd.read_csv(ran(tmp_path) / "tail.csv")
    some = ran(tmp_path, 'tail.losses=["worst_day"]')
    tail = pd.read_csv(some / "tail.csv")
    assert np.isfinite(tail.drift).all()
    np.testing.assert_array_equal(tail.drift, every[every.measure == "worst_day"].drift)
    parts = pd.read_csv(some / "drift.csv").groupby("part").loss.sum()
    assert parts["drift"] == pytest.approx(parts.drop("drift").sum())


def test_other_measures_of_risk_have_their_drift_beside_them(tmp_path):
    folder = ran(tmp_path, 'tail.risks=["var", "es", "expectile:0.9"]')
    risks, tail = pd.read_csv(folder / "risks.csv"), pd.read_csv(folder / "tail.csv")
    wanted = tail.drop_duplicates(["product", "view"]).set_index(["product", "view"]).drift
    assert len(risks)
    for _, row in risks.iterrows():
        assert row.drift == wanted[row["product"], row["view"]]
    text = write(folder).read_text()
    assert "drift is the mean loss over the horizon" in text


def test_the_figures_of_a_repeat_are_those_of_its_paths():
    """VaR, ES and mean of all paths and without a group, as `tail` has them of the same losses."""
    rng, said = np.random.default_rng(4), config("tail.levels=[0.9, 0.99]")
    loss = rng.standard_t(4, 2048).astype("f4")
    whole, without = uncertainty._of_loss(said, loss)
    for left_out, found in ((None, whole), (5, without[5])):
        stays = np.arange(2048) % uncertainty.GROUPS != (-1 if left_out is None else left_out)
        some = loss[stays].astype(float)
        assert found[0] == pytest.approx(some.mean())
        for k, level in enumerate((0.9, 0.99)):
            assert found[1 + 2 * k] == pytest.approx(value_at_risk(some, level=level))
            assert found[2 + 2 * k] == pytest.approx(expected_shortfall(some, level=level))


def test_days_of_ones_own_are_a_law_where_their_table_is_named(tmp_path):
    said = config()
    rows = np.random.default_rng(6).normal(size=(300, 5))
    lines = ["date," + ",".join(said.names.factors)]
    lines += [f"2020-01-{1 + k % 28:02d}," + ",".join(f"{x:.6f}" for x in row) for k, row in enumerate(rows)]
    (tmp_path / "own.csv").write_text("\n".join(lines))
    said = config(*ASKED, f'market.residuals="{tmp_path / "own.csv"}"')
    assert said.other_laws == ("regimes", "days")
    world = assemble(said)
    assert world.process.days is None
    assert under(said, world, "days").process.days.rows.shape == (300, 5)
    assert said.draws == 3
    assert said.repeats == 5 * 1024
