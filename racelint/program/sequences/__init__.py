"""Which accesses belong together, so that nobody may come in between."""
