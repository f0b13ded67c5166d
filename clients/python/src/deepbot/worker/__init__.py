"""The loop of a worker."""
