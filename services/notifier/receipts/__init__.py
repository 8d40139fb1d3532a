"""Receipts coming in, by post, by call and on request, and the loops that act on them and on their absence."""
