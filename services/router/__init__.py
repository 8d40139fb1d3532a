"""The router: owns partners, services, rules, decisions and assignments; hears referrals, tells assignments."""
