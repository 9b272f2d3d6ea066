"""What was understood of a file, said in a line, and what looks odd about it, said in one more."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

logger = logging.getLogger("tailrisk.data")
"""What was understood is INFO, what looks odd is WARNING; a command prints both, a program chooses."""


@contextmanager
def messages_to(hear: Callable[[logging.LogRecord], None], level: int = logging.INFO) -> Iterator[None]:
    """What readers say from `level` on goes to `hear` and nowhere else."""
    handler = logging.Handler()
    handler.emit = lambda record: hear(record)  # type: ignore[method-assign]
    before, onward = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        logger.propagate = onward


@dataclass
class Reading:
    """Notes of one file, or of several that make one table."""

    place: str
    notes: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        """Everything understood, in one line."""
        return f"{Path(self.place).name}: " + ("; ".join(self.notes) or "read as it is")

    def tell(self) -> None:
        """Say the line, and each odd thing in a line of its own."""
        if self.notes:
            logger.info(self.line)
        for odd in self.odd:
            logger.warning("%s: %s", Path(self.place).name, odd)
