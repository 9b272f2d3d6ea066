"""How often a sigma event comes: the usual answers beside the engine's."""
