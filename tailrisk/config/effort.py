"""What a run takes: bytes at its two peaks and seconds, from its sizes.

Measured (peak RSS, CPU seconds, nothing compiled before; two cores of a Xeon, JAX 0.10.2):
smoke.toml 0.50 GB, 10 s; feb2024.toml, 40,000 paths: 0.51 GB, 9 s; 8,192 paths of 2,420 days: 2.53 GB, 26 s;
crowd_feb2024.toml, 8,192 paths of 250 days: 1.05 GB, 33 s; funds_feb2024.toml, 8,192 paths: 1.01 GB, 53 s.
A shock of [scenarios] on 16,384 paths of 60 days adds nothing to be seen to feb2024.toml, and 0.14 GB and 8 s
to crowd_feb2024.toml, whose market without its crowd is compiled beside it.
"""

from tailrisk.core.names import VIEWS

from .schema import Config

BLOCK = 8192
"""Paths per block, the unit of work, and the most whose course is drawn."""
PROGRAM, CROWD_PROGRAM, ACCOUNTS_PROGRAM, CALM_PROGRAM = 0.48e9, 0.25e9, 0.1e9, 0.12e9
"""Bytes of interpreter, libraries and compiled programs; more with a crowd, with [accounts], and with a shock
and a crowd."""
SIMULATED_AGAIN = 4096
"""Tail paths of a product, at most, whose course is stored for its components (record/scenarios.py)."""
DRAWN = 2 * 8
"""Bytes of one return of a drawn path while quantiles are taken: float64, twice."""
FUND_DAY = 3 * 40
"""Numbers of a path-day that funds live on, and their copies."""
RATE, CROWD_RATE = 9e6, 8.7e5
"""Path-days per second of one core with ten products; of days with a crowd."""
START = 5.5
"""Seconds of imports, the world, tables and figures, and of loading what is compiled."""
COMPILE, CROWD_COMPILE, OWN_COMPILE, ACCOUNTS_COMPILE, CALM_COMPILE = 3.0, 11.0, 2.0, 4.0, 5.0
"""Seconds of tracing and compiling a market; besides, of the crowd's day, of products that are accounts on
every path, of funds that live apart, and what a shock of [scenarios] needs of the market without a crowd."""
COURSE, CROWD_COURSE, QUANTILES = 0.8e-6, 2.2e-6, 1.0e-6
"""Seconds of one core for a day of a path that is drawn, its part of quantiles included; of these and of the
tail's paths alone, where a crowd's course comes with its outcome."""
FUND = 239e-9
"""Seconds of one core for a day of a fund on a path."""
ACCOUNT = 16
"""Numbers stored of a path of a product that is an account: its lines, and what became of it."""
ORDERED = 2**24
"""Losses stored whole at most, for risks that need all of them in order (record/risks.py)."""


def program(config: Config) -> float:
    """Bytes before any path."""
    more = CROWD_PROGRAM if config.crowd else 0.0
    more += CALM_PROGRAM if config.crowd and shocked(config) else 0.0
    return PROGRAM + more + (ACCOUNTS_PROGRAM if config.accounts else 0.0)


def item(config: Config) -> int:
    """Bytes of a number on a path."""
    return 8 if config.run.precision == "float64" else 4


def simulating(config: Config, cores: int) -> int:
    """Bytes of what is in work: z and losses of a block, daily spreads and factors of a chunk."""
    days, events = config.run.days + config.burn_in, len(config.event)
    block = events * config.run.days + len(VIEWS) * 4 * len(config.products)
    chunk = days * (2 * len(config.names.factors) + 2 * events)
    lines = ACCOUNT * len(config.products) if config.as_accounts else 0
    losses = len(VIEWS) * len(config.tail.losses) * len(config.products)
    repeated = 4 * losses * config.paths_of_a_draw if config.repeats else 0
    ordered = 4 * ORDERED if len(config.tail.risks) > len(("var", "es")) else 0
    return (
        repeated
        + ordered
        + item(config) * cores * ((block + lines) * min(BLOCK, config.run.paths) + chunk * config.run.chunk)
    )


def drawing(config: Config) -> int:
    """Bytes of the paths whose course is drawn, and of the tail paths simulated again, at the larger peak."""
    paths, products = min(BLOCK, config.run.paths), len(config.products)
    drawn = (len(config.names.buckets) + 1) * item(config)
    course = item(config) * (len(config.names.buckets) + 1 + products + len(config.styles_in_use))
    again = min(config.run.paths, products * SIMULATED_AGAIN)
    again += BLOCK if again > BLOCK else 0
    peaks = (paths * len(config.names.buckets) * DRAWN, paths * course, max(again, paths) * course)
    return config.run.days * (paths * drawn + max(peaks))


def funds(config: Config) -> int:
    """Bytes of the days that [accounts] live on."""
    return 0 if config.accounts is None else item(config) * FUND_DAY * config.run.days * config.accounts.paths


def shocked(config: Config) -> int:
    """Paths on which the shocks of [scenarios] are followed, without a crowd and with it."""
    said = config.scenarios
    return min(said.paths, config.run.paths) if said is not None and said.shock else 0


def once(config: Config) -> float:
    """Seconds of starting and compiling, which cells of a sweep that differ in numbers pay once."""
    return START + compiling(config)


def compiling(config: Config) -> float:
    """Seconds of tracing and compiling, which a run whose programs are stored does not take."""
    market = COMPILE + (CROWD_COMPILE if config.crowd else 0.0)
    more = CALM_COMPILE if config.crowd and shocked(config) else 0.0
    if config.as_accounts:
        more += OWN_COMPILE
    if apart(config):
        more += ACCOUNTS_COMPILE + market  # the tape they live on is a program of the whole market too
    return market + more


def apart(config: Config) -> bool:
    """Whether funds live apart from the paths, on a tape of the first (record/accounts.py)."""
    return config.accounts is not None and (config.accounts.funds > 1 or not config.as_accounts)


def serial(config: Config) -> float:
    """Seconds of what one core does beside the paths: courses, quantiles, funds."""
    drawn = min(BLOCK, config.run.paths) * config.run.days
    seconds = drawn * (QUANTILES if config.crowd else COURSE)
    seconds += shocked(config) * config.run.days * (COURSE + (CROWD_COURSE if config.crowd else 0.0))
    if config.accounts is not None and apart(config):
        lives = config.accounts.funds * len(config.products) * config.accounts.paths
        seconds += lives * config.run.days * FUND
    return seconds


def parallel(config: Config) -> float:
    """Seconds of one core for the paths, pilots included; the warm-up is always simulated without a crowd."""
    paths = config.run.paths + (0 if config.sampling is None else config.sampling.spared) + config.repeats
    lived, before = paths * config.run.days, paths * config.burn_in
    return before / RATE + lived / (CROWD_RATE if config.crowd else RATE)
