"""Matching the crowd to an episode: config and record in, an ensemble of parameter sets out."""

from dataclasses import dataclass, replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from ...assemble.world import assemble, stationary
from ...calibrate.conditional import expected
from ...calibrate.ladder import Array
from ...config import Config
from ...config.load import read_ensemble
from ...core.calendar import beyond
from ...core.errors import InputError
from ...core.names import Names
from ...data.prices import digest
from ...market import expiry
from ...simulate.crowd.replay import Record
from ...simulate.crowd.world import Crowd, Imposed
from .config import Terms
from .document import Matched
from .episode import Episode, Files, read_episode
from .identify import identify
from .moments import Fit, Targets, answered, fit
from .ordinary import Years
from .prior import Prior, prior_of
from .search import Budget, Progress, known_best, refine, sample, search, spaced

CRASHED, DRIFTED = ("middle", "spread"), ("small", "micro")
"""Roles of the buckets whose fall on the first day, and whose way after the event, a summary tells."""
DRAWS = 512
"""Of the posterior that are written out, evenly spaced."""
CRISIS, RECOVERY = -1, -2
"""Regimes the exogenous ladder is in before the rescue, and after it."""


@dataclass(frozen=True)
class Problem:
    """Everything a match needs, as arrays."""

    crowd: Crowd
    record: Record
    targets: Targets
    episode: Episode
    terms: Terms

    @property
    def prior(self) -> Prior:
        """What is believed of the crowd's parameters."""
        return self.targets.prior

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


def problem(config: Config, files: Files, terms: Terms) -> Problem:
    """The config's crowd at its files' figures, an ensemble forgotten, let go in the episode of these terms.

    Raises InputError without a [crowd] or with a bad record.
    """
    if config.crowd is None or config.attached.crowd is None:
        raise InputError("crowd", "no [crowd] block", "one: it is what is matched")
    episode = read_episode(files, terms, config.names)
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
        record=_record(config, episode, terms),
        targets=_targets(config, episode, terms),
        episode=episode,
        terms=terms,
    )


def _record(config: Config, episode: Episode, terms: Terms) -> Record:
    fitted = config.fitted
    mean = np.array(fitted.mean)
    mean[:, 1:] -= stationary(np.array(fitted.transition)) @ mean[:, 1:]
    rescue = episode.at(terms.rescue)
    regime = np.where(np.arange(len(episode.days)) < rescue, fitted.states + CRISIS, fitted.states + RECOVERY)
    free = np.arange(len(episode.days)) >= episode.at(terms.free)
    large = config.names.bucket(config.names.played("large"))
    pinned = np.repeat(~free[:, None], len(config.names.buckets), axis=1)
    pinned[:, large] = True
    refused = terms.refused.holds(np.array(episode.days)).astype(float)
    exogenous = expected(mean, np.array(fitted.covariance), regime, np.log1p(episode.returns[:, large]))
    return Record(
        stress=jnp.asarray(free & (regime == fitted.states - 1)),
        exogenous=jnp.asarray(exogenous),
        imposed=Imposed(
            pinned=jnp.asarray(pinned),
            returns=jnp.asarray(episode.returns),
            purchases=jnp.asarray(episode.purchases),
            refused=jnp.asarray(refused),
        ),
    )


def _targets(config: Config, episode: Episode, terms: Terms) -> Targets:
    days, said = np.array(episode.days), terms.error
    names = config.names
    allowed = np.array([said.returns.get(bucket, np.inf) for bucket in names.buckets])
    error = np.full((len(days), len(names.buckets)), np.inf)
    error[days >= terms.free] = allowed * said.wider
    error[terms.event.holds(days)] = allowed
    basis = np.stack([episode.basis[name] for name in terms.contracts], axis=1)
    looked = terms.basis.holds(days)[:, None] & np.ones(len(terms.contracts), bool)
    return Targets(
        returns=jnp.asarray(episode.returns),
        error=jnp.asarray(error),
        after=jnp.asarray(days > terms.event.end),
        after_error=jnp.asarray([said.drift.get(bucket, np.inf) for bucket in names.buckets]),
        basis=jnp.asarray(basis),
        slot=jnp.asarray(_slots(config, episode, terms)),
        future=jnp.asarray([[float(own == q) for q in names.contracts] for own in terms.contracts.values()]),
        basis_error=jnp.asarray(np.where(looked, said.basis, np.inf)),
        prior=prior_of(config),
    )


