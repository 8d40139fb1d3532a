"""Tests of section A of the rules, and of the files it works with."""
