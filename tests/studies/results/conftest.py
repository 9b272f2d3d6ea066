"""Results to be listed, compared and run again: two runs of the same shocks, one of others, and a sweep."""

import pytest

from tailrisk.cli import main

FEW = ["run.paths=600", "run.days=6", "tail.levels=[0.9]", "event=[]"]
SETS = [word for one in FEW for word in ("--set", one)]


def called(*words):
    """The exit code of a command."""
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return int(stop.value.code or 0)


@pytest.fixture(scope="package")
def made(tmp_path_factory):
    """A folder of results, not to be changed."""
    place = tmp_path_factory.mktemp("results")
    out = ["--output", place, "--quiet"]
    called("run", "smoke.toml", *SETS, "--set", "name=one", *out)
    called("run", "smoke.toml", *SETS, "--set", "name=levered", "--set", "products.dma.long=5", *out)
    called("run", "smoke.toml", *SETS, "--set", "name=seeded", "--set", "run.seed=9", *out)
    called("sweep", "smoke.toml", *SETS, "--set", "run.seed=1,2", "--name", "seeds", *out)
    return place
