"""The calibrated file: what it must hold, and choosing one of its models."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tailrisk.config import load
from tailrisk.config.calibrated import Calibrated
from tailrisk.core.errors import InputError
from tailrisk.core.names import STYLES

Refusal = Callable[..., str]
Edit = Callable[..., None]

# what is wrong: (text of ladder.toml, what takes its place, what the message must say)
EDITS = {
    "wrong shape": (
        "filtered = [0.7, 0.29, 0.01]",
        "filtered = [0.7, 0.3]",
        ["model.1.filtered", "3 numbers"],
    ),
    "rows do not sum": ("[0.1, 0.844, 0.056]", "[0.1, 0.844, 0.156]", ["model.1.transition.1", "sum to 1"]),
    "filtered does not sum": ("[0.7, 0.29, 0.01]", "[0.7, 0.2, 0.01]", ["model.1.filtered", "sums to 0.91"]),
    "not a probability": ("[0.1, 0.844, 0.056]", "[0.1, 0.954, -0.054]", ["model.1.transition.1.2: -0.054"]),
    "nu too small": ("nu = 5.0", "nu = 1.5", ["model.1.nu: 1.5", "above 2"]),
    "nu missing": ("nu = 5.0\n", "", ["model.1.nu: missing", "above 2"]),
    "mean in percent": ("-0.0099", "-0.99", ["model.1.mean.2", "not percent"]),
    "mean not a number": ("-0.0099", "nan", ["model.1.mean.2.0: NaN", "a number"]),
    "covariance not symmetric": (
        "[7.396e-05, 4.558e-06,",
        "[7.396e-05, 9.558e-06,",
        ["model.1.covariance.0", "is not symmetric"],
    ),
    "covariance not positive": (
        "0.00123904",
        "-0.00123904",
        ["model.1.covariance.2", "smallest eigenvalue -0.00"],
    ),
    "correlation diagonal": (
        "[1.0, 0.1,",
        "[2.0, 0.1,",
        ["styles.residual_correlation", "ones on the diagonal"],
    ),
    "style without a name": ('"beta"', '"be ta"', ['styles.names.0: "be ta"']),
    "style renamed": (
        '"liquidity"',
        '"liquid"',
        ["style_exposure.liquidity: not in the", "did you mean 'liquid'"],
    ),
    "another ladder": (
        "[fit]",
        'buckets = ["a", "b", "c", "d", "e"]\n[fit]',
        ["fitted on a, b, c, d, e", "csi300"],
    ),
    "buckets miscounted": ("[fit]", 'buckets = ["a", "b"]\n[fit]', ["buckets: 2 of them", "5, one a factor"]),
    "style absent": ("[styles]", "[stiles]", ["style_exposure.liquidity: not in the calibrated file"]),
    "not TOML": ("[fit]", "[fit", ["ladder.toml: is not TOML", "line 3"]),
}


@pytest.mark.parametrize(("old", "new", "expected"), EDITS.values(), ids=EDITS)
def test_a_bad_calibrated_file_is_refused(
    folder: Path, edit: Edit, refusal: Refusal, old: str, new: str, expected: list[str]
) -> None:
    edit("ladder.toml", old, new)
    said = refusal("check", "small.toml")
    for fragment in expected:
        assert fragment in said


def test_no_models_is_refused(folder: Path, refusal: Refusal) -> None:
    (folder / "ladder.toml").write_text("[fit]\n")
    said = refusal("check", "small.toml")
    assert "ladder.toml: model: missing" in said
    assert "a list of 1 or more" in said


def test_a_file_of_a_newer_writer_is_read(folder: Path, edit: Edit) -> None:
    edit("ladder.toml", "states = 4", "states = 4\nconverged = true")
    assert load("small.toml").fitted.states == 4


def test_the_model_asked_for_is_chosen(folder: Path) -> None:
    calibrated = load("small.toml").calibrated
    chosen = calibrated.choose(3, "student")
    assert (chosen.states, chosen.shocks, chosen.nu) == (3, "student", 5.0)
    assert np.shape(chosen.covariance) == (3, 5, 5)
    assert chosen.transition[2] == (0.02, 0.338, 0.642)
    assert calibrated.choose(1, "gaussian").nu is None
    assert calibrated.styles is not None
    assert calibrated.styles.names == STYLES
    assert calibrated.fit["window"] == ["2014-01-01", "2023-12-31"]


def test_a_model_that_is_not_there_names_those_that_are(folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        load("small.toml").calibrated.choose(1, "student")
    assert caught.value.allowed == (
        "states = 1 with 'gaussian', states = 3 with 'student', states = 4 with 'gaussian'"
    )


def test_both_sides_of_positive_definite(folder: Path) -> None:
    model = load("small.toml").calibrated.choose(1, "gaussian").model_dump()
    variance = np.diag([1e-4] * 5)
    for correlation, accepted in ((0.999, True), (1.001, False), (-0.999, True), (-1.001, False)):
        variance[0, 1] = variance[1, 0] = correlation * 1e-4
        said = {"model": [{**model, "covariance": [variance.tolist()]}]}
        if accepted:
            assert Calibrated.model_validate(said).model[0].states == 1
        else:
            with pytest.raises(ValueError, match="fit together"):
                Calibrated.model_validate(said)
