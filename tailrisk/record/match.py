"""Matching the crowd to an episode: config and record in, an ensemble of parameter sets out."""

from dataclasses import dataclass, replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from ..assemble import assemble, stationary
from ..calibrate.conditional import expected
from ..calibrate.ensemble import Matched
from ..calibrate.episode import Dates, Episode, Files, read_episode
from ..calibrate.identify import identify
from ..calibrate.ladder import Array
from ..calibrate.matching import Fit, Targets, fit
from ..calibrate.prices import digest
from ..calibrate.prior import NAMES, coordinates
from ..calibrate.search import Budget, Progress, sample, search
from ..config import Config
from ..config.load import read_ensemble
from ..core.errors import InputError
from ..core.names import BUCKETS, FUTURES
from ..market import expiry
from ..simulate.crowd_world import Crowd, Imposed
from ..simulate.replay import Record

DATES = Dates(first="2024-01-02", free="2024-01-29", rescue="2024-02-08", last="2024-02-23")
"""The crowd is let go after 26 January, in the crisis regime until the state bought CSI 2000."""
EVENT = ("2024-02-05", "2024-02-08")
CONTRACTS = {"IC2403": "IC", "IM2403": "IM"}
BASIS_DAYS = ("2024-01-31", "2024-02-08")
ERROR = (0.0085, 0.0085, 0.010, 0.014)
"""Of a daily return of CSI 500, 1000, 2000 and micro-caps in the event; elsewhere `WIDER` times as much."""
WIDER = 2.5
DRIFT_ERROR = (0.03, 0.05)
"""Of the sum of the returns of CSI 2000 and of micro-caps after the holiday."""
BASIS_ERROR = 0.017
RESTRICTED = ("2024-02-06", "2024-02-08")
CRISIS, RECOVERY = -1, -2
"""Regimes the exogenous ladder is in before the rescue, and after it."""


@dataclass(frozen=True)
class Problem:
    """Everything a match needs, as arrays."""

    crowd: Crowd
    record: Record
    targets: Targets
    episode: Episode

    def cost(self, z: Array) -> Array:
        """-2 log posterior [point] at coordinates [point, parameter]."""
        return np.asarray(_costs(self.crowd, self.record, self.targets, jnp.asarray(z)))

    def replays(self, z: Array) -> Array:
        """Daily returns [point, day, bucket] at points [point, parameter], a few at a time."""
        few = [np.asarray(_replays(self.crowd, self.record, self.targets, jnp.asarray(row))) for row in z]
        return np.stack(few)

    def fit(self, z: Array) -> Fit:
        """The whole replay at one point [parameter]."""
        return jax.device_get(_fit(self.crowd, self.record, self.targets, jnp.asarray(z)))


@jax.jit
def _costs(crowd: Crowd, record: Record, targets: Targets, z: jax.Array) -> jax.Array:
    return jax.vmap(lambda point: fit(crowd, record, targets, point).cost)(z)


_fit = jax.jit(fit)


def _replays(crowd: Crowd, record: Record, targets: Targets, z: jax.Array) -> jax.Array:
    return _fit(crowd, record, targets, z).replayed.returns


def problem(config: Config, files: Files, dates: Dates = DATES) -> Problem:
    """The config's crowd at its files' figures, an ensemble forgotten, let go in the episode.

    Raises InputError without a [crowd] or with a bad record.
    """
    if config.crowd is None or config.attached.crowd is None:
        raise InputError("crowd", "no [crowd] block", "one: it is what is matched")
    episode = read_episode(files, dates, tuple(CONTRACTS))
    days = len(episode.days)
    longer = config.model_copy(update={"run": config.run.model_copy(update={"days": days})})
    longer._attached = config.attached._replace(crowd=config.attached.crowd._replace(matched={}))
    crowd = assemble(longer).crowd
    assert crowd is not None
    still = replace(
        crowd,
        state=replace(crowd.state, pace=0 * crowd.state.pace, budget=crowd.state.budget + 1e6),
        basis=replace(crowd.basis, noise=0 * crowd.basis.noise),
    )
    return Problem(
        crowd=still,
        record=_record(config, episode, dates),
        targets=_targets(config, episode, dates),
        episode=episode,
    )


def _record(config: Config, episode: Episode, dates: Dates) -> Record:
    fitted = config.fitted
    mean = np.array(fitted.mean)
    mean[:, 1:] -= stationary(np.array(fitted.transition)) @ mean[:, 1:]
    rescue = episode.at(dates.rescue)
    regime = np.where(np.arange(len(episode.days)) < rescue, fitted.states + CRISIS, fitted.states + RECOVERY)
    free = np.arange(len(episode.days)) >= episode.at(dates.free)
    pinned = np.repeat(~free[:, None], len(BUCKETS), axis=1)
    pinned[:, BUCKETS.index("csi300")] = True
    refused = [float(RESTRICTED[0] <= day <= RESTRICTED[1]) for day in episode.days]
    exogenous = expected(mean, np.array(fitted.covariance), regime, np.log1p(episode.returns[:, 0]))
    return Record(
        regime=jnp.asarray(np.where(free, regime, 0), jnp.int32),
        exogenous=jnp.asarray(exogenous),
        imposed=Imposed(
            pinned=jnp.asarray(pinned),
            returns=jnp.asarray(episode.returns),
            purchases=jnp.asarray(episode.purchases),
            refused=jnp.asarray(refused),
        ),
    )


