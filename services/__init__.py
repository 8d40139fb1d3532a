"""The three services of Waymark; each owns its data and speaks to the others only by events."""
