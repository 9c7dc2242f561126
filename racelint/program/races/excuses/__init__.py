"""What is right without one lock over all of it, shape by shape."""
