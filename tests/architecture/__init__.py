"""The architecture, checked."""
