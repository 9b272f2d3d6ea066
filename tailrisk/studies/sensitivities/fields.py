"""The numbers of a config that ES may answer to: how each is moved, and in what unit its effect is told."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...config import Config
from ...config.crowd_files import CrowdFiles
from ...simulate.crowd.free import SHARES
from .edit import EVERY, Change, Steps, attached, groups, numbers, placed, shifted
from .generator import generator

PER_CENT, POINT, POINT_A_YEAR = "+1 %", "+1 point", "+1 point a year"
RATES = ("alpha_annual", "fee_annual", "cash_annual", "financing_annual")
SPREADS = ("weight_spread", "hedge_spread", "long_spread")
"""Terms of other funds of a family, which no product's own ES knows."""
WHOLE = ("participation", "initial_margin", "margin_reset")
"""Terms that are off at one."""
TIED = ("wide_board", "rotation", "target", "weight", "months", "barrier", "mix", "weights")
"""Of the crowd's files, tables whose numbers hang together: moving all by a part says nothing."""
NARROW = ("level", "knock_in", "knock_out", "limit")
"""Levels of prices: a tenth of them is another world."""


@dataclass(frozen=True)
class Field:
    """A number, or several that are moved together."""

    name: str
    group: str  # product, terms, generator, cohorts, crowd, notes
    value: float  # the largest of them
    unit: str  # what the effect is told per
    move: Callable[[Config, float], Config]
    """By so much: a part of the value, or, where the unit is a point, that much itself."""
    most: float  # how far it may be moved
    owners: tuple[tuple[str, float], ...] = ()  # products whose ES alone it is about, and their own values

    def of(self, product: str) -> bool:
        """Whether it is about this product."""
        return not self.owners or product in dict(self.owners)

    @property
    def part(self) -> bool:
        """Whether it is moved by a part of itself."""
        return self.unit == PER_CENT


def fields(config: Config, products: Sequence[str], step: float) -> list[Field]:
    """Every number that may be moved, step the part it is moved by at most; zeros, which are off, are not."""
    found = [*_products(config, products, step), *_terms(config, products, step), *_law(config, step)]
    files = config.attached.crowd
    if config.crowd is not None and files is not None:
        found += [*_block(config, step), *_cohorts(files, step), *_files(files, step)]
    return found


def _part(value: float, step: float) -> float:
    """A step that keeps a fraction below one half-way to it."""
    return min(step, 0.5 * (1 - value) / value) if 0 < value < 1 else step


def _scaled(by: float, value: Any) -> Any:
    return value * (1 + by) if isinstance(value, float) else value


def _times(place: Callable[[Config, Change], Config]) -> Callable[[Config, float], Config]:
    """Moves what is at a place by a part of itself."""
    return lambda config, by: place(config, partial(_scaled, by))


def _own(config: Config, products: Sequence[str], steps: Steps, change: Change) -> Config:
    """Some products changed at a place; they do not move each other, so one world does for all."""
    some = {name: placed(config.products[name], steps, change) for name in products}
    return config.model_copy(update={"products": {**config.products, **some}}).attach(config.attached)


def _products(config: Config, products: Sequence[str], step: float) -> Iterator[Field]:
    seen: dict[Steps, list[str]] = {}
    for name in products:
        for steps in _places(config.products[name]):
            seen.setdefault(steps, []).append(name)
    for steps, owners in seen.items():
        values = {name: numbers(config.products[name], steps)[0] for name in owners}
        yield from _product(".".join(("products", "*", *map(str, steps))), steps, values, step)


def _product(name: str, steps: Steps, values: dict[str, float], step: float) -> Iterator[Field]:
    """One number of the products that have it."""
    who, own = tuple(values), tuple(values.items())
    least, most = min(values.values()), max(values.values())
    if steps[0] in ("weights", "hedge"):
        room = min(least, 1 - most, 0.05) / 2
        if room > 0:
            weigh = partial(_rebalanced, who, str(steps[0]), str(steps[-1]))
            yield Field(name, "product", most, POINT, weigh, room, own)
    elif steps[-1] in RATES:
        yield Field(name, "product", most, POINT_A_YEAR, partial(_added, who, steps), 0.01, own)
    elif any(values.values()):
        move = _times(lambda config, change: _own(config, who, steps, change))
        yield Field(name, "product", most, PER_CENT, move, _part(most, step), own)


def _added(products: tuple[str, ...], steps: Steps, config: Config, by: float) -> Config:
    return _own(config, products, steps, lambda value: value + by)


