"""The glossary has every word of the tables a run writes."""

import re

import pytest

from tailrisk.config import load
from tailrisk.core import figures
from tailrisk.core.names import MEASURES, VIEWS
from tailrisk.guide import page
from tailrisk.products.account import LINES
from tailrisk.record import crowd

TABLES = (
    figures.TAIL,
    figures.RISKS,
    figures.DRIFT,
    figures.ACCOUNTS,
    figures.COMPONENTS,
    figures.FUNDS,
)


def glossary() -> set[str]:
    """What stands between backquotes in the page."""
    return set(re.findall(r"`(\w+)`", page("words")))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.file)
def test_columns_are_in_the_glossary(table: figures.Table) -> None:
    wanted = {*table.key, *(column.name for column in table.columns)}
    assert not wanted - glossary()


def test_views_losses_figures_and_lines_are_in_the_glossary() -> None:
    assert not {*VIEWS, *MEASURES, *figures.FUND_FIGURES, *LINES} - glossary()


def test_what_crowd_csv_counts_is_in_the_glossary() -> None:
    config = load("crowd_feb2024.toml")
    counted = [*crowd.quantities(config), *crowd.happenings(config)]
    assert len(counted) > 8
    assert not {*(one.name for one in counted), "residual"} - glossary()
