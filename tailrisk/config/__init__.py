"""What an experiment may say: frozen models, and the strict loader that makes them from TOML."""

from .load import load
from .schema import Config

__all__ = ["Config", "load"]
