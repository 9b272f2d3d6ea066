"""The one place where words become arrays: configs in, parameters of the world, the crowd and funds out."""
