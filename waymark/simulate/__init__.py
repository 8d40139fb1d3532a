"""A month of the whole system in minutes, to see that every referral ends somewhere and nobody is told twice."""
