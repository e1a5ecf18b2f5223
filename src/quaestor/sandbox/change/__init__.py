"""What clients change: the state that survives, laid over the generated world, and the writes that make it."""
