"""How a study's folder is written."""

import json

import pandas as pd

from tailrisk.record.publishing import markdown, publish


def test_a_folder_has_its_tables_page_pictures_and_record(tmp_path):
    table = pd.DataFrame({"what": ["a", "b"], "how much": [1 / 3, float("nan")]})
    made = {"command": "python -m experiments.one", "seed": 3}
    publish(tmp_path / "one", "one", {"table": table}, "# One\n", made, {"curve": "<svg/>"})
    assert (tmp_path / "one/table.csv").read_text() == "what,how much\na,0.333333\nb,\n"
    assert (tmp_path / "one/README.md").read_text() == "# One\n"
    assert (tmp_path / "one/curve.svg").read_text() == "<svg/>"
    record = json.loads((tmp_path / "one/record.json").read_text())
    assert (record["name"], record["command"], record["seed"]) == ("one", made["command"], 3)
    assert "commit" in record


def test_a_table_in_markdown():
    assert markdown(pd.DataFrame({"a": [1], "b": ["x"]})) == "| a | b |\n|---|---|\n| 1 | x |"
