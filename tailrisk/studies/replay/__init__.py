"""Products and funds on the prices that were."""
