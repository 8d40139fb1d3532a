"""What the services share: events out, events in, the transports between, and the loops that drive them."""