def _targets(config: Config, episode: Episode, dates: Dates) -> Targets:
    days = np.array(episode.days)
    event = (days >= EVENT[0]) & (days <= EVENT[1])
    error = np.full((len(days), len(BUCKETS)), np.inf)
    error[days >= dates.free, 1:] = np.array(ERROR) * WIDER
    error[event, 1:] = ERROR
    basis = np.stack([episode.basis[name] for name in CONTRACTS], axis=1)
    looked = (days >= BASIS_DAYS[0]) & (days <= BASIS_DAYS[1])
    return Targets(
        returns=jnp.asarray(episode.returns),
        error=jnp.asarray(error),
        after=jnp.asarray(days > EVENT[1]),
        after_error=jnp.asarray(np.array([np.inf] * 3 + list(DRIFT_ERROR))),
        basis=jnp.asarray(basis),
        slot=jnp.asarray(_slots(config, episode)),
        future=jnp.asarray([[float(own == q) for q in FUTURES] for own in CONTRACTS.values()]),
        basis_error=jnp.asarray(np.where(looked[:, None], BASIS_ERROR, np.inf) * np.ones(len(CONTRACTS))),
    )


def _slots(config: Config, episode: Episode) -> Array:
    """One in the slot in which a contract is listed [day, contract, maturity]."""
    said = config.attached.crowd.market.calendar  # type: ignore[union-attr]
    plan = expiry.schedule(episode.days[0], len(episode.days), said.holidays, said.roll)
    months = [np.datetime64(f"20{name[-4:-2]}-{name[-2:]}", "M") for name in CONTRACTS]
    return np.stack([(plan.months == month).astype(float) for month in months], axis=1)


def match(
    config: Config,
    files: Files,
    budget: Budget,
    *,
    seed: int,
    command: str,
    tell: Progress,
    begin: Array | None = None,
) -> tuple[Matched, Problem, Array]:
    """Search, sample, and say what the episode identifies; also the replays [member, day, bucket].

    Raises InputError as `problem`.
    """
    posed = problem(config, files)
    found = search(posed.cost, len(NAMES), budget, seed, tell, begin)
    drawn = sample(posed.cost, found, budget, seed, tell)
    order = np.argsort(drawn.costs)
    draws = np.concatenate([found.points[:1], drawn.draws[order]])
    replays = posed.replays(draws)
    identified = identify(drawn.draws, found.points[0], lambda z: posed.replays(z).reshape(len(z), -1))
    matched = Matched(
        draws=draws,
        costs=np.concatenate([found.costs[:1], drawn.costs[order]]),
        identified=identified,
        error=misses(posed, replays),
        window=(posed.episode.days[0], posed.episode.days[-1]),
        digests={name: digest(path) for name, path in vars(files).items()},
        command=command,
        seed=seed,
        acceptance=drawn.acceptance,
        autocorrelation=drawn.autocorrelation,
    )
    return matched, posed, replays


def known(path: Path) -> Array:
    """The best members of an earlier ensemble file [start, parameter], in prior units."""
    ensemble = read_ensemble(path)
    count = min(len(ensemble.members), 4)
    return np.stack([coordinates(ensemble.member(number)) for number in range(count)])


def misses(posed: Problem, returns: Array) -> dict[str, Array]:
    """Summaries of returns [member, day, bucket] against the record, each [member]."""
    days, off = np.array(posed.episode.days), returns - posed.episode.returns
    event = (days >= EVENT[0]) & (days <= EVENT[1])
    before = (days >= DATES.free) & (days < EVENT[0])
    after = days > EVENT[1]
    crash = posed.episode.at(EVENT[0])
    drift = returns[:, after].sum(axis=1) / posed.episode.returns[after].sum(axis=0)
    return {
        "event_mae": np.abs(off[:, event, 1:]).mean(axis=(1, 2)),
        "before_mae": np.abs(off[:, before, 1:]).mean(axis=(1, 2)),
        "after_mae": np.abs(off[:, after, 1:]).mean(axis=(1, 2)),
        "crash_csi500": returns[:, crash, 1],
        "crash_csi1000": returns[:, crash, 2],
        "drift_csi2000": drift[:, 3],
        "drift_micro": drift[:, 4],
    }
