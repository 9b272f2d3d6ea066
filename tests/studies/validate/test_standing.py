"""The line of `calibrate` on its memory: for any market, and a reason where the data are too few."""

from pathlib import Path

from tailrisk.config.load import located, read_market
from tailrisk.core.names import HOME
from tailrisk.data.sample import write_sample
from tailrisk.studies.validate.standing import plain, standing
from tests.studies.backtest.worlds import closes

CALIBRATED = Path(__file__).parents[3] / "configs" / "calibrated"
US = "markets/us_indices.toml"


def line(path: Path, file: str, market: str, **asked) -> str:
    where = {"market": located(market), "names": read_market(market)}
    return standing(CALIBRATED / file, [path], **where, **{"since": None, "histories": 20, **asked})


def test_a_market_of_two_foreign_indices_is_judged_from_the_first_day_asked(tmp_path):
    write_sample(tmp_path / "us.csv")
    whole = line(tmp_path / "us.csv", "us_2018.toml", US, until="2003-12-31")
    assert whole.startswith("memory, beside 20 simulated histories: ")
    assert "statistics lie outside" in whole
    later = line(tmp_path / "us.csv", "us_2018.toml", US, until="2003-12-31", since="2002-06-03")
    assert later != whole


def test_too_few_days_are_said_in_one_line(tmp_path):
    for days, said in ((251, "250 daily returns of a bucket (needed: more than 250"), (252, "lie outside")):
        closes(days).to_csv(tmp_path / "home.csv")
        text = line(tmp_path / "home.csv", "ladder_2023.toml", HOME, until="2016-12-31")
        assert said in text
        assert "\n" not in text


def test_the_config_behind_it_is_of_that_market_from_the_long_run():
    config = plain(CALIBRATED / "us_2018.toml", located(US), read_market(US))
    assert config.names.buckets == ("sp500", "nasdaq")
    assert (config.market.process, config.market.start) == ("memory", "stationary")
