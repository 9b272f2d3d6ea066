"""What a fund holds and what it earns."""
