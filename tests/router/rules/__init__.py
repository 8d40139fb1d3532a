"""The rules of the router, section by section."""
