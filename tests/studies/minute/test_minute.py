"""The minute of 19 February: acceptance check 20, closed forms of its counterfactuals, the command."""

from pathlib import Path

import numpy as np
import pytest

from tailrisk.cli import main
from tailrisk.core.errors import InputError
from tailrisk.studies.minute.attribution import NOTIONS, sellers, sets, shares, worth
from tailrisk.studies.minute.config import Minute, load_minute
from tailrisk.studies.minute.counterfactual import counterfactuals
from tailrisk.studies.minute.grid import grid
from tailrisk.studies.minute.halt import exposure, halt

CONFIG = Path(__file__).resolve().parents[3] / "configs" / "minute_20240219.toml"


def changed(**fields):
    """The library's minute with some fields replaced, validated again."""
    return Minute.model_validate(load_minute(CONFIG).model_dump() | fields)


@pytest.fixture(scope="module")
def said():
    return load_minute(CONFIG)


@pytest.fixture(scope="module")
def points(said):
    return grid(said)


@pytest.fixture(scope="module")
def table(points):
    return shares(points)


def test_shares_totals_and_falls_are_those_of_mechanism_20(said):
    sse, szse = said.venues["sse"], said.venues["szse"]
    assert sse.sold + szse.sold == pytest.approx(2.567)
    assert (100 * sse.fall, 100 * szse.fall) == (
        pytest.approx(0.643, abs=5e-4),
        pytest.approx(0.956, abs=5e-4),
    )
    assert 100 * sse.sold / sse.turnover == pytest.approx(5.30, abs=5e-3)
    assert 100 * szse.sold / szse.turnover == pytest.approx(4.22, abs=5e-3)
    assert said.bought - sse.sold - szse.sold == pytest.approx(0.187)


def test_the_square_root_law_gives_the_range_of_mechanism_4_7(table):
    law = (table["law"] == "square_root") & (table["coefficient"] == "published") & (table["strength"] == 1.0)
    for venue, low, high in (("sse", 0.09, 0.20), ("szse", 0.07, 0.13)):
        part = table[law & (table["venue"] == venue) & (table["half_life"] == 3600.0)]["alone"]
        assert part.min() == pytest.approx(low, abs=0.006)
        assert part.max() == pytest.approx(high, abs=0.006)


def test_a_linear_law_gives_the_bound_of_20_percent_imbalance(table):
    part = table[(table["law"] == "linear") & (table["coefficient"] == "fitted") & (table["give_back"] == 0)]
    upper = part[part["imbalance"] == 0.2]["removed"]
    assert upper.max() == pytest.approx(0.265, abs=1e-3)
    assert part["removed"].min() == pytest.approx(0.0422, abs=2e-3)


def test_the_answer_is_a_set_for_every_law_and_notion(said, table):
    found = sets(table)
    assert len(found) == len(said.venues) * len(said.laws) * 2 * len(NOTIONS)
    assert (found["high"] > 1.5 * found["low"]).all()
    assert (found["low"] > 0).all()


def test_shapley_sums_to_the_fall_and_is_blind_to_labels_and_order(said, points):
    value = worth(points)
    full = shares(points)
    fitted = (full["coefficient"] == "fitted").to_numpy()
    np.testing.assert_allclose((value[-1] + points.given)[fitted], points.fall[fitted], rtol=1e-12)
    split = sellers(said, points, "Lingjun")
    names = list(said.sellers)
    other = {f"seller {k}": said.sellers[name] for k, name in enumerate(reversed(names))}
    renamed = changed(sellers=other, seller="zzz")
    again = sellers(renamed, grid(renamed), "zzz")
    mine = split[split["seller"] == "Lingjun"]
    theirs = again[again["seller"] == "zzz"]
    np.testing.assert_allclose(mine["low"], theirs["low"], rtol=1e-10)
    np.testing.assert_allclose(mine["high"], theirs["high"], rtol=1e-10)
    first = split[split["seller"] == names[0]]["high"].to_numpy()
    np.testing.assert_allclose(
        again[again["seller"] == f"seller {len(names) - 1}"]["high"], first, rtol=1e-10
    )


def test_every_points_shares_sum_to_one(said, points):
    one = changed(
        flow=said.flow.model_dump() | {"imbalance": (0.3,), "give_back": (0.1,), "half_life": (60.0,)}
    )
    table = sellers(one, grid(one), "Lingjun")
    fitted = table[table["coefficient"] == "fitted"].query("law != 'concave'")
    np.testing.assert_allclose(fitted.groupby(["venue", "law"])["low"].sum(), 1.0, rtol=1e-12)


def test_concave_laws_put_removal_below_and_alone_above_shapley(table):
    concave = table[table["exponent"] < 1]
    assert (concave["removed"] < concave["shapley"]).all()
    assert (concave["shapley"] < concave["alone"]).all()


def test_points_that_explain_more_than_the_fall_are_dropped(table):
    assert 0 < (~table["possible"]).sum() < 50
    assert (table.loc[~table["possible"], "explained"] > 1).all()


def simple(said, reaction):
    """One linear law without decay or give-back; the order is sold over the whole minute."""
    venue = said.venues["sse"].model_dump()
    return changed(
        venues={"sse": venue},
        laws={"linear": {"exponents": (1.0,), "strength": (0.1,), "of_volatility": False}},
        flow={"imbalance": (0.2,), "give_back": (0.0,), "half_life": (60.0,), "passing": 0.0},
        reaction=reaction,
        halt=None,
    )


