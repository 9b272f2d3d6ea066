"""Getting out as a study: terms, books from files, the command."""

import re
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import tailrisk
from tailrisk.cli import main
from tailrisk.cli.options import repeated
from tailrisk.core.errors import InputError
from tailrisk.core.names import home
from tailrisk.studies.liquidity.config import Paths, load_terms
from tailrisk.studies.liquidity.paths import Days
from tailrisk.studies.liquidity.paths import days as market_days
from tailrisk.studies.liquidity.problem import prices, problem
from tailrisk.studies.liquidity.study import cohorts, liquidity, read_book

CONFIGS = Path(__file__).resolve().parents[3] / "configs"


@pytest.fixture(scope="module")
def terms():
    return load_terms(CONFIGS / "liquidity.toml")


def days(count=60, paths=600, limit_down=0.0):
    """Independent days of all buckets and futures."""
    rng = np.random.default_rng(2)
    return Days(
        returns=0.02 * rng.standard_normal((count, 5, paths)),
        limit_down=np.full((count, 5, paths), limit_down),
        futures=0.02 * rng.standard_normal((count, 3, paths)),
    )


def changed(terms, part, **fields):
    return terms.model_copy(update={part: getattr(terms, part).model_copy(update=fields)})


def test_capacity_is_mechanism_3_2s_arithmetic(terms):
    """46 billion of micro-caps at a tenth of 15 billion a day are 31 days."""
    sale = problem(terms, {"micro": 46.0}, home())
    a_day = sale.cap[: terms.slices].sum()
    assert 1.0 / a_day == pytest.approx(46 / 1.5, rel=1e-9)


def test_the_restriction_takes_the_volume_of_two_half_hours(terms):
    free = problem(terms, {"micro": 5.0}, home())
    bound = problem(changed(terms, "rules", restricted=True), {"micro": 5.0}, home())
    open_ = bound.cap / free.cap
    assert (open_[1:3] == 1.0).all()
    assert (open_[[0, 3]] < 0.65).all()
    assert (open_[[0, 3]] > 0.2).all()


def test_the_days_slices_end_where_the_days_do(terms):
    few = days(60, 20)
    seen = prices(terms, few, home(), ("csi300", "micro"))
    total = np.cumprod(1 + few.returns[:, [0, 4]], axis=0)
    np.testing.assert_allclose(seen.close[terms.slices - 1 :: terms.slices], total, rtol=1e-10)
    np.testing.assert_allclose(
        1 + seen.hedge[terms.slices - 1 :: terms.slices],
        np.cumprod(1 + few.futures[:, 2], axis=0),
        rtol=1e-10,
    )


def test_the_optimum_is_no_worse_than_the_others_and_limits_make_exits_longer(terms):
    small = terms.model_copy(update={"deadline": 5})
    free = liquidity(small, {"micro": 4.0, "csi1000": 10.0}, days(), home())
    table = free.table.set_index("schedule")
    capped = table.drop(index="immediate")
    assert capped["objective"].idxmin() == "optimal" or (
        capped.loc["optimal", "objective"] <= capped["objective"].min() + 0.1
    )
    assert set(table.index) == {"optimal", "TWAP", "VWAP", "POV", "immediate"}
    sold = free.schedule.groupby("bucket")["sell"].sum()
    assert sold["micro"] == pytest.approx(4.0, rel=1e-4)
    stuck = liquidity(small, {"micro": 4.0, "csi1000": 10.0}, days(limit_down=0.9), home())
    assert stuck.exits.mean() > free.exits.mean() + 1
    assert (free.exits <= 6).all()


def test_rounding_of_the_paths_leaves_every_figure_finite(terms):
    """Fractions at the limit come in single precision, some of them a little below zero."""
    small = terms.model_copy(update={"deadline": 3})
    found = liquidity(small, {"micro": 1.0}, days(limit_down=-4.5e-8), home())
    assert np.isfinite(found.table.select_dtypes("number")).all().all()


def test_books_are_read_in_billions(tmp_path):
    path = tmp_path / "b.csv"
    path.write_text("bucket,value\nmicro,2e9\ncsi300,6e9\n")
    assert read_book(path, home(), None) == pytest.approx({"csi300": 6.0, "micro": 2.0})
    path.write_text("bucket,weight\nmicro,0.25\ncsi300,0.75\n")
    assert read_book(path, home(), 4.0) == pytest.approx({"csi300": 3.0, "micro": 1.0})
    with pytest.raises(InputError, match="--value"):
        read_book(path, home(), None)
    with pytest.raises(InputError, match="--value"):
        read_book(path, home(), -1.0)
    path.write_text("bucket,value\nmicro,-2e9\ncsi300,6e9\n")
    with pytest.raises(InputError, match="short position"):
        read_book(path, home(), None)


