"""A finished result, read from its folder: text for the terminal, figures, and one page."""

from .folder import Result
from .page import write
from .terminal import show

__all__ = ["Result", "show", "write"]
