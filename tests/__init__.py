"""Tests: one folder for each service and for what they share, named by behaviour."""
