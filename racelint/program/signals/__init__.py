"""Conditions, events and queues: who waits, who wakes, and what is lost in between."""
