"""racelint finds shared-state races and deadlocks in Python by reading the source."""
