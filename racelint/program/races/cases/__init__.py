"""What is judged, and what it is judged by: the accesses of a Place, who is where beside whom, what does harm."""
