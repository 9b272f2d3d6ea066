"""The layers: what each part of the package may import, and that importing it costs nothing."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tailrisk"

LEAVES = {"market", "crowd", "products", "policies", "tail", "intraday"}
STUDIED = {"core", *LEAVES, "simulate", "rare"}
DESK = {"config", "assemble", "data", "calibrate", "universe", "optimise", "record", "report"}
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": {"api", "optimise", "tail"},
    "__main__": {"cli"},
    "core": set(),
    "config": {"core", "data"},
    **{leaf: {"core"} for leaf in LEAVES},
    "simulate": {"core", *LEAVES},
    "rare": {"core", *LEAVES, "simulate"},
    "assemble": {"core", "config", *LEAVES, "simulate"},
    "data": {"core"},
    "surveillance": {"core", "data"},
    "calibrate": {*STUDIED, "data"},
    "universe": {"core", "config", "data", "calibrate"},
    "optimise": {*STUDIED, "universe"},
    "record": {*STUDIED, "config", "assemble", "data", "calibrate", "universe", "optimise"},
    "report": {"core"},
    "guide": {"core"},
    "studies": {*STUDIED, *DESK, "surveillance"},
    "api": {*STUDIED, *DESK, "studies"},
    "cli": {"core", "config", "data", "calibrate", "universe", "record", "report", "studies", "guide", "api"},
}
AT_ONCE = {"core"}
"""What `cli` may import before a command asks for more; the package itself gives its version."""

FILES = sorted(PACKAGE.rglob("*.py"))


def part(file: Path) -> str:
    """The layer a file belongs to: `market` for market/regimes.py, `assemble` for assemble.py."""
    return file.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(file: Path, tree: ast.AST) -> set[str]:
    """Names of our own modules imported anywhere in a tree, as dotted names below `tailrisk`."""
    here = ("tailrisk", *file.relative_to(PACKAGE).parent.parts)
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return {name.removeprefix("tailrisk.") for name in found if name.split(".")[0] == "tailrisk"}


def parts(names: set[str]) -> set[str]:
    """Layers of dotted names; a name of the package itself, such as __version__, is no layer."""
    return {name.split(".")[0] for name in names} - {"tailrisk", "__version__"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_file_imports_only_what_its_layer_may(file: Path) -> None:
    assert part(file) in MAY_IMPORT, "a new layer: add it to the table and to the style guide"
    used = parts(imported(file, ast.parse(file.read_text(encoding="utf-8"))))
    assert used - {part(file)} <= MAY_IMPORT[part(file)]


@pytest.mark.parametrize("file", [f for f in FILES if part(f) == "cli"], ids=lambda f: f.name)
def test_the_command_line_imports_late(file: Path) -> None:
    top = ast.parse(file.read_text(encoding="utf-8"))
    top.body = [node for node in top.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert parts(imported(file, top)) - {"cli"} <= AT_ONCE


def test_imports_are_seen_wherever_they_are() -> None:
    source = "import tailrisk.a\ndef f():\n    from ..b import c\n    from .. import d\n    from . import e\n"
    found = imported(PACKAGE / "market" / "x.py", ast.parse(source + "import numpy\n"))
    assert found == {"a", "b.c", "d", "market.e"}
    assert parts({"tailrisk", "__version__", "market.x"}) == {"market"}


@pytest.mark.parametrize("module", ["tailrisk", "tailrisk.cli", "tailrisk.config"])
def test_importing_costs_nothing(module: str) -> None:
    heavy = ("jax", "jaxlib", "pandas", "scipy.stats", "matplotlib", "pyarrow")
    script = f"import sys, {module}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_only_the_command_line_reads_options() -> None:
    options = re.compile(r"^(import|from) (click|argparse)", re.MULTILINE)
    assert {part(file) for file in FILES if options.search(file.read_text(encoding="utf-8"))} == {"cli"}


EXPERIMENTS = sorted((ROOT / "experiments").rglob("*.py"))


@pytest.mark.parametrize("file", EXPERIMENTS, ids=lambda file: str(file.relative_to(ROOT / "experiments")))
def test_what_two_experiments_share_is_in_the_package(file: Path) -> None:
    """An experiment imports the package and the files of its own question's folder."""
    question = file.relative_to(ROOT / "experiments").with_suffix("").parts[0]
    for module in re.findall(r"^\s*(?:from|import) experiments\.?([\w.]*)", file.read_text(), re.M):
        assert module.split(".")[0] == question
