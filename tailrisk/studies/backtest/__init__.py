"""Rolling forecasts of tail losses, each from the past alone, against baselines, and how they did."""
