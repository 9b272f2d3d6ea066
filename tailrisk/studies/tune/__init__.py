"""One product's style bounds within a budget of expected shortfall."""
