"""A demo's config: the library's, settings over a part, and runs whose paths would be no pairs."""

from pathlib import Path

import pytest

from tailrisk.core import InputError
from tailrisk.studies.demo.config import load_demo

LIBRARY = Path("configs/demo.toml")


def test_the_librarys_runs_differ_by_the_crowd_alone() -> None:
    loaded = load_demo(LIBRARY)
    one, other = loaded.run, loaded.crowd
    assert one.crowd is None
    assert other.crowd is not None
    assert one.as_accounts
    assert other.as_accounts
    assert one.accounts is not None
    same = {"name", "question", "crowd", "accounts"}
    assert {k: v for k, v in dict(one).items() if k not in same} == {
        k: v for k, v in dict(other).items() if k not in same
    }
    terms = {"every_path": other.accounts.every_path} if other.accounts else {}
    assert one.accounts.model_copy(update=terms) == other.accounts
    assert one.run.paths * (1 - loaded.demo.level) >= 1000, "firm"


def test_settings_reach_their_part_and_the_demos_own_fields() -> None:
    said = ["run.run.paths=1024", "crowd.run.paths=1024", "tune.paths=300", "level=0.95", "name=mine"]
    levels = ["run.tail.levels=[0.95]", "crowd.tail.levels=[0.95]", "tune.level=0.9"]
    loaded = load_demo(LIBRARY, [*said, *levels])
    assert loaded.demo.name == "mine"
    assert (loaded.run.run.paths, loaded.crowd.run.paths, loaded.tune.tune.paths) == (1024, 1024, 300)
    assert (loaded.run.name, loaded.crowd.name, loaded.tune.tune.name) == ("without", "with", "bounds")


REFUSED = {
    "fewer paths": (["crowd.run.paths=20000"], "run.paths is 20000"),
    "another seed": (["crowd.run.seed=1"], "run.seed is 1"),
    "a crowd without": (["run.config=crowd_feb2024.toml"], "run.config: has a crowd in it"),
    "no crowd with": (["crowd.config=feb2024.toml"], "crowd.config: has no crowd in it"),
    "no product": (["product=mine"], "product: 'mine'"),
    "a level of none": (["level=0.9"], "level: 0.9 is not in tail of run"),
    "an unknown part's field": (["tune.budgets=1.0"], "did you mean 'budget'"),
    "an unknown field": (["colour=red"], "colour"),
}


@pytest.mark.parametrize(("said", "message"), REFUSED.values(), ids=REFUSED)
def test_what_would_be_no_pair_is_refused(said: list[str], message: str) -> None:
    with pytest.raises(InputError) as refused:
        load_demo(LIBRARY, said)
    assert message in str(refused.value)
