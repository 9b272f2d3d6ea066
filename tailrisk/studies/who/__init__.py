"""Who made a fall, as a set: least and largest share of each actor among crowds that keep the episode."""
