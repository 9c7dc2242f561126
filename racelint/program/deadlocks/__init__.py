"""Who waits for whom with which lock held."""
