"""A run with weighted paths: figures are those of the weighted sample, the record says how it was drawn."""

import json

import numpy as np
import pandas as pd
import pytest

from tailrisk.config import load
from tailrisk.core import InputError
from tailrisk.record import run as runs
from tailrisk.report.page import write
from tailrisk.report.terminal import show
from tailrisk.tail import weight_report

SMALL = [
    "run.paths=3000", "run.days=8", "tail.levels=[0.9, 0.95]", "name=small", "run.chunk=1024",
    'event=[{name="s", pair=["csi1000","csi300"], window=20, threshold=-6.0}]',
]  # fmt: skip


def config(*overrides):
    return load("feb2024.toml", [*SMALL, *overrides])


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    output = tmp_path_factory.mktemp("results")
    return {
        method: runs.run(
            config(f'sampling.method="{method}"', f"name={method}"),
            output, force=False, command="a test", progress=False,
        )
        for method in ("plain", "importance", "splitting", "automatic")
    }  # fmt: skip


def test_weighted_figures_agree_with_plain_ones_and_say_how_they_were_drawn(results):
    plain, weighted = (pd.read_csv(results[m] / "tail.csv") for m in ("plain", "importance"))
    apart = (plain.es - weighted.es) / np.hypot(
        plain.es_high - plain.es_low, weighted.es_high - weighted.es_low
    )
    assert np.abs(apart).max() < 1.2
    assert (plain.es != weighted.es).any()
    event = pd.read_csv(results["importance"] / "events.csv").iloc[0]
    assert event["count"] > 300, "the tilt made the event common"
    assert event.probability_low < event.probability < event.probability_high < 0.1
    assert event.probability_high - event.probability_low < 0.75 * event.probability  # 2 of plain paths
    curves = np.load(results["importance"] / "curves.npz")
    sums = curves["loss_counts"].sum(axis=-1)
    np.testing.assert_allclose(sums, sums.flat[0])
    said = json.loads((results["importance"] / "record.json").read_text())["sampling"]
    assert said["method"] == "importance"
    assert 100 < said["weights"]["effective"] < 3000
    assert abs(said["weights"]["mean"] - 1) < 4 * said["weights"]["mean_error"]
    assert "importance paths, worth" in " ".join(show(results["importance"]).split())
    assert "Sampling: method" in write(results["importance"]).read_text()


def test_the_choice_gives_its_reason(results):
    said = json.loads((results["automatic"] / "record.json").read_text())["sampling"]
    assert said["method"] in ("plain", "importance", "splitting")
    assert "variance of plain paths over that of weighted ones" in said["reason"]
    assert "by splitting" in said["reason"]
    assert "drawn by" not in show(results["plain"])
    assert json.loads((results["plain"] / "record.json").read_text())["sampling"] == {"method": "plain"}


def test_splitting_gives_the_event_and_leaves_the_rest_plain(results):
    plain, split = (pd.read_csv(results[m] / "tail.csv") for m in ("plain", "splitting"))
    pd.testing.assert_frame_equal(plain, split)
    usual, event = (pd.read_csv(results[m] / "events.csv").iloc[0] for m in ("plain", "splitting"))
    assert 0 < event.probability_low < event.probability < event.probability_high < 1
    assert event.rate_low < event.rate_per_10y < event.rate_high
    assert event.return_period_low < event.return_period_years < event.return_period_high
    width = np.hypot(
        usual.probability_high - usual.probability_low, event.probability_high - event.probability_low
    )
    assert event.probability != usual.probability
    assert abs(event.probability - usual.probability) < 1.2 * width
    said = json.loads((results["splitting"] / "record.json").read_text())["sampling"]
    assert said["method"] == "splitting"
    assert said["splitting"]["replicates"] == 32
    assert "all else from plain paths" in said["reason"]
    assert "splitting paths; asked for" in " ".join(show(results["splitting"]).split())
    assert "Sampling: splitting" in write(results["splitting"]).read_text()


@pytest.mark.parametrize("targets", ['["ie500.terminal"]', '["s", "ie500.terminal"]', "[]"])
def test_splitting_refuses_what_it_cannot_say(targets):
    other = 'event=[{name="s", pair=["csi1000","csi300"], window=20, threshold=-6.0}, {name="t", pair=["csi1000","csi300"], window=20, threshold=-5.0}]'  # fmt: skip  # noqa: E501
    with pytest.raises(InputError, match="one event"):
        config('sampling.method="splitting"', f"sampling.targets={targets}", other)


@pytest.mark.parametrize(
    ("override", "found"),
    [
        ('sampling.method="clones"', "sampling.method"),
        ('sampling.targets=["t"]', "'t' is neither an event nor a loss"),
        ('sampling.targets=["s", "s"]', "2 targets"),
        ('sampling.targets=["ie500.worst"]', "neither an event nor a loss"),
        ("sampling.defensive=0.0", "sampling.defensive"),
        ("event=[]", "0 targets"),
    ],
)
def test_what_cannot_be_sampled_is_refused(override, found):
    with pytest.raises(InputError, match=found):
        config('sampling.method="importance"', override)


def test_a_config_without_the_block_keeps_its_digest():
    assert "sampling" not in config().resolved()
    assert config().digest() != config('sampling.method="importance"').digest()


def test_a_report_of_weights():
    even = weight_report(np.ones(50))
    assert (even.effective, even.largest, even.mean, even.mean_error, even.shape) == (50, 0.02, 1, 0, None)
    heavy = weight_report(np.random.default_rng(1).pareto(1.2, 4000))
    assert heavy.effective < 1000
    assert heavy.shape == pytest.approx(1 / 1.2, abs=0.25)
