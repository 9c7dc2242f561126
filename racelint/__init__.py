"""racelint finds shared-state races and deadlocks in Python by reading the source."""

__version__ = "0.1.0"