def test_who_reacts_changes_what_removal_does_by_the_closed_form(said):
    one = simple(said, (-0.5, 0.0, 0.5))
    points = grid(one)
    found = counterfactuals(one, points, np.ones(len(points.points), bool))
    fitted = found[(found["coefficient"] == "fitted") & (found["scenario"] == "removed")]
    part = 1.195 / (0.2 * 22.528)
    for rho, left in zip(fitted["reaction"], fitted["first_minute_low"], strict=True):
        total, relative = 0.0, 1.0
        for second in range(60):
            total += (1 - part) * (1 + rho * (relative - 1))
            relative = total / (second + 1)
        assert left == pytest.approx(relative, rel=1e-9)
        assert left == pytest.approx((1 - part) * (1 - rho) / (1 - rho * (1 - part)), abs=0.02)
    assert fitted["first_minute_low"].is_monotonic_decreasing


def test_spread_over_the_day_a_linear_order_without_decay_ends_where_it_would_have(said):
    one = simple(said, (0.0,))
    points = grid(one)
    found = counterfactuals(one, points, np.ones(len(points.points), bool)).set_index(
        ["scenario", "coefficient"]
    )
    assert found.loc[("over 240 minutes", "fitted"), "close_low"] == pytest.approx(
        found.loc[("as it was", "fitted"), "close_low"], rel=1e-9
    )
    assert found.loc[("over 30 minutes", "fitted"), "first_minute_low"] == pytest.approx(
        1 - 0.26523 * 29 / 30, abs=1e-4
    )
    back = found.loc[("sold and bought back", "fitted"), "close_low"]
    assert back == pytest.approx(found.loc[("only the day's net", "fitted"), "close_low"], rel=1e-9)
    assert back > 0


def test_a_halt_costs_those_who_leave_and_nobody_who_stays(said):
    few = said.halt.model_copy(update={"paths": 2048, "books": ("ie500",)})
    np.testing.assert_allclose(exposure(few, 1.0, halted=False), [1.0, 0.5, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(exposure(few, 0.5, halted=True), [1.0, 1.0, 1.0, 1.0, 0.75])
    found = halt(few).set_index("holder")
    assert found.loc["leaves", "es_cost"] > found.loc["leaves", "es_half"] > 0
    assert found.loc["leaves", "es_cost"] > found.loc["halves the book", "es_cost"]
    assert found.loc["stays", "es_cost"] == 0.0
    assert found.loc["leaves", "realised_cost"] < 0


def test_books_that_are_none_are_refused(said):
    with pytest.raises(InputError, match=r"halt\.books"):
        halt(said.halt.model_copy(update={"paths": 100, "books": ("nothing",)}))


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("sold = 1.195", "sold = 30.0", "below turnover"),
        ("after = 2868.02", "after = 2900.0", "a fall"),
        ("imbalance = [0.2,", "imbalance = [0.01,", "order alone"),
        ('"public funds" = 0.2', '"public funds" = 0.3', "sum to one"),
        ("sold = 1.195", "sold = -1.0", "sold"),
        ("exponents = [0.5]", "exponents = [1.5]", "exponents"),
        ('seller = "Lingjun"', 'seller = "public funds"', "none of sellers"),
        ("passing = 0.33", "pasing = 0.33", "pasing"),
    ],
)
def test_bad_configs_are_refused_with_field_and_what_is_allowed(tmp_path, old, new, match):
    text = CONFIG.read_text()
    assert old in text
    (tmp_path / "m.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=match):
        load_minute(tmp_path / "m.toml")


def walk(*arguments):
    """A command as a person runs it: exit code."""
    with pytest.raises(SystemExit) as done:
        main([str(a) for a in arguments])
    return done.value.code


def test_the_command_writes_the_folder_and_refuses_to_replace_it(tmp_path, capsys):
    text = CONFIG.read_text().split("[halt]")[0].replace("smoothing = [30, 60, 240]", "smoothing = [60]")
    text = text.replace("give_back = [0.0, 0.15, 0.3]", "give_back = [0.0]").replace(
        "[-0.5, 0.0, 0.5]", "[0.0]"
    )
    (tmp_path / "m.toml").write_text(text)
    assert walk("minute", tmp_path / "m.toml", "-o", tmp_path / "out") == 0
    told = capsys.readouterr().out
    assert "SSE Composite" in told
    folder = tmp_path / "out" / "minute"
    names = {file.name for file in folder.iterdir()}
    assert {"README.md", "sets.csv", "sellers.csv", "counterfactuals.csv", "sets.svg", "record.json"} <= names
    assert {"report.html", "sets.png", "sets.pdf"} <= names
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "The answer is a set, not a number." in page[: page.index("<nav")]
    assert "halt.csv" not in names
    assert walk("minute", tmp_path / "m.toml", "-o", tmp_path / "out") == 2
    assert "force" in capsys.readouterr().err


def test_a_config_that_is_not_there_is_refused_in_words(capsys):
    assert walk("minute", "nowhere.toml") == 2
    assert "nowhere.toml" in capsys.readouterr().err
