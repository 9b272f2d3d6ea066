"""A run: simulate a config, and its result as frames and pictures."""

import html
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from ..config.plan import fits, plan
from ..core import disk
from ..core.errors import InputError
from ..report import folder as report
from ..report.estimate import Estimate
from .config import Overrides, Source, command, load
from .folder import Folder, placed
from .parts import Mechanism, Process, plugged
from .precision import precision

PLACES = 2


class Picture(str):
    """A figure as SVG: a notebook draws it, `save` writes it."""

    __slots__ = ()

    def _repr_svg_(self) -> str:
        return str(self)

    def save(self, path: str | Path) -> Path:
        """Write it. Raises InputError for another kind of file."""
        if Path(path).suffix != ".svg":
            raise InputError(str(path), "is not named .svg", "a name that ends in .svg")
        disk.write(Path(path), str(self))
        return Path(path)


class Plots:
    """The figures of a result, by name: `result.plot.losses()`; `result.plot()` is the bars."""

    def __init__(self, draw: Callable[[str], str], known: tuple[str, ...]) -> None:
        self._draw, self._known = draw, known

    def __call__(self, name: str = "bars") -> Picture:
        return Picture(self._draw(name))

    def __getattr__(self, name: str) -> Callable[[], Picture]:
        if name.startswith("_") or name not in self._known:
            raise AttributeError(f"no figure {name!r}: there are {', '.join(self._known)}")
        return lambda: self(name)

    def __dir__(self) -> list[str]:
        return [*self._known]


class Result(Folder):
    """A run: `.tail`, `.events`, `.drift`, `.components`, `.risks`, `.funds` and `.crowd` are frames.

    Losses are fractions of starting NAV, positive; every estimate has its interval beside it. `.products`
    has a row a product, `.row(...)` one figure, `.plot` the figures, `.record` and `.config` what it came
    from.
    """

    main = "tail"

    @cached_property
    def report(self) -> report.Result:
        """The result as the page reads it, checked. Raises InputError for a damaged folder."""
        return report.Result.read(self.folder)

    @property
    def config(self) -> dict[str, Any]:
        """The config in full, as it was run."""
        return dict(self.report.config)

    @cached_property
    def products(self) -> pd.DataFrame:
        """Every product: its family, label, benchmark and books, a column a field."""
        table = self.report.section("products")
        return pd.json_normalize(list(table.values())).set_axis(list(table)).rename_axis("product")

    @property
    def headline(self) -> float:
        """The highest level that none of the figures is only indicative at."""
        return self.report.headline

    def row(
        self, product: str, *, view: str = "absolute", loss: str = "terminal", level: float | None = None
    ) -> Any:
        """One row of the tail: `value_at_risk` and `expected_shortfall`, each with value, low and high.

        level: by default the headline's. Raises InputError for a row there is not.
        """
        at = self.headline if level is None else float(level)
        try:
            return self.report.row(product, view, loss, at)
        except KeyError:
            it = self.report
            known = f"{', '.join(it.products)}; {', '.join(it.views)}; {', '.join(it.measures)}"
            allowed = f"{known}; {', '.join(f'{one:g}' for one in it.levels)}"
            raise InputError("row", f"{product}, {view}, {loss}, {at:g}", allowed) from None

    def es(self, product: str, **which: Any) -> Estimate:
        """Expected shortfall of a product with its interval; `which` as in `row`."""
        found: Estimate = self.row(product, **which).expected_shortfall
        return found

    @cached_property
    def plot(self) -> Plots:
        """Figures: `result.plot.losses()`, `result.plot.bars()`, ...; `dir(result.plot)` lists them."""
        from ..report.page import figures

        it = self.report
        known = ["bars", "losses", *(["spread"] if it.events else []), *(["crowd"] if it.crowd else [])]
        known += [*(["tail", "components"] if it.components else []), "fan", "regimes"]

        def draw(name: str) -> str:
            stored = self.folder / "figures" / f"{name}.svg"
            return stored.read_text(encoding="utf-8") if stored.exists() else figures(it)[name]

        return Plots(draw, tuple(known))

    def summary(self) -> str:
        """The text of `tailrisk show`."""
        from ..report.terminal import show

        return show(self.folder)

    def shown(self) -> pd.DataFrame:
        """VaR and ES over the horizon at the headline level, in per cent of NAV."""
        it = self.report
        measure = "terminal" if "terminal" in it.measures else it.measures[0]
        rows = []
        for product in it.products:
            for view in it.views:
                row = it.row(product, view, measure, self.headline)
                es, var = row.expected_shortfall.scaled(100), row.value_at_risk.scaled(100)
                figures = {"VaR": var.value, "ES": es.value, "low": es.low, "high": es.high}
                rows.append(
                    {"product": product, "view": view}
                    | {name: round(value, PLACES) for name, value in figures.items()}
                )
        return pd.DataFrame(rows)

    def _repr_html_(self) -> str:
        at = f"{100 * self.headline:g} %"
        note = f"Loss over the horizon, % of starting NAV, at {at}; low and high are of ES."
        return super()._repr_html_() + f"<p>{html.escape(note)}</p>"


def run(
    config: Source,
    output: str | Path | None = None,
    *,
    overrides: Overrides = (),
    process: Process | None = None,
    mechanism: Mechanism | None = None,
    force: bool = False,
    progress: bool = False,
    page: bool = True,
) -> Result:
    """Simulate a config: what `tailrisk run` does, with the same numbers.

    config: a file, a name of the library, a dict, or a loaded config; overrides: as `load` takes them.
    output: the folder that gets the folder <name>; without it the result is temporary until it is saved.
    process: a law of returns of your own in place of the config's; mechanism: forced orders of your own in
    the crowd's market (`parts`). page: write report.html and the figures too.
    Raises InputError before anything is simulated, Fault when a path is not finite.

    >>> import tailrisk as tr
    >>> result = tr.run("smoke.toml", overrides={"run.paths": 512, "run.days": 5, "tail.levels": [0.9]})
    >>> sorted(result.tail.columns)[:3]
    ['benchmark', 'drift', 'drift_high']
    >>> result.es("ie500", level=0.9).low < result.es("ie500", level=0.9).value
    True
    """
    from ..record.run import run as simulate
    from ..report.page import write

    loaded = load(config, overrides)
    fits(plan(loaded))
    with precision(x64=loaded.run.precision == "float64"):
        place, temporary = placed(output)
        folder = simulate(
            loaded,
            place,
            force=force,
            command=command("run", config, overrides),
            progress=progress,
            finish=write if page else None,
            own=plugged(loaded, process, mechanism),
        )
    return Result(folder, temporary=temporary)
