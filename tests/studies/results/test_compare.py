"""Differences of two runs: paired path by path where they share their shocks, else as independent samples."""

import numpy as np
import pandas as pd
import pytest

from tailrisk.core import InputError
from tailrisk.studies.results.compare import compare, paired_error, show
from tailrisk.tail import TailStream
from tests.studies.results.conftest import called


def asked(made, first, second, **options):
    options = {"pair": True, "progress": False, "start": lambda config: None, **options}
    return compare(made / first, made / second, **options)


def shortfall(table, product):
    (row,) = table.query(
        "product == @product and view == 'absolute' and loss == 'terminal' and figure == 'ES'"
    ).index
    return table.loc[row]


def test_runs_of_the_same_shocks_are_paired(made):
    found = asked(made, "levered", "one")
    assert found.paired
    assert found.fields == ("products.dma.long: 5.0 | 4.0",)
    dma, ie = shortfall(found.table, "dma"), shortfall(found.table, "ie300")
    assert (ie.low, ie.high) == (0, 0), "what does not differ does not differ, path by path"
    apart = asked(made, "levered", "one", pair=False)
    wide = shortfall(apart.table, "dma")
    assert dma.difference == wide.difference
    assert dma.low > 0, "more leverage, more loss, for sure"
    assert dma.high - dma.low < 0.5 * (wide.high - wide.low)
    assert "paired" in show(found)


def test_runs_of_other_shocks_are_not(made):
    found = asked(made, "seeded", "one")
    assert (found.paired, found.why) == (False, "run.seed is 9 and 20240205")
    row = shortfall(found.table, "dma")
    assert row.low < row.difference < row.high


def test_published_figures_of_other_code_are_not_paired(made, tmp_path):
    import shutil

    copy = tmp_path / "levered"
    shutil.copytree(made / "levered", copy, ignore=shutil.ignore_patterns("SHA256SUMS"))
    table = pd.read_csv(copy / "tail.csv")
    table["es"] *= 1.01
    table.to_csv(copy / "tail.csv", index=False)
    found = compare(copy, made / "one", pair=True, progress=False, start=lambda config: None)
    assert not found.paired
    assert "is of other code" in found.why


def test_the_paired_error_is_that_of_the_difference_over_samples():
    random, level, spreads, errors = np.random.default_rng(5), "0.9", [], []
    for _ in range(300):
        shock = random.normal(size=2000)
        losses = shock, shock + 0.3 * random.normal(size=2000)
        worst = []
        for loss in losses:
            stream = TailStream(1, 400)
            stream.add(loss[None].astype(np.float32), np.arange(2000, dtype=np.uint32), None)
            worst.append(stream.column(0))
        spreads.append(worst[0].expected_shortfall(level) - worst[1].expected_shortfall(level))
        errors.append(paired_error(*worst, level))
    assert np.mean(errors) == pytest.approx(np.std(spreads), rel=0.1)


def test_what_is_no_run_is_refused(made):
    with pytest.raises(InputError, match="is a sweep and not a run"):
        asked(made, "one", "seeds")
    assert called("compare", made / "one", made / "none") == 2
