"""Doors in front of the back ends: without a release, as Thanos."""
