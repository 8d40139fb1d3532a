"""HTTP in: what may be read of decisions and assignments, what a partner answers, and which services pause."""
