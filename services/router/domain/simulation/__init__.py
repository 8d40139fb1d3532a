"""A draft of a county's rules against referrals of the past: who would have gone elsewhere."""
