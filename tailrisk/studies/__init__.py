"""Questions beside a run: tune, match, replay, sweep, backtest; each with its config, run and page."""
