"""Results listed, asked for as one table, packed, and indexed."""

import json
import re
import shutil
import zipfile

import pandas as pd
import pytest

from tailrisk.core import InputError, seal
from tailrisk.studies.results.catalogue import entries
from tailrisk.studies.results.export import export
from tailrisk.studies.results.index import publish
from tailrisk.studies.results.query import query
from tests.studies.results.conftest import called


def test_every_result_is_listed_with_its_state(made, tmp_path, capsys):
    shutil.copytree(made, tmp_path / "r")
    with (tmp_path / "r/one/drift.csv").open("a") as file:
        file.write("x")
    found = {one.name: (one.kind, one.state) for one in entries(tmp_path / "r", cells=False)}
    assert found == {
        "levered": ("run", "sealed"), "one": ("run", "damaged"),
        "seeded": ("run", "sealed"), "seeds": ("sweep", "sealed"),
    }  # fmt: skip
    assert len(entries(made)) == 6
    assert called("list", made) == 0
    assert "4 results" in capsys.readouterr().out


def test_the_table_of_all_runs_is_that_of_each(made):
    table = query(made, ["measure=ES", "level=0.90", "product=dma", "view=absolute", "loss=terminal"])
    assert sorted(table.result)[:3] == ["levered", "one", "seeded"]
    assert len(table) == 5, "cells of the sweep too"
    own = pd.read_csv(made / "one/tail.csv").query("product == 'dma' and view == 'absolute'")
    assert float(table[table.result == "one"].value.iloc[0]) == own[own.measure == "terminal"].es.iloc[0]


def test_conditions_of_every_kind(made):
    whole = query(made)
    assert set(query(made, ["run.seed=1,2"]).seed) == {1, 2}
    assert set(query(made, ["seed!=1,2"]).seed) == {9, 20240205}
    assert set(query(made, ["products.dma.long>4"]).result) == {"levered"}
    assert set(query(made, ["result~SEED"]).result) == {r for r in whole.result if "seed" in r}
    assert len(query(made, ["value<0"])) + len(query(made, ["value>=0"])) == len(whole)
    assert query(made, ["measure=es", "measure=VaR"]).empty


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("measure", "FIELD=VALUE"),
        ("mesure=ES", "did you mean 'measure'"),
        ("value>high", "a number after >"),
        ("run.sed=1", "no field 'run.sed'"),
    ],
)
def test_what_is_no_condition_is_refused(made, condition, message):
    with pytest.raises(InputError, match=re.escape(message)):
        query(made, [condition])


def test_the_table_goes_to_a_file(made, tmp_path, capsys):
    file = tmp_path / "found.csv"
    assert called("query", "product=dma", "--results", made, "--rows", 3, "--csv", file) == 0
    assert "more rows" in capsys.readouterr().out
    assert set(pd.read_csv(file)["product"]) == {"dma"}


@pytest.mark.parametrize("name", ["one", "seeds"])
def test_a_zip_holds_every_sealed_file_and_is_the_same_again(made, tmp_path, name):
    first = export(made / name, tmp_path / "a.zip", crate=True)
    second = export(made / name, tmp_path / "b.zip", crate=True)
    assert first.read_bytes() == second.read_bytes()
    zipfile.ZipFile(first).extractall(tmp_path / "x")
    assert seal.check(tmp_path / "x" / name)
    here = {p.relative_to(made / name) for p in (made / name).rglob("*") if p.is_file()}
    there = {p.relative_to(tmp_path / "x" / name) for p in (tmp_path / "x" / name).rglob("*") if p.is_file()}
    assert {str(path) for path in there - here} == {"ro-crate-metadata.json"}
    assert not here - there
    crate = json.loads((tmp_path / "x" / name / "ro-crate-metadata.json").read_text())
    root = next(part for part in crate["@graph"] if part["@id"] == "./")
    assert {part["@id"] for part in root["hasPart"]} == {path.as_posix() for path in here}
    with pytest.raises(InputError, match="is there already"):
        export(made / name, first)


def test_the_index_has_every_result_with_search_and_a_filter(made, tmp_path):
    place = tmp_path / "r"
    shutil.copytree(made, place)
    page, words = (path.read_text() for path in publish(place))
    assert len(re.findall(r'<tr data-kind="run">', page)) == 3
    assert "ES 90 % at most" in page
    assert "2 cells" in page
    assert re.search(r"script-src 'sha256-[\w+/=]{44}'", page)
    assert 'type="search"' in page
    assert len([line for line in words.split("\n") if line.startswith("| [")]) == 4
    for link in re.findall(r'<a href="([^"]+)"', page):
        assert (place / link).is_file()
    again = [path.read_bytes() for path in publish(place)]
    assert again == [page.encode(), words.encode()]
    assert len(entries(place, cells=False)) == 4, "the index is no result"
    with pytest.raises(InputError, match="holds no result"):
        publish(tmp_path / "r/one/figures")
