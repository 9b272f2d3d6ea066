"""The calibration as a table for the terminal."""

from collections.abc import Iterator

from .calibration import Calibration
from .switching import Switching


def summary(calibration: Calibration) -> str:
    """Models side by side, then each one's regimes: share of days, mean stay, s.d. and mean per factor."""
    first, last = calibration.window
    lines = [f"{calibration.days} daily returns, {first} to {last}; {calibration.starts} starts each", ""]
    lines += [
        f"{'states':>6} {'shocks':<9} {'nu':>13} {'log-likelihood':>15} {'BIC':>12} {'size':>5} {'found':>6}"
    ]
    best = min(model.bic for model in calibration.models)
    lines += [headline(model, best) for model in calibration.models]
    for model in calibration.models:
        lines += ["", *regimes(model, calibration.names.factors)]
    return "\n".join(lines)


def answer(calibration: Calibration) -> str:
    """Which model has the least BIC, and what its calmest and its most volatile regime are like."""
    best, factor = min(calibration.models, key=lambda model: model.bic), calibration.names.factors[0]
    lead = (
        f"Of {len(calibration.models)} models of {calibration.days} daily returns the one of {best.states} "
        f"{'regime' if best.states == 1 else 'regimes'} and {best.shocks} shocks has the least BIC."
    )
    sd = 100.0 * best.standard_deviation[:, 0]
    if best.states == 1:
        return f"{lead} Its deviation of {factor} is {sd[0]:.2f} % a day."
    calm, wild = int(sd.argmin()), int(sd.argmax())
    return (
        f"{lead} Its most volatile regime has {100.0 * best.occupancy[wild]:.1f} % of days, "
        f"{best.duration[wild]:.0f} at a stretch, with a deviation of {factor} of {sd[wild]:.2f} % a day; "
        f"its calmest has {100.0 * best.occupancy[calm]:.1f} % of days, with {sd[calm]:.2f} %."
    )


def headline(model: Switching, best: float) -> str:
    """One model in one line; the least BIC is starred."""
    nu = "" if model.nu is None else f"{model.nu:.2f} ± {model.error.nu:.2f}"
    star = "*" if model.bic == best else " "
    found = f"{model.at_best}/{len(model.reached)}"
    return (
        f"{model.states:>6} {model.shocks:<9} {nu:>13} {model.log_likelihood:>15.2f} {model.bic:>11.1f}{star}"
        f" {model.parameters:>5} {found:>6}"
    )


def regimes(model: Switching, factors: tuple[str, ...]) -> Iterator[str]:
    """A line per regime: % per day."""
    yield f"{model.states} states, {model.shocks}: s.d. % per day (mean % per day)"
    yield f"{'regime':>6} {'days %':>7} {'stay':>7}  " + " ".join(f"{name:>15}" for name in factors)
    deviation = 100.0 * model.standard_deviation
    for k in range(model.states):
        cells = [f"{deviation[k, i]:.2f} ({100.0 * model.mean[k, i]:+.3f})" for i in range(len(factors))]
        yield f"{k + 1:>6} {100.0 * model.occupancy[k]:>7.1f} {model.duration[k]:>7.1f}  " + " ".join(
            f"{cell:>15}" for cell in cells
        )
