"""What other tasks of one event loop can come into."""
