"""The notifier's database: rows in, domain objects out."""
