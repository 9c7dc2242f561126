"""Which objects two contexts have in common."""
