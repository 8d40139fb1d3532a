"""The notifier: owns messages, attempts and templates; hears assignments and referrals, tells notifications."""
