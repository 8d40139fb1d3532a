"""Where each need of a referral goes, and why: decided from facts, a county's rules and how busy its services are."""
