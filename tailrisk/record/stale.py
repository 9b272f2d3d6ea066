"""Which results are older than the code they describe: the modules they import, and what git saw change."""

import ast
import json
import shlex
import subprocess
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

RECORD = "record.json"
CODE = ("tailrisk", "experiments")
CLI = "tailrisk/cli"


class Age(NamedTuple):
    """A result and what its code has seen since; `reason` where that is not known."""

    folder: str
    commit: str
    changed: tuple[str, ...] = ()  # of the modules it imports, as files
    modules: int = 0  # that it imports
    reason: str = ""
    command: str = ""  # that makes it again


class Checkout:
    """The modules of a checkout, what each imports, and what changed since a commit."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._changed: dict[str, frozenset[str] | None] = {}

    @cached_property
    def modules(self) -> dict[str, Path]:
        """Dotted name -> file, a package by its __init__."""
        found = {}
        for top in CODE:
            for path in sorted((self.root / top).rglob("*.py")):
                parts = path.relative_to(self.root).with_suffix("").parts
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        return found

    @cached_property
    def imports(self) -> dict[str, frozenset[str]]:
        """Module -> modules it imports, wherever in the file."""
        trees = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in self.modules.items()}
        return {name: frozenset(self._imported(name, tree)) for name, tree in trees.items()}

    def _imported(self, name: str, tree: ast.AST) -> Iterator[str]:
        inside = self.modules[name].name == "__init__.py"
        package = name.split(".") if inside else name.split(".")[:-1]
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                wanted = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = package[: len(package) - node.level + 1] if node.level else []
                stem = ".".join([*base, *([node.module] if node.module else [])])
                wanted = [f"{stem}.{alias.name}" for alias in node.names]
            else:
                continue
            for dotted in wanted:
                yield from self._known(dotted)

    def _known(self, dotted: str) -> Iterator[str]:
        """The module of a dotted name, a name inside it aside, and the packages around it."""
        parts = dotted.split(".")
        names = [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
        yield from (name for name in names if name in self.modules)

    def closure(self, entries: Sequence[str]) -> frozenset[str]:
        """The entries and everything they import, directly or not."""
        met, waiting = set(entries), list(entries)
        while waiting:
            new = self.imports[waiting.pop()] - met
            met |= new
            waiting += new
        return frozenset(met)

    def entries(self, command: str) -> tuple[str, ...]:
        """The modules a recorded command starts from; none where it is not one of ours."""
        words = shlex.split(command)
        while words and (words[0] == "python" or words[0] == "-m" or "=" in words[0]):
            words = words[1:]
        if not words:
            return ()
        if words[0] == "tailrisk" and len(words) > 1:
            return self._of_command(words[1])
        name = words[0].removesuffix(".py").replace("/", ".")
        return tuple(module for module in (name, f"{name}.__main__") if module in self.modules)[-1:]

    def _of_command(self, name: str) -> tuple[str, ...]:
        """What the function of a command imports."""
        for module, path in self.modules.items():
            if path.parent == self.root / CLI:
                for node in ast.parse(path.read_text(encoding="utf-8")).body:
                    if isinstance(node, ast.FunctionDef) and node.name == name:
                        return tuple(sorted(set(self._imported(module, node))))
        return ()

    def changed(self, commit: str) -> frozenset[str] | None:
        """Files that differ from a commit, what is not committed too; None for a commit that is not here."""
        if commit not in self._changed:
            done = subprocess.run(
                ["git", "-C", str(self.root), "diff", "--name-only", commit, "--", *CODE],
                capture_output=True,
                text=True,
            )
            self._changed[commit] = frozenset(done.stdout.split("\n")) if done.returncode == 0 else None
        return self._changed[commit]

    def age(self, record: dict[str, Any], folder: str) -> Age:
        """How a result's code has changed since its record."""
        commit = str(record.get("commit") or "")
        entries = self.entries(str(record.get("command") or ""))
        if not entries:
            return Age(folder, commit, reason="no command of this code is recorded")
        if not commit:
            return Age(folder, commit, reason="no commit is recorded")
        changed = self.changed(commit)
        if changed is None:
            return Age(folder, commit, reason="its commit is not in this history")
        files = [self.modules[name].relative_to(self.root).as_posix() for name in self.closure(entries)]
        command = str(record.get("command") or "")
        return Age(folder, commit, tuple(sorted(changed.intersection(files))), len(files), command=command)


def ages(root: Path, results: Path) -> list[Age]:
    """Every result below a folder, by name; a folder with a table and no record counts as one."""
    checkout, found = Checkout(root), []
    for path in sorted(results.rglob(RECORD)):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            record = {}
        found.append(checkout.age(record, path.parent.relative_to(results).as_posix()))
    bare = [place for place in sorted(results.glob("*/")) if not any(place.rglob(RECORD))]
    return found + [Age(place.name, "", reason="it has no record.json") for place in bare]


def lines(ages: Sequence[Age]) -> list[str]:
    """The list in words: what is stale, and how many are not."""
    said = []
    for age in ages:
        if age.reason:
            said.append(f"{age.folder}: {age.reason}")
        elif age.changed:
            first = ", ".join(age.changed[:3]) + (", ..." if len(age.changed) > 3 else "")
            since = f"{len(age.changed)} of {age.modules} modules changed since {age.commit[:8]}"
            said.append(f"{age.folder}: {since}: {first}")
    return [*said, f"{len(ages) - len(said)} of {len(ages)} results are as new as their code"]


def commands(ages: Sequence[Age], replacing: Collection[str] = ()) -> list[str]:
    """What makes every stale result again, each command once, with --force for those that replace by it."""
    made = []
    for age in ages:
        if age.changed and not age.reason:
            words = shlex.split(age.command)
            if words[0] == "tailrisk" and words[1] in replacing and "--force" not in words:
                words.append("--force")
            made.append(shlex.join(words))
    return list(dict.fromkeys(made))
