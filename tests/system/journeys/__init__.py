"""Journeys: one referral through the whole loop, and what each party sees of it."""
