"""The reader of stock panels, which is among the readers of files in `data`."""

from ..data.panel import Panel, read_panel

__all__ = ["Panel", "read_panel"]
