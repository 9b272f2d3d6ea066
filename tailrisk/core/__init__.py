"""What every other package may use: records, units, names, errors, random numbers."""

from .errors import Fault, InputError
from .struct import static, struct

__all__ = ["Fault", "InputError", "static", "struct"]
