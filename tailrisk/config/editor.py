"""JSON schemas of configs, for editors that complete and check TOML: made from the models, so in step."""

from typing import Any

from .models import BESIDE
from .schema import Config

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema(model: type[Any] = Config) -> dict[str, Any]:
    """The schema of a config, or of another model; what a config may extend and drop included.

    A config that extends another states a part, so nothing is required of it.
    """
    found: dict[str, Any] = model.model_json_schema(by_alias=True)
    if model is Config:
        found["properties"] |= BESIDE
        found.pop("required", None)
    return {
        "$schema": DRAFT,
        "title": f"tailrisk {found['title']}",
        **{k: found[k] for k in found if k != "title"},
    }
