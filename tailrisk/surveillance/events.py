"""Orders, cancels and trades as arrays, and the names behind their codes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

Ints = np.ndarray
"""Whole numbers."""
ORDER, CANCEL, TRADE = 0, 1, 2
ACTIONS = ("order", "cancel", "trade")
BUY, SELL = 1, -1


@dataclass(frozen=True)
class Events:
    """Rows of a stream; what a file does not have is None."""

    row: Ints  # [event] counted from one below the header
    time: Ints  # [event] microseconds since 1970, exchange time
    account: Ints  # [event] code
    action: Ints  # [event] ORDER, CANCEL or TRADE
    order: Ints | None = None  # [event] number of the order placed, cancelled or filled
    security: Ints | None = None  # [event] code
    side: Ints | None = None  # [event] BUY, SELL or 0
    size: np.ndarray | None = None  # [event] shares or lots
    price: np.ndarray | None = None  # [event] yuan

    def __len__(self) -> int:
        return len(self.time)

    def take(self, where: "Ints | slice") -> "Events":
        """Some of the rows, by a mask [event], places or a slice."""
        cut: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        kept: dict[str, Any] = {name: None if a is None else a[where] for name, a in cut.items()}
        return Events(**kept)


def joined(parts: Sequence[Events]) -> Events:
    """Batches [event] one after the other; all have the same columns."""
    if len(parts) == 1:
        return parts[0]
    names = [one.name for one in fields(Events) if getattr(parts[0], one.name) is not None]
    return Events(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


@dataclass
class Register:
    """Names by code, in the order they were first met."""

    names: list[str] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    def code(self, name: str) -> int:
        """The code of a name, a new one if it has none."""
        code = self.codes.setdefault(name, len(self.names))
        if code == len(self.names):
            self.names.append(name)
        return code

    def all(self, names: Iterable[str]) -> Ints:
        """Codes [name] of several."""
        return np.fromiter((self.code(name) for name in names), np.int32)


@dataclass
class Registers:
    """The accounts, securities and controllers met so far, and who controls which account."""

    accounts: Register = field(default_factory=Register)
    securities: Register = field(default_factory=Register)
    controllers: Register = field(default_factory=Register)
    control: dict[str, str] = field(default_factory=dict)
    controlled: bool = False  # whether anything may be said of control
    clock: str = ""  # how the file's numbers say the time of day, once one was met (stamps.py)
    named: Register = field(default_factory=Register)  # controllers as a column spells them
    statements: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    known: Ints = field(default_factory=lambda: np.zeros(0, np.int32))

    def stated(self) -> Ints:
        """Code in `named` of each account's controller by the column [account], -1 if nothing was said yet.

        A file of controllers read before counts as said.
        """
        new = self.accounts.names[len(self.statements) :]
        codes = (self.named.code(self.control[name]) if name in self.control else -1 for name in new)
        self.statements = np.concatenate([self.statements, np.fromiter(codes, np.int64)])
        return self.statements

    def controller_of(self) -> Ints:
        """Code of each account's controller [account]; an account that none controls is its own."""
        if len(self.known) < len(self.accounts):
            new = self.accounts.names[len(self.known) :]
            more = self.controllers.all(self.control.get(name, ALONE + name) for name in new)
            self.known = np.concatenate([self.known, more])
        return self.known

    def controller_name(self, code: int) -> str:
        """The controller's name, or that of the account that stands alone."""
        return self.controllers.names[code].removeprefix(ALONE)


ALONE = "\0"
"""Before the name of an account that is its own controller, so that it meets no controller of that name."""
