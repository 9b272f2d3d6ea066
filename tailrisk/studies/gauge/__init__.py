"""A gauge of crowding: P(rout) from what can be seen, learnt where the crowd is known, then frozen."""
