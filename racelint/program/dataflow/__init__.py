"""Inside one function: where a value comes from, and what its variables hold."""
