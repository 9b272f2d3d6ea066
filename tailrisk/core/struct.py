"""Records of arrays: frozen, keyword-only dataclasses that JAX sees as pytrees."""

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


def static(**kwargs: Any) -> Any:
    """A field that is part of the compiled program's shape (a count, a switch), not an array."""
    return field(metadata={"static": True}, **kwargs)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field, static))
def struct(cls: type[T]) -> type[T]:
    """Make `cls` a frozen, keyword-only dataclass and register it as a pytree.

    Every field is a leaf or a subtree, except those declared with `static()`, which must be hashable
    and select the compiled program.
    """
    import jax  # here, so that `core` costs nothing where no record is declared: config errors, --help

    record = dataclass(frozen=True, kw_only=True)(cls)
    names = [(f.name, bool(f.metadata.get("static"))) for f in fields(record)]  # type: ignore[arg-type]
    jax.tree_util.register_dataclass(
        record,
        data_fields=[name for name, is_static in names if not is_static],
        meta_fields=[name for name, is_static in names if is_static],
    )
    return record