def test_amounts_that_are_none_are_refused(terms):
    for amounts, match in (({}, "no bucket"), ({"micro": 0.0}, "amounts.micro"), ({"mircro": 1.0}, "bucket")):
        with pytest.raises(InputError, match=match):
            problem(terms, amounts, home())


def test_cohorts_have_their_micro_caps():
    books = cohorts(load_terms(CONFIGS / "liquidation_5feb.toml"))
    assert books["dma"]["micro"] == pytest.approx(46.0)
    assert sum(book["micro"] for book in books.values()) > 100


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("deadline = 20", "deadline = 0", "deadline"),
        ("slices = 4", "slices = 3", "slices"),
        ("participation = 0.10", "participation = 1.5", "participation"),
        ("window = 60", "window = 10", "before the deadline"),
        ('begin = "first day"', 'begin = "sometime"', "begin"),
        ('future = "IM"', 'future = "IX"', "IX"),
        ("level = 0.975", "level = 1.0", "level"),
        (", micro = 15.0", "", "micro"),
    ],
)
def test_bad_terms_are_refused(tmp_path, old, new, match):
    text = (CONFIGS / "liquidity.toml").read_text()
    assert old in text
    (tmp_path / "t.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=match):
        load_terms(tmp_path / "t.toml")


def walk(*arguments):
    """A command as a person runs it: exit code."""
    with pytest.raises(SystemExit) as done:
        main([str(a) for a in arguments])
    return done.value.code


def test_the_command_writes_a_folder(tmp_path, capsys):
    text = (CONFIGS / "liquidity.toml").read_text()
    for old, new in (("paths = 8192", "paths = 512"), ("window = 60", "window = 5"), ("= 2000", "= 200")):
        text = text.replace(old, new)
    (tmp_path / "t.toml").write_text(text.replace("deadline = 20", "deadline = 3"))
    (tmp_path / "mine.csv").write_text("bucket,value\nmicro,2e8\ncsi300,6e9\n")
    arguments = ("liquidity", tmp_path / "mine.csv", "--terms", tmp_path / "t.toml", "-o", tmp_path / "out")
    assert walk(*arguments) == 0
    assert "mine, free: 6.20 bn" in capsys.readouterr().out
    folder = tmp_path / "out" / "liquidity"
    table = pd.read_csv(folder / "schedules.csv")
    assert set(table["rules"]) == {"free", "restricted", "hedged"}
    assert np.isfinite(table.drop(columns=["warning"]).select_dtypes("number")).all().all()
    exits = pd.read_csv(folder / "exits.csv")
    assert exits.groupby(["book", "rules"])["out"].apply(lambda s: s.is_monotonic_increasing).all()
    assert "Basel" in (folder / "README.md").read_text()
    assert {"report.html", "exits.png", "exits.pdf"} <= {path.name for path in folder.iterdir()}
    html = (folder / "report.html").read_text(encoding="utf-8")
    answer = re.sub(r"<[^>]*>", "", html[: html.index("<nav")]).replace("\xa0", " ")
    best = table.query("rules == 'free' and schedule == 'optimal'").iloc[0]
    assert f"mine, 6.2 bn: getting out costs {best['cost']:.2f} % in the mean" in answer
    assert walk(*arguments) == 2
    assert "force" in capsys.readouterr().err
    again = tailrisk.liquidity(tmp_path / "mine.csv", terms=tmp_path / "t.toml")
    pd.testing.assert_frame_equal(again.schedules, table)


def test_what_the_command_cannot_use_is_refused_in_words(tmp_path, capsys):
    assert walk("liquidity") == 2
    assert "BOOK" in capsys.readouterr().err
    assert walk("liquidity", tmp_path / "no.csv") == 2
    assert "no.csv" in capsys.readouterr().err
    assert walk("liquidity", tmp_path / "no.csv", "--cohorts") == 2
    text = (CONFIGS / "liquidity.toml").read_text().replace("window = 60", "window = 20")
    (tmp_path / "t.toml").write_text(text)
    capsys.readouterr()
    assert walk("liquidity", "--cohorts", "--terms", tmp_path / "t.toml", "--deadline", 30) == 2
    assert "paths.window" in capsys.readouterr().err


def test_paths_need_a_crowd():
    with pytest.raises(InputError, match="crowd"):
        market_days(Paths(config="feb2024.toml"))


def test_an_argument_left_out_is_not_in_the_records_command():
    @click.command("leave")
    @click.argument("book", required=False)
    @click.option("--cohorts", is_flag=True)
    def leave(book, cohorts):
        click.echo(repeated())

    assert CliRunner().invoke(leave, ["--cohorts"]).output == "tailrisk leave --cohorts\n"
    assert CliRunner().invoke(leave, ["a.csv"]).output == "tailrisk leave a.csv\n"