def _places(product: Any) -> Iterator[Steps]:
    """Places of a product's numbers; weights one by one, but one of two, which moves the other."""
    for name in type(product).model_fields:
        value = getattr(product, name)
        if isinstance(value, float):
            yield (name,)
        elif isinstance(value, dict):
            held = [key for key, one in value.items() if isinstance(one, float) and one]
            skip = 1 if name in ("weights", "hedge") and len(held) == 2 else 0
            yield from ((name, key) for key in held[skip:])


def _rebalanced(products: tuple[str, ...], table: str, name: str, config: Config, by: float) -> Config:
    return _own(config, products, (table,), lambda weights: shifted(weights, name, by))


def _terms(config: Config, products: Sequence[str], step: float) -> Iterator[Field]:
    """Of products that are accounts on every path."""
    file = config.attached.accounts
    if file is None or not config.as_accounts:
        return
    terms = {name: file.terms(name) for name in products}
    for field in type(next(iter(terms.values()))).model_fields:
        values = {name: getattr(one, field) for name, one in terms.items()}
        own = {name: value for name, value in values.items() if isinstance(value, float) and value}
        if field in WHOLE:
            own = {name: value for name, value in own.items() if value < 1}
        if own and field not in SPREADS:
            most, move = max(own.values()), partial(_reterm, own, field)
            name = f"accounts.*.{field}"
            yield Field(name, "terms", most, PER_CENT, move, _part(most, step), tuple(own.items()))


def _reterm(values: dict[str, float], field: str, config: Config, by: float) -> Config:
    def change(products: dict[str, Any]) -> dict[str, Any]:
        new = {name: {**products.get(name, {}), field: v * (1 + by)} for name, v in values.items()}
        return {**products, **new}

    return attached(config, "accounts", ("products",), change)


def _law(config: Config, step: float) -> Iterator[Field]:
    for one in generator(config):
        room = min(_part(one.value, step), one.most) if one.unit == PER_CENT else one.most
        yield Field(one.name, "generator", one.value, one.unit, one.move, room)


def _block(config: Config, step: float) -> Iterator[Field]:
    assert config.crowd is not None
    for name in ("kappa_crisis", "long_cap"):
        value = getattr(config.crowd, name)
        move = _times(partial(_of_block, name))
        yield Field(f"crowd.{name}", "crowd", value, PER_CENT, move, _part(value, step))


def _of_block(name: str, config: Config, change: Change) -> Config:
    changed = placed(config.crowd, (name,), change)
    return config.model_copy(update={"crowd": changed}).attach(config.attached)


def _cohorts(files: CrowdFiles, step: float) -> Iterator[Field]:
    """Books cohort by cohort; what else a cohort does, of all cohorts together."""
    cohorts = files.participants.cohorts
    for name in cohorts:
        for what in ("assets", "long"):
            yield from _of_crowd(files, ("participants", "cohorts", name, what), "cohorts", step)
    shared = dict.fromkeys(steps for one in cohorts.values() for steps in groups(one))
    for steps in shared:
        if steps[0] not in ("assets", "long", *TIED):
            yield from _of_crowd(files, ("participants", "cohorts", EVERY, *steps), "cohorts", step)


def _files(files: CrowdFiles, step: float) -> Iterator[Field]:
    for name in ("panic", "speculators"):
        for steps in groups(getattr(files.participants, name)):
            yield from _of_crowd(files, ("participants", name, *steps), "crowd", step)
    yield from _of_crowd(files, ("participants", "cost"), "crowd", step)
    for steps in groups(files.market):
        if not set(steps) & set(TIED) and steps[0] != "calendar":
            yield from _of_crowd(files, ("market", *steps), "crowd", step)
    for name in files.matched:
        if name in SHARES:
            yield from _of_crowd(files, ("matched", name), "crowd", step)
    for part in ("terms", "pricing", "hedge"):
        for steps in groups(getattr(files.snowballs, part)):
            yield from _of_crowd(files, ("snowballs", part, *steps), "notes", step)
    for what in ("notional", "level"):
        yield from _of_crowd(files, ("snowballs", "book", EVERY, what), "notes", step)


def _of_crowd(files: CrowdFiles, steps: Steps, group: str, step: float) -> Iterator[Field]:
    values = [abs(one) for one in numbers(getattr(files, str(steps[0])), steps[1:])]
    if not any(values):
        return
    size = 0.01 if steps[-1] in NARROW else step
    move = _times(lambda c, change: attached(c, "crowd", steps, change))
    name = ".".join(str(one) for one in steps if one != "participants")
    yield Field(f"crowd.{name}", group, max(values), PER_CENT, move, _part(max(values), size))
