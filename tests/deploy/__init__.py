"""Tests of how Waymark is deployed: the native stack, the compose file, the image, the front door."""
