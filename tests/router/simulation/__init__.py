"""Tests of simulating drafts."""
