"""Intake's database: the only place in Waymark where a resident's data is kept."""
