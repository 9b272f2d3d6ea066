"""What is believed of the crowd of configs/crowd_feb2024.toml."""

from tailrisk.studies.match.prior import prior_of
from tests.crowds import config

PRIOR = prior_of(config())
NAMES = PRIOR.names
