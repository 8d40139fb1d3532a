"""The notifier: what is planned, what leaves, and what is told about it."""
