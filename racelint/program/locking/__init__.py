"""Which lock is meant, what is claimed of it, where it is surely held, and what it guards."""
