"""What intake knows about a referral: its words, section A of the rules, and nothing about databases or networks."""
