"""State of the whole process, and of one thread only."""
