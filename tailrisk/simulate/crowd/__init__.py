"""The day of a market with a crowd in it: its world, its rounds, its close; and its replay of a record."""
