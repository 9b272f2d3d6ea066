"""An audit's file: rules, and what each does to the crowd's arrays and to the products."""

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...core.errors import InputError

Place = Literal[
    "cohorts.assets",
    "cohorts.long",
    "cohorts.hedge",
    "cohorts.participation",
    "cohorts.margin.call",
    "cohorts.margin.reset",
    "cohorts.margin.enforced",
    "cohorts.triggers.stop",
    "cohorts.triggers.momentum",
    "cohorts.triggers.basis",
    "cohorts.redemption.base",
    "cohorts.redemption.slope",
    "cohorts.redemption.open",
    "snowball.notional",
    "speculators.strength",
    "state.pace",
]
"""Arrays of the crowd that a rule may multiply; those of cohorts have the cohort first."""


class Strict(BaseModel):
    """Refuses unknown words."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Edit(Strict):
    """One array, for all cohorts, for some, or for all but some, times a number."""

    place: Place
    times: float = Field(ge=0, le=10)
    cohorts: tuple[str, ...] = ()
    but: tuple[str, ...] = ()


class Rule(Strict):
    """One rule."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    label: str = Field(min_length=1, max_length=100)
    edits: tuple[Edit, ...] = ()
    products: dict[str, dict[str, float]] = Field(default_factory=dict)


class Audit(Strict):
    """The rules, and the config they are laid over."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    question: str
    config: str
    rule: tuple[Rule, ...] = Field(min_length=1)


def load_audit(path: Path) -> Audit:
    """The file's audit. InputError: no such file, no TOML, an unknown word, a rule there twice."""
    if not path.is_file():
        raise InputError(str(path), "no such file", "a TOML file with [[rule]] tables")
    try:
        said: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        audit = Audit.model_validate(said)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"is no TOML: {error}", "a TOML file") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        problem = f"{str(first.get('input', ''))[:60]!r}: {first['msg']}"
        raise InputError(f"{path}: {place}", problem, "see configs/rules_2026.toml") from None
    names = [rule.name for rule in audit.rule]
    if len(set(names)) < len(names) or {"all", "none"} & set(names):
        raise InputError(f"{path}: rule.name", ", ".join(names), "each once, none called all or none")
    return audit
