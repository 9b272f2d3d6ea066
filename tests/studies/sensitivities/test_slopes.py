"""Derivatives of ES against a closed form, three methods against each other, and what is refused."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr, ndtri

from tailrisk.assemble.world import assemble
from tailrisk.cli import main as tailrisk
from tailrisk.config import load
from tailrisk.studies.sensitivities.edit import groups, numbers, placed, shifted
from tailrisk.studies.sensitivities.fields import fields
from tailrisk.studies.sensitivities.sample import Base, affordable, chosen, simulated
from tailrisk.studies.sensitivities.scores import alone, score
from tailrisk.studies.sensitivities.slopes import differences, pathwise, ratio, smooth
from tailrisk.studies.sensitivities.study import moved

LEVEL, DAYS, HELD = "0.975", 20, 1.5
LINEAR = (
    "event=[]",
    'market.process="regimes"',
    "market.states=1",
    f"run.days={DAYS}",
    "run.paths=65536",
    "run.chunk=8192",
    "products.mine.family=own",
    "products.mine.label=Mine",
    f"products.mine.long={{csi300 = {HELD}}}",
)


def closed(config, *, held=HELD, volatility=1.0, drift=0.0):
    """ES of held (1 - e^R) over the horizon, R normal."""
    law, a = config.fitted, float(LEVEL)
    mean = DAYS * (law.mean[0][0] + drift / 242)
    sd = volatility * math.sqrt(DAYS * law.covariance[0][0][0])
    z = ndtri(1 - a)
    return held * (1 - math.exp(mean + sd**2 / 2) * ndtr(z - sd) / (1 - a))


@pytest.fixture(scope="module")
def linear():
    config = load("configs/feb2024.toml", list(LINEAR))
    world = assemble(config)
    base = simulated(world, config.run.paths, config.run.chunk, LEVEL)
    place = list(config.products).index("mine")
    some = chosen(base, [place], 8192, 0)
    known = {one.name: one for one in fields(config, ["mine"], 0.01)}
    return config, world, base, place, some, known


def found(linear, name):
    """Value and error by every method of a field."""
    config, world, base, place, some, known = linear
    worlds = moved(config, known[name])
    ways = differences(worlds, base, some, [place])
    if smooth(world, worlds):
        ways += pathwise(world, worlds, base, some, [place])
    if alone(worlds.down, worlds.up):
        ways += ratio(score(world, worlds.down, worlds.up, worlds.step, base.paths), base, [place])
    return {one.method: (one.value, one.error) for one in ways}


def test_the_es_itself_is_the_closed_form(linear):
    config, _, base, place, _, _ = linear
    assert base.shortfall(place) == pytest.approx(closed(config), rel=0.01)


@pytest.mark.parametrize(
    ("name", "truth", "methods"),
    [
        ("products.*.long.csi300", lambda c: closed(c), 2),
        ("generator.drift", lambda c: slope(lambda e: closed(c, drift=e)), 3),
        ("generator.volatility.csi300", lambda c: slope(lambda e: closed(c, volatility=1 + e)), 3),
        ("generator.volatility.regime_1", lambda c: slope(lambda e: closed(c, volatility=1 + e)), 3),
    ],
)
def test_every_method_gives_the_closed_form(linear, name, truth, methods):
    right, ways = truth(linear[0]), found(linear, name)
    assert len(ways) == methods
    for method, (value, error) in ways.items():
        assert error < (0.1 if method == "likelihood ratio" else 0.03) * abs(right)  # sharp enough to fail
        assert abs(value - right) < 4 * error + 2e-4 * abs(right), method
    # what moves with the number beats weights, and both of these are of the same paths
    assert ways["differences"][0] == pytest.approx(ways["pathwise"][0], rel=0.02)


def slope(function, step=1e-5):
    return (function(step) - function(-step)) / (2 * step)


def test_what_no_product_holds_does_not_move_it(linear):
    (value, error), *_ = found(linear, "generator.volatility.micro_over_csi2000").values()
    assert (value, error) == (0.0, 0.0)


def test_a_chain_has_a_ratio_and_no_path():
    config = load("configs/feb2024.toml", ["event=[]", "run.days=20", "run.paths=32768", "run.chunk=8192"])
    world = assemble(config)
    base = simulated(world, config.run.paths, config.run.chunk, LEVEL)
    place = list(config.products).index("ie500")
    known = {one.name: one for one in fields(config, ["ie500"], 0.05)}
    field = known["generator.stay.regime_1"]
    worlds = moved(config, field)
    assert not smooth(world, worlds)
    assert alone(worlds.down, worlds.up)
    (by_ratio,) = ratio(score(world, worlds.down, worlds.up, worlds.step, base.paths), base, [place])
    (by_step,) = differences(worlds, base, chosen(base, [place], 8192, 0), [place])
    assert by_ratio.value < -5 * by_ratio.error  # told from nothing: the calmer, the less
    assert abs(by_ratio.value - by_step.value) < 4 * math.hypot(by_ratio.error, by_step.error)


def test_chosen_paths_give_the_mean_of_all_without_bias():
    draw = np.random.default_rng(0)
    base = Base(draw.standard_normal((2, 20_000)), LEVEL)
    var = base.at_risk(0)
    exact, errors, stated = np.maximum(base.loss[0] - var, 0), [], []
    for seed in range(200):
        some = chosen(base, [0, 1], 512, seed)
        assert len(np.unique(some.number)) == 512
        mean, error = some.mean(exact[some.number], base.loss[0, some.number], var)
        errors.append(mean - exact.mean())
        stated.append(error)
    assert abs(np.mean(errors)) < 4 * np.std(errors) / math.sqrt(200)
    assert np.std(errors) < np.mean(stated)  # that of the choice, and the run's own beside it
    assert np.mean(stated) < 0.3 * exact.std() / math.sqrt(512)  # far less than of paths taken evenly


def test_the_cost_is_kept():
    assert affordable(20_000, 35, 2.0) == 512
    assert 2 * 35 * 512 <= 2 * 20_000
    assert affordable(1000, 500, 2.0) == 128
    assert affordable(10**8, 1, 2.0) == 8192


def test_records_are_changed_at_their_place_alone():
    config = load("configs/crowd_feb2024.toml", [])
    files = config.attached.crowd
    steps = ("cohorts", "*", "momentum", "strength")
    after = placed(files.participants, steps, lambda x: 2 * x)
    assert numbers(after, steps) == [2 * x for x in numbers(files.participants, steps)]
    assert after.cohorts["dma"].basis == files.participants.cohorts["dma"].basis
    assert ("impact", "strength", "*") in set(groups(files.market))
    weights = shifted({"a": 0.2, "b": 0.3, "c": 0.5}, "a", 0.08)
    assert weights == pytest.approx({"a": 0.28, "b": 0.27, "c": 0.45})


SEVEN = ("ie300", "ie500", "ie1000", "neutral", "dma", "long_short", "cta")
SMALL = (
    "market.start=crisis",
    "run.days=8",
    "run.paths=1024",
    *(f"crowd.edges.{one}=0" for one in ("speculators", "snowball", "state", "followers")),
)


def run(*words):
    with pytest.raises(SystemExit) as stop:
        tailrisk(["sensitivities", *map(str, words)])
    return stop.value.code


def test_a_crowd_from_the_command_line(tmp_path, capsys):
    sets = [word for one in (*SMALL, "report.language=zh") for word in ("--set", one)]
    asked = [
        "--product",
        "dma",
        "--field",
        "crowd.panic.*",
        "--field",
        "products.*.long",
        "--actor-paths",
        128,
    ]
    assert run("crowd_feb2024.toml", *asked, *sets, "-o", tmp_path / "out") == 0
    assert "Who makes it" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "out" / "sensitivities.csv").set_index("field")
    long = table.loc["products.dma.long"]
    assert long["effect_low"] > 0  # more of it loses more
    assert 0.5 < long["elasticity"] < 1.5
    assert table.loc["crowd.panic.strength.*", "effect"] > 0
    split = pd.read_csv(tmp_path / "out" / "actors.csv").set_index("actor")
    assert split["share"].drop("all").sum() == pytest.approx(split["share"]["all"], abs=1e-3)
    assert split["share_high"]["panic"] > 0  # of so few paths no more is told
    assert json.loads((tmp_path / "out" / "record.json").read_text())["language"] == "zh"
    shown = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert 'lang="zh-Hans"' in shown
    assert "ES 百分点" in (tmp_path / "out" / "actors.svg").read_text(encoding="utf-8")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "What moves ES of DMA 4x" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--product", "mine"], "--product"),
        (["--field", "crowd.nothing"], "--field"),
        (["--set", "sampling.method=importance"], "plain"),
        ([word for name in SEVEN for word in ("--product", name)], "at most 6"),
        (["--level", "0.9999"], "--level"),
        (["--level", "0.97,0.99"], "--level"),
        (["--set", "run.paths=2048", "--level", "0.999"], "20 paths beyond"),
    ],
)
def test_what_is_refused(tmp_path, capsys, words, said):
    assert run("feb2024.toml", "--set", "run.paths=20000", *words, "-o", tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()
