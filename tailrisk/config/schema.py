"""A config: what an experiment says, in full, and the digest it is known by."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

from pydantic import Field, PrivateAttr, model_validator

from tailrisk.core.errors import InputError
from tailrisk.core.figures import leading
from tailrisk.core.names import Names
from tailrisk.core.risks import risk

from .accounts import AccountsBlock, AccountsFile
from .calibrated import Calibrated, Fitted
from .crowd import CrowdBlock
from .crowd_files import CrowdFiles
from .market import Event, Market
from .memory import Memory
from .model import Model, Name, Problem, refuse
from .products import AnyProduct, Cta
from .report import ReportBlock
from .run import Run
from .sampling import Sampling
from .scenarios import ScenariosBlock
from .tail import Tail
from .uncertainty import BLOCK, Law, Uncertainty

PATH_DAYS = 10**12
"""More than this is a slip of the keyboard; it is about a day of one core (see RATE in plan.py)."""


class Attached(NamedTuple):
    """The files a config names, located and read."""

    names: Names
    calibrated: Calibrated
    calibrated_sha256: str
    history: Path | None
    history_sha256: str | None
    market_sha256: str | None = None  # None: the library's own market, which counts as code
    crowd: CrowdFiles | None = None
    accounts: AccountsFile | None = None
    accounts_sha256: str | None = None
    holdings: Mapping[str, str] = MappingProxyType({})  # product: SHA-256 of its file
    residuals: tuple[tuple[float, ...], ...] | None = None  # [day, factor]
    residuals_sha256: str | None = None
    library: tuple[str, ...] = ()  # names of the files that came from the library
    own: tuple[str, ...] = ()  # products that the user's own files or overrides say something of
    episodes: Mapping[str, Path] = MappingProxyType({})  # as named in [scenarios]: folder of a replay
    draws: tuple[Memory, ...] = ()  # of the fit, where [uncertainty] asks for them
    draws_sha256: str | None = None
    members: tuple[dict[str, float], ...] = ()  # of the crowd's ensemble, likewise


class Config(Model):
    """One experiment; results go to results/<name>. Made by `load`, which also attaches the named files."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="letters, digits, - and _; names the results"
    )
    question: str = Field(min_length=1, max_length=300, description="one sentence, shown in the report")
    run: Run = Run()
    market: Market = Market()
    crowd: CrowdBlock | None = None
    sampling: Sampling | None = None
    accounts: AccountsBlock | None = None
    scenarios: ScenariosBlock | None = None
    report: ReportBlock = ReportBlock()
    event: Annotated[tuple[Event, ...], Field(strict=False, max_length=50)] = ()
    tail: Tail = Tail()
    uncertainty: Uncertainty | None = None
    products: dict[Name, AnyProduct] = Field(
        min_length=1, max_length=200, description="at least one [products.<name>]"
    )
    _attached: Attached | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _fits_together(self) -> "Config":
        problems = [
            *self._event_problems(),
            *self._size_problems(),
            *self._sampling_problems(),
            *self._contribution_problems(),
            *self._uncertainty_problems(),
            *self._report_problems(),
        ]
        refuse([*problems, *self._shock_problems()])
        return self

    def _report_problems(self) -> list[Problem]:
        product, level, problems = self.report.product, self.report.level, []
        if product is not None and product not in self.products:
            problems.append(Problem("report.product", repr(product), f"one of {', '.join(self.products)}"))
        if level is not None and level not in self.tail.levels:
            known = ", ".join(f"{at:g}" for at in self.tail.levels)
            problems.append(Problem("report.level", f"{level:g}", f"one of tail.levels: {known}"))
        if self.scenarios is not None and "terminal" not in self.tail.losses:
            problems.append(Problem("tail.losses", "no terminal", '"terminal", which [scenarios] is about'))
        return problems

    def _event_problems(self) -> list[Problem]:
        names = [event.name for event in self.event]
        problems = [
            Problem(f"event.{i}.name", f"{name!r} is taken by event.{names.index(name)}", "a name of its own")
            for i, name in enumerate(names)
            if names.index(name) < i
        ]
        problems += [
            Problem(f"event.{i}.days", f"{event.days} with run.days = {self.run.days}", "at most run.days")
            for i, event in enumerate(self.event)
            if event.days > self.run.days
        ]
        return problems

    def _sampling_problems(self) -> list[Problem]:
        if self.sampling is None or self.sampling.method == "plain":
            return []
        events = [event.name for event in self.event]
        losses = [f"{product}.{measure}" for product in self.products for measure in self.tail.losses]
        place, targets = "sampling.targets", self.sampling.targets or tuple(events)
        problems = [
            Problem(
                place, f"{name!r} is neither an event nor a loss", ", ".join([*events, *losses[:3], "..."])
            )
            for name in targets
            if name not in {*events, *losses}
        ]
        if self.sampling.method == "splitting" and (len(targets) != 1 or targets[0] in losses):
            allowed = "one event: a replicate is split by one score, and losses have no interval from clones"
            problems.append(Problem(place, f"{', '.join(targets) or 'nothing'} for splitting", allowed))
        if not 0 < len(targets) <= 8 or len(set(targets)) < len(targets):
            problems.append(Problem(place, f"{len(targets)} targets", "one to eight, each once"))
        if self.run.paths > 2**31:
            problems.append(Problem("run.paths", f"{self.run.paths:,}", f"at most {2**31:,} with sampling"))
        if self.market.process == "days" and self.sampling.method != "splitting":
            text = f'"{self.sampling.method}" with market.process = "days", whose law has no tilt'
            problems.append(Problem("sampling.method", text, '"splitting", "plain", or process = "memory"'))
        return problems

    def _contribution_problems(self) -> list[Problem]:
        """Contributions are of the loss over the horizon, of equally weighted paths, one beyond the level."""
        asked = [(i, one) for i, one in enumerate(map(risk, self.tail.risks)) if one.kind == "contribution"]
        problems = []
        for i, one in asked:
            place, beyond = f"tail.risks.{i}", (1 - one.numbers[0]) * self.run.paths
            if "terminal" not in self.tail.losses:
                problems.append(Problem(place, f"{one.name} without terminal losses", '"terminal" in losses'))
            if self.sampling is not None and self.sampling.method not in ("plain", "splitting"):
                problems.append(Problem(place, f"{one.name} of weighted paths", "no sampling, or splitting"))
            if beyond < 1:
                problems.append(
                    Problem(place, f"{one.name} of {self.run.paths:,} paths", "one path beyond it")
                )
        return problems

    def _shock_problems(self) -> list[Problem]:
        found = {product.nu for product in self.products.values() if isinstance(product, Cta)}
        if len(found) < 2:
            return []
        text = ", ".join("none" if nu is None else f"{nu:g}" for nu in found)
        return [Problem("products.*.nu", text, "the same for every CTA: one shock moves them all")]

    def _uncertainty_problems(self) -> list[Problem]:
        asked = self.uncertainty
        if asked is None:
            return []
        problems, needed = [], 4 * self.tail.paths_needed()
        if self.paths_of_a_draw < needed:
            allowed = f"at least {needed:,}: four losses beyond tail.levels = {max(self.tail.levels)}"
            problems.append(Problem("uncertainty.paths", f"{self.paths_of_a_draw:,}", allowed))
        if "days" in (asked.laws or ()) and self.market.residuals is None:
            allowed = "a table that `tailrisk calibrate --residuals` wrote, in market.residuals"
            problems.append(Problem("uncertainty.laws", '"days" without market.residuals', allowed))
        if asked.parameters == 1:
            problems.append(Problem("uncertainty.parameters", "1", "0, or two and more: one has no spread"))
        return problems

    def _size_problems(self) -> list[Problem]:
        problems = []
        if self.run.backend == "rows" and self.run.precision != "float32":
            text = f'"rows" with run.precision = "{self.run.precision}"'
            problems.append(Problem("run.backend", text, '"xla", or run.precision = "float32"'))
        level, needed = max(self.tail.levels), self.tail.paths_needed()
        if self.run.paths < needed:
            allowed = (
                f"at least {needed:,} for one loss beyond tail.levels = {level}; 1,000 times that is sound"
            )
            problems.append(Problem("run.paths", f"{self.run.paths}", allowed))
        if self.path_days > PATH_DAYS:
            found = f"{self.run.paths:,} paths of {self.run.days + self.burn_in:,} days, warm-up included"
            problems.append(Problem("run.paths", found, f"at most {PATH_DAYS:,} path-days"))
        return problems

    @property
    def styles_in_use(self) -> list[str]:
        """Styles that some product, or fund of a panel, is exposed to, in the order of a world's arrays."""
        exposures = (getattr(product, "style_exposure", {}) for product in self.products.values())
        own = {style for exposure in exposures for style, z in exposure.items() if z}
        return sorted(own | self._styles_of_a_panel())

    def _styles_of_a_panel(self) -> set[str]:
        """In which the funds of [accounts] differ: all of the calibrated file, where their terms say so."""
        terms = self._attached and self._attached.accounts
        if terms is None or self.accounts is None or self.accounts.funds == 1:
            return set()
        overlay = self.calibrated.styles
        differ = any(terms.terms(product).style_spread for product in self.products)
        return set(overlay.names) if overlay is not None and differ else set()

    @property
    def leading(self) -> float:
        """The level that leads: report.level, or the highest with tail paths enough, or the lowest."""
        return self.report.level or leading(self.tail.levels, self.run.paths)

    @property
    def as_accounts(self) -> bool:
        """Whether products are accounts on every path: calls, lines and fees are in VaR and ES."""
        if self.accounts is None:
            return False
        asked = self.accounts.every_path
        return self.crowd is not None if asked is None else asked

    @property
    def paths_of_a_draw(self) -> int:
        """Paths of each draw of the parameters, and of each other law."""
        asked = self.uncertainty.paths if self.uncertainty else None
        return asked or max(BLOCK, 4 * self.tail.paths_needed())

    @property
    def draws(self) -> int:
        """Draws of the parameters to run: none where nothing that was fitted has any."""
        asked, files = self.uncertainty, self.attached
        return asked.parameters if asked and (files.draws or files.members) else 0

    @property
    def repeats(self) -> int:
        """Paths beside the run's own: of every draw of the parameters, and under every other law."""
        return (self.draws + len(self.other_laws)) * self.paths_of_a_draw

    @property
    def reads_days(self) -> bool:
        """Whether the table of whole days is read: its law is simulated, or stands beside another."""
        return self.market.process == "days" or "days" in self._laws()

    @property
    def other_laws(self) -> tuple[Law, ...]:
        """The laws beside market.process under which the run is repeated, of those its files have."""
        return tuple(law for law in self._laws() if law != self.market.process and self._has(law))

    def _laws(self) -> tuple[Law, ...]:
        if self.uncertainty is None:
            return ()
        every: tuple[Law, ...] = ("memory", "regimes", "days")
        return every if self.uncertainty.laws is None else self.uncertainty.laws

    def _has(self, law: Law) -> bool:
        if law == "days":
            return self.attached.residuals is not None and self.calibrated.memory is not None
        if law == "memory":
            return self.calibrated.memory is not None
        wanted = (self.market.states, self.market.shocks)
        return any((model.states, model.shocks) == wanted for model in self.calibrated.model)

    @property
    def burn_in(self) -> int:
        """Days simulated before the first day to fill the events' trailing windows."""
        if self.market.warmup == "history":
            return 0
        return max((event.warmup_days for event in self.event), default=0)

    @property
    def path_days(self) -> int:
        """Days simulated over all paths, warm-up included."""
        return self.run.paths * (self.run.days + self.burn_in)

    @property
    def attached(self) -> Attached:
        """The files this config names. Raises InputError where the config was not made by `load`."""
        if self._attached is None:
            raise InputError("market.calibrated", "the file was never read", "a config made by `load`")
        return self._attached

    @property
    def names(self) -> Names:
        """What the market's buckets and futures are called."""
        return self.attached.names

    @property
    def calibrated(self) -> Calibrated:
        """The calibrated file."""
        return self.attached.calibrated

    @property
    def fitted(self) -> Fitted:
        """The model chosen by market.states and market.shocks."""
        return self.calibrated.choose(self.market.states, self.market.shocks)

    @property
    def history(self) -> Path | None:
        """Where the file of daily closes is, for warmup = "history"."""
        return self.attached.history

    def attach(self, attached: Attached) -> "Config":
        """The same config with its files attached."""
        copy = self.model_copy()
        copy._attached = attached
        return copy

    def resolved(self) -> dict[str, Any]:
        """Every field with its value, and digests of the named files; no absolute paths."""
        said = self.model_dump(mode="json")
        if self.run.backend == "xla":
            said["run"].pop("backend")
        market = said["market"]
        if self.attached.market_sha256 is None:
            market.pop("file")
        else:
            market |= {"file": portable(market["file"]), "file_sha256": self.attached.market_sha256}
        market["calibrated"] = portable(market["calibrated"])
        market["calibrated_sha256"] = self.attached.calibrated_sha256
        if market["history"] is not None:
            market["history"] = portable(market["history"])
            market["history_sha256"] = self.attached.history_sha256
        if market["process"] == "regimes":
            market.pop("process"), market.pop("residuals"), market.pop("block")
        elif market["residuals"] is not None:
            market["residuals"] = portable(market["residuals"])
            market["residuals_sha256"] = self.attached.residuals_sha256
        for name, product in said["products"].items():
            if name in self.attached.holdings:
                product["holdings"] = portable(product["holdings"])
                product["holdings_sha256"] = self.attached.holdings[name]
            else:
                product.pop("holdings", None)
            if product.get("universe", 0) is None:
                product.pop("universe")
            elif "universe" in product:
                product["universe"] = portable(product["universe"])
            if product.get("nu", 0) is None:
                product.pop("nu")
        if self.report == ReportBlock():
            said.pop("report")
        if self.scenarios is None:
            said.pop("scenarios")
        else:
            said["scenarios"]["episodes"] = [portable(name) for name in self.scenarios.episodes]
        if said["sampling"] is None:
            said.pop("sampling")
        if said["uncertainty"] is None:
            said.pop("uncertainty")
        else:
            asked = said["uncertainty"]
            asked["draws"] = None if asked["draws"] is None else portable(asked["draws"])
            asked["draws_sha256"] = self.attached.draws_sha256
        if said["accounts"] is None:
            said.pop("accounts")
        else:
            said["accounts"]["terms"] = portable(said["accounts"]["terms"])
            said["accounts"]["terms_sha256"] = self.attached.accounts_sha256
        if said["crowd"] is None:
            said.pop("crowd")
        elif self.attached.crowd is not None:
            crowd, digests = said["crowd"], self.attached.crowd.sha256
            crowd |= {name: portable(crowd[name]) for name in digests}
            crowd |= {f"{name}_sha256": digest for name, digest in digests.items()}
        return said

    def digest(self) -> str:
        """SHA-256 of `resolved()` as canonical JSON; named files count by their content, not their names."""
        said = self.resolved()
        said.pop("report", None)
        for name in ("file", "calibrated", "history", "residuals"):
            said["market"].pop(name, None)
        for product in said["products"].values():
            product.pop("holdings", None)
        said.get("uncertainty", {}).pop("draws", None)
        for name in self.attached.crowd.sha256 if self.attached.crowd else ():
            said["crowd"].pop(name)
        return hashlib.sha256(canonical(said).encode()).hexdigest()


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces, one text per value. Raises ValueError on a NaN or an infinity."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def portable(path: str) -> str:
    """A path fit for a record: as written when relative, the bare file name when absolute."""
    return PurePath(path).name if PurePath(path).is_absolute() else path
