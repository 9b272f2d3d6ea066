"""Does this model describe these data? Statistics of history beside the bands of simulated histories."""
