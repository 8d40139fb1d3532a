"""The directory in the standard of its field: Human Services Data Specification 3.0, Open Referral UK profile."""