def _slots(config: Config, episode: Episode, terms: Terms) -> Array:
    """One in the slot in which a contract is listed [day, contract, maturity]."""
    said = config.attached.crowd.market.calendar  # type: ignore[union-attr]
    plan = expiry.schedule(
        episode.days[0], len(episode.days), beyond(said.holidays, config.names.calendar), said.roll
    )
    months = [np.datetime64(f"20{name[-4:-2]}-{name[-2:]}", "M") for name in terms.contracts]
    return np.stack([(plan.months == month).astype(float) for month in months], axis=1)


def match(
    config: Config,
    files: Files,
    terms: Terms,
    budget: Budget,
    *,
    seed: int,
    command: str,
    tell: Progress,
    begin: Array | None = None,
    years: Years | None = None,
    keep: bool = False,
) -> tuple[Matched, Problem, Array]:
    """Search, sample, and say what the episode identifies; also the replays [member, day, bucket].

    years: ordinary ones, which the crowd is to leave alone; None matches the episode alone. keep: the first
    of `begin` [start, parameter] stays the best set, and only the sampler runs, with those years. Raises
    InputError as `problem` and `ordinary`, and for a set to be kept that is not there.
    """
    if keep and (begin is None or years is None):
        raise InputError("--keep", "without --start, or with --years 0", "a set to keep, and ordinary years")
    posed = problem(config, files, terms)
    like = np.zeros(len(posed.prior.names)) if begin is None else begin[0]
    weather = None if years is None else years.weather(config, like)
    if keep:
        assert weather is not None
        found = known_best(posed.cost, weather.cost, like, budget, seed, tell)
    else:
        found = search(posed.cost, len(posed.prior.names), budget, seed, tell, begin)
        if weather is not None:
            found = refine(posed.cost, weather.cost, found, budget, seed, tell, begin)
    drawn = sample(posed.cost, found, budget, seed, tell, None if weather is None else weather.cost)
    order = np.argsort(drawn.costs)
    draws = np.concatenate([found.points[:1], drawn.draws[order]])
    replays = posed.replays(draws)
    identified = identify(
        drawn.posterior,
        found.points[0],
        lambda z: posed.replays(z).reshape(len(z), -1),
        posed.prior.names,
    )
    matched = Matched(
        prior=posed.prior,
        draws=draws,
        costs=np.concatenate([found.costs[:1], drawn.costs[order]]),
        identified=identified,
        error=misses(posed, replays),
        window=(posed.episode.days[0], posed.episode.days[-1]),
        digests={name: digest(path) for name, path in files.paths().items()},
        command=command,
        seed=seed,
        acceptance=drawn.acceptance,
        autocorrelation=drawn.autocorrelation,
        effective=drawn.effective,
        posterior=drawn.posterior[spaced(len(drawn.posterior), DRAWS)],
        weather=None if years is None else years.judged(config, draws, tell),
    )
    return matched, posed, replays


def known(path: Path, prior: Prior) -> Array:
    """The best members of an earlier ensemble file [start, parameter], in prior units."""
    ensemble = read_ensemble(path)
    count = min(len(ensemble.members), 4)
    return np.stack([prior.coordinates(ensemble.member(number)) for number in range(count)])


def misses(posed: Problem, returns: Array) -> dict[str, Array]:
    """Summaries of returns [member, day, bucket] against the record, each [member]."""
    days, off = np.array(posed.episode.days), returns - posed.episode.returns
    terms = posed.terms
    event = terms.event.holds(days)
    before = (days >= terms.free) & (days < terms.event.start)
    after = days > terms.event.end
    crash = posed.episode.at(terms.event.start)
    drift = returns[:, after].sum(axis=1) / posed.episode.returns[after].sum(axis=0)
    names = posed.crowd.names
    off = off[..., answered(names)]
    crashed = {f"crash_{name}": returns[:, crash, names.bucket(name)] for name in shown(names, CRASHED)}
    drifted = {f"drift_{name}": drift[:, names.bucket(name)] for name in shown(names, DRIFTED)}
    return {
        "event_mae": np.abs(off[:, event]).mean(axis=(1, 2)),
        "before_mae": np.abs(off[:, before]).mean(axis=(1, 2)),
        "after_mae": np.abs(off[:, after]).mean(axis=(1, 2)),
        **crashed,
        **drifted,
    }


def shown(names: Names, roles: tuple[str, ...]) -> list[str]:
    """The buckets that play these roles, each once."""
    return list(dict.fromkeys(name for role in roles if (name := names.role(role)) is not None))
