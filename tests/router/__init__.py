"""Tests of the router, one file for each thing it knows."""
