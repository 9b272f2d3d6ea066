"""What every other package may use: records, units, names, errors, random numbers."""

from .errors import InputError
from .struct import static, struct

__all__ = ["InputError", "static", "struct"]
