"""One day, one path, many paths, many devices."""
