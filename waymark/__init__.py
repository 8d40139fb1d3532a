"""The console script and the one-process composition: the only place that knows all three services."""
