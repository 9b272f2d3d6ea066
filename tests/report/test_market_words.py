"""What a page says of the process its paths were drawn from."""

from tailrisk.report.sections import market_words


def test_regimes_memory_and_days_are_told_apart():
    assert market_words({"states": 4, "shocks": "gaussian"}, 4) == "4 regimes and Gaussian shocks"
    assert market_words({"states": 1, "shocks": "student"}, 1) == "1 regime and Student\u2011t shocks"
    assert market_words({}, 3) == "3 regimes and random shocks"
    assert "regimes of shocks" in market_words({"process": "memory", "states": 4}, 3)
    assert "whole days of history" in market_words({"process": "days", "states": 4}, 3)
