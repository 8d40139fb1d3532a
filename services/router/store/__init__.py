"""The router's database: rows in, domain objects out."""
