"""Contracts and plumbing shared by the three services; no rule about referrals lives here."""
