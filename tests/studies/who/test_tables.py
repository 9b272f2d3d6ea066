"""The tables of who made a fall, as a page shows them."""

import pandas as pd

from tailrisk.studies.who.tables import spans


def test_a_share_that_rounds_to_nothing_has_no_sign():
    row = {"what": "micro", "window": "fall", "actor": "speculators", "best": -0.02, "points": -0.01}
    row |= {"member_low": -0.3, "member_high": 1.2, "low": -0.4, "high": 2.6, "low_by": "a", "high_by": "b"}
    nobody = {"last_low": float("nan"), "last_high": float("nan")}
    shown = spans(pd.DataFrame([row | nobody]), "micro", "fall").iloc[0]
    assert list(shown[["best", "members", "least to largest"]]) == ["0", "0 to 1", "0 to 3"]
    assert shown["points, best"] == "0.0"
    assert shown["not there without, alone"] == ""
