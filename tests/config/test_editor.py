"""JSON schemas for editors: in step with the models, and what the starters say is valid by them."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tailrisk.cli import commands
from tailrisk.config.editor import schema
from tailrisk.config.schema import Config
from tailrisk.config.starter import text
from tailrisk.studies.replay.config import Replay
from tailrisk.studies.tune.config import Tune

KINDS = {"run": (Config, ("crowd", "accounts")), "tune": (Tune, ("tune",)), "replay": (Replay, ("replay",))}


def missing(said: Any, it: dict[str, Any], whole: dict[str, Any], above: str = "") -> list[str]:
    """Keys of a config that its schema does not know, by dotted name."""
    if "$ref" in it:
        it = whole["$defs"][it["$ref"].rpartition("/")[2]]
    if "discriminator" in it:
        it = whole["$defs"][it["discriminator"]["mapping"][said["family"]].rpartition("/")[2]]
    for choice in it.get("anyOf", []):
        if "$ref" in choice:
            return missing(said, choice, whole, above)
    if isinstance(said, list):
        return [key for one in said for key in missing(one, it.get("items", {}), whole, above)]
    if not isinstance(said, dict) or "properties" not in it:
        inner = it.get("additionalProperties")
        if isinstance(said, dict) and isinstance(inner, dict):
            return [k for key, one in said.items() for k in missing(one, inner, whole, f"{above}{key}.")]
        return []
    found = [f"{above}{key}" for key in said if key not in it["properties"]]
    for key, one in said.items():
        found += missing(one, it["properties"].get(key, {}), whole, f"{above}{key}.")
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_starter_is_known_to_the_schema(kind: str) -> None:
    model, parts = KINDS[kind]
    whole, said = schema(model), tomllib.loads(text(parts))
    assert missing(said, whole, whole) == []
    assert missing({**said, "nmae": "x"}, whole, whole) == ["nmae"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_prints_it_whole(kind: str) -> None:
    done = CliRunner().invoke(commands, ["schema", kind])
    assert done.exit_code == 0
    found = json.loads(done.output)
    assert found == json.loads(json.dumps(schema(KINDS[kind][0])))
    assert found["$schema"].startswith("https://json-schema.org")
    for name, field in KINDS[kind][0].model_fields.items():
        assert (field.alias or name) in found["properties"]


def test_a_config_may_extend_and_drop_and_need_not_state_all() -> None:
    found = schema()
    assert {"extends", "without"} <= set(found["properties"])
    assert "required" not in found
    example = Path("configs/memory_feb2024.toml").read_text(encoding="utf-8")
    assert missing(tomllib.loads(example), found, found) == []
