"""Intake owns referrals and everything about a resident: tells `referrals`, hears `assignments` and `notifications`."""
