"""Who calls whom, and on which object."""
