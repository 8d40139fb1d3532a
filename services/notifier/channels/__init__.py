"""The ways out: each hands a message over, within its own time limit, or says by class why it could not."""
