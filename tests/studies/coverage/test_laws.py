"""Every law's stated VaR and ES against its own quantiles, integrated."""

import numpy as np
import pytest

from tailrisk.studies.coverage.laws import LAWS


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
@pytest.mark.parametrize("share", [0.05, 0.001])
def test_the_truth_is_that_of_the_quantiles(law, share):
    value_at_risk, shortfall = law.truth(share)
    assert float(law.loss(np.array(share))) == pytest.approx(value_at_risk, rel=1e-5)
    logs = np.linspace(np.log(share) - 80.0, np.log(share), 200_001)
    beyond = np.exp(logs)
    whole = np.trapezoid(law.loss(beyond) * beyond, logs)
    if law.kind == "mixture":  # its table ends at 40 calm standard deviations
        whole = np.trapezoid((law.loss(beyond) * beyond)[beyond > 1e-20], logs[beyond > 1e-20])
    assert whole / share == pytest.approx(shortfall, rel=1e-4)
